"""A failing run made short: the fewest faults and instances with which it still fails, as a test to keep."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.simulation.run import simulate
from tests.simulation.scenario import Fault, Scenario

TRIED = 300
"""How many runs shrinking may take."""


def complaint(scenario: Scenario) -> str | None:
    """What is wrong with a run, or None."""
    try:
        simulate(scenario)
    except Exception as error:  # whatever it is, a run must not raise it
        return f"{type(error).__name__}: {error}"
    return None


def shrunk(scenario: Scenario, fails: Callable[[Scenario], object] = complaint) -> Scenario:
    """The shortest scenario found that fails, too."""
    tried, found = 0, True
    while found:
        found = False
        for smaller in _smaller(scenario):
            tried += 1
            if tried > TRIED:
                return scenario
            if fails(smaller):
                scenario, found = smaller, True
                break
    return scenario


def _smaller(scenario: Scenario) -> Iterator[Scenario]:
    """First without a fault, then with fewer instances, then with faults that are earlier or shorter."""
    faults = scenario.faults
    for place in range(len(faults)):
        yield replace(scenario, faults=faults[:place] + faults[place + 1 :])
    for name in sorted(scenario.wishes[0].releases.keys() & scenario.wishes[1].releases.keys()):
        if len(scenario.wishes[1].releases) > 1 and len(scenario.wishes[0].releases) > 1:
            yield without(scenario, name)
    for place, fault in enumerate(faults):
        for less in _less(fault):
            yield replace(scenario, faults=(*faults[:place], less, *faults[place + 1 :]))


def _less(fault: Fault) -> Iterator[Fault]:
    for step in {fault.step // 2, fault.step * 3 // 4} - {fault.step}:
        yield replace(fault, step=step)
    for seconds in {0.0, round(fault.seconds / 2, 1)} - {fault.seconds}:
        if fault.seconds > 1:
            yield replace(fault, seconds=seconds)


def without(scenario: Scenario, name: str) -> Scenario:
    """The same without an instance."""
    wishes = tuple(
        replace(
            wish,
            releases={each: release for each, release in wish.releases.items() if each != name},
            placement={each: host for each, host in wish.placement.items() if each != name},
        )
        for wish in scenario.wishes
    )
    return replace(scenario, wishes=wishes)


def as_test(seed: int, short: Scenario, names: frozenset[str], why: str) -> str:
    """A test that fails as long as the run does."""
    gone = sorted(names - {name for wish in short.wishes for name in wish.releases})
    faults = "".join(f"        {fault!r},\n" for fault in short.faults)
    body = "".join(f"    made = without(made, {name!r})\n" for name in gone)
    return (
        f"def test_seed_{seed}():\n"
        f"    # {why.splitlines()[0][:110]}\n"
        f"    made = scenario({seed})\n{body}"
        f"    simulate(replace(made, faults=(\n{faults}    )))\n"
    )
