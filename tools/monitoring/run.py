"""The tests of rules, put together and run: those of the rules as they are, and those of mutants."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.settings.specs import FleetSpec
from monitoring.rules import groups
from monitoring.rules.rule import Group, Recording, Rule
from tools.monitoring import promtool
from tools.monitoring.cases import Tests, boundaries, effort, made, written
from tools.monitoring.mutants import Mutant, mutants
from tools.monitoring.promtool import write


@dataclass(frozen=True, slots=True)
class Subject:
    """An alert with all rules of its name, what they are made of, and all its tests, the quickest ones first."""

    alert: str
    rules: tuple[Rule | Recording, ...]
    tests: dict[str, Tests]


def subjects(fleet: FleetSpec) -> tuple[Subject, ...]:
    """Every alert of a fleet, each once."""
    return tuple(subject for group in groups(fleet) for subject in _of(group))


def results(found: Sequence[Subject], fleet: FleetSpec, folder: Path) -> dict[str, str]:
    """What promtool says of each test file of the rules as they are; nothing of one that passes."""
    paths = [
        write(folder, name, tests, [rule.entry(fleet) for rule in subject.rules])
        for subject in found
        for name, tests in subject.tests.items()
    ]
    return {path.stem: said for path, said in promtool.passed(paths).items()}


def survivors(
    found: Sequence[Subject], fleet: FleetSpec, folder: Path, part: slice = slice(None)
) -> tuple[tuple[Mutant, ...], tuple[Mutant, ...]]:
    """All mutants of some alerts, or a part of those, and of them the ones that no test finds."""
    every = [(subject, mutant) for subject in found for mutant in mutants(subject.rules)][part]
    alive, turn = dict(enumerate(every)), 0
    while files := _turn(alive, turn, fleet, folder):
        said = promtool.passed(list(files))
        caught = {files[path] for path, complaint in said.items() if complaint}
        alive = {number: each for number, each in alive.items() if number not in caught}
        turn += 1
    return tuple(mutant for _, mutant in every), tuple(mutant for _, mutant in alive.values())


def _turn(alive: Mapping[int, tuple[Subject, Mutant]], turn: int, fleet: FleetSpec, folder: Path) -> dict[Path, int]:
    """The next file of tests for each mutant that lives; the mutants' numbers."""
    files = {}
    for number, (subject, mutant) in alive.items():
        for name, tests in list(subject.tests.items())[turn : turn + 1]:
            entries = [rule.entry(fleet) for rule in _with(subject.rules, mutant)]
            files[write(folder, f"{number}.{name}", tests, entries)] = number
    return files


def _of(group: Group) -> Iterator[Subject]:
    found = boundaries()
    recorded = tuple(rule for rule in group.rules if isinstance(rule, Recording))
    for alert in dict.fromkeys(rule.name for rule in group.rules if isinstance(rule, Rule)):
        rules = tuple(rule for rule in group.rules if isinstance(rule, Rule) and rule.name == alert)
        edges = {f"{alert}@{number}": tests for number, tests in enumerate(made(rules, found), 1)}
        tests = {**edges, **written(alert)}
        yield Subject(
            alert,
            (*recorded, *rules),
            {name: tests[name] for name in sorted(tests, key=lambda name: effort(tests[name]))},
        )


def _with(rules: tuple[Rule | Recording, ...], mutant: Mutant) -> tuple[Rule | Recording, ...]:
    return tuple(mutant.changed if rule is mutant.rule else rule for rule in rules)
