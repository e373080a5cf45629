"""One rollout as a tree: how it stands, its plan with what gates said, and every instance. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from deploy.analysis.judge import read
from deploy.cli import times
from deploy.cli.account import Account, Stand
from deploy.cli.rollout_instances import Running, instances
from deploy.cli.rollout_why import STYLES, Line
from deploy.cli.scene import Scene
from deploy.rollout.plan import Shift, Stage
from deploy.rollout.story import Decision, Story


class Mark(Enum):
    """Where a stage is: its sign on a terminal, the word for it elsewhere, and the colour."""

    DONE = ("✔", "done", "green")
    NOW = ("▶", "now", "bold")
    HELD = ("‖", "held", "yellow")
    BAD = ("✖", "ended", "red")
    LATER = ("·", "-", "dim")


@dataclass(frozen=True)
class Art:
    """How a tree is drawn: with signs, or in plain ASCII where it goes to a file or a program."""

    signs: bool

    def mark(self, mark: Mark) -> str:
        """The sign of a stage, or its word."""
        return mark.value[0] if self.signs else f"{mark.value[1]:<5}"

    def branch(self, last: bool) -> str:
        """Before a leaf."""
        return ("└ " if last else "├ ") if self.signs else "- "

    @property
    def indent(self) -> str:
        """Before what belongs to a stage."""
        return " " * (2 if self.signs else 6)


UNSETTLED: Final = (Stand.RUNNING, Stand.HELD, Stand.INTERRUPTED, Stand.DEGRADED)
"""While a rollout stands so, edges may have the weights of its last shift; once it is over they have not."""
_HERE: Final = {Stand.RUNNING: Mark.NOW, Stand.HELD: Mark.HELD, Stand.OVER: Mark.HELD, Stand.DONE: Mark.DONE}


def tree(account: Account, found: Scene, at: datetime, art: Art) -> list[Line]:
    """All of it."""
    stages = list(_stages(account, account.story, art)) if account.story else []
    running = instances(account, found)
    return [
        *_head(account, at),
        *([Line(""), *stages] if stages else []),
        *([Line(""), *_instances(running, art)] if running else []),
        *(Line(f"not asked: {fault}", "red") for fault in found.unknown),
    ]


def _head(account: Account, at: datetime) -> Iterator[Line]:
    story, rollout = account.story, account.rollout
    bad = account.stand in (Stand.BACK, Stand.DEGRADED, Stand.SUPERSEDED, Stand.INTERRUPTED)
    style = "red" if bad else "yellow" if account.stand is Stand.HELD else "green"
    yield Line(f"{account.id} {account.strategy}: {account.where}", f"bold {style}")
    by, purpose = (story.by, story.purpose) if story else (rollout.by, rollout.purpose) if rollout else ("?", "?")
    began = story.began if story else rollout.at if rollout else None
    facts = {
        "what": f"{purpose} of {', '.join(rollout.versions) or 'nothing'}" if rollout else purpose,
        "by": by,
        "began": f"{times.shown(began)} UTC, {times.ago(began or '', at)}",
        "since": f"{times.shown(story.updated)} UTC, {times.ago(story.updated, at)}" if story else "",
        "because": account.reason or "",
        "decided": _decided(story.decision) if story and story.decision else "",
        "next": account.after or "",
    }
    yield from (Line(f"  {name:<9}{text}") for name, text in facts.items() if text)


def _decided(decision: Decision) -> str:
    why = f" ({decision.why})" if decision.why else ""
    text = f"{decision.verb} of {decision.rollout} by {decision.by} at {times.shown(decision.at)} UTC{why}"
    return f"{text}; shown was: {decision.shown}" if decision.shown else text


def mark(account: Account, number: int) -> Mark:
    """The mark of the stage with that number, from 0."""
    story = account.story
    if story is None or account.stand is Stand.DONE or number < story.at:
        return Mark.DONE
    return Mark.LATER if number > story.at else _HERE.get(account.stand, Mark.BAD)


def _stages(account: Account, story: Story, art: Art) -> Iterator[Line]:
    shift = shifted(story)
    for number, stage in enumerate(story.plan.stages):
        head, *rest = (line.partition("; undone: ")[0] for line in stage.lines(number + 1))
        each = mark(account, number)
        yield Line(f"{art.mark(each)} {head}", each.value[2])
        leaves = [Line(line.strip()) for line in rest]
        leaves += _weights(stage) if number == shift and account.stand in UNSETTLED else []
        leaves += _gates(story, number)
        for at, leaf in enumerate(leaves, start=1):
            yield Line(f"{art.indent}{art.branch(at == len(leaves))}{leaf.text}", leaf.style)


def shifted(story: Story) -> int | None:
    """The number of the shift whose weights the edges have: the one it is at, or the last one before."""
    past = list(enumerate(story.plan.stages[: story.at + 1]))
    return next((number for number, stage in reversed(past) if isinstance(stage, Shift)), None)


def _weights(stage: Stage) -> list[Line]:
    weights = stage.weights if isinstance(stage, Shift) else {}
    width, total = max(map(len, weights), default=0), sum(weights.values()) or 1
    shares = {server: f"weight {weight:<3}  {100 * weight / total:.0f} %" for server, weight in weights.items()}
    return [Line(f"{server:<{width}}  {share}") for server, share in shares.items()]


def _gates(story: Story, number: int) -> list[Line]:
    """What gates said at a stage, each time that they looked."""
    looks = [seen for seen in story.seen if seen.at == number]
    verdicts = [verdict for seen in looks for record in seen.verdicts if (verdict := read(record))]
    width = max((len(verdict.gate.name) for verdict in verdicts), default=0)
    return [
        Line(f"{verdict.gate.name:<{width}}  {verdict.outcome}: {verdict.reason}", STYLES[verdict.outcome])
        for verdict in verdicts
    ]


def _instances(running: Sequence[Running], art: Art) -> Iterator[Line]:
    names = [("  " if each.slot else "") + each.name for each in running]
    columns = [
        [names[at], each.place, each.generation, each.side, each.traffic, each.health]
        for at, each in enumerate(running)
    ]
    widths = [max(len(row[at]) for row in columns) for at in range(len(columns[0]))]
    yield Line("instances", "bold")
    for at, (each, row) in enumerate(zip(running, columns, strict=True), start=1):
        cells = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield Line(f"{art.branch(at == len(running))}{cells}".rstrip(), "" if each.well else "red")


def record(account: Account, found: Scene) -> Mapping[str, object]:
    """The same for programs."""
    story = account.story
    stages = story.plan.stages if story else ()
    return {
        "stages": [
            {"number": number + 1, "title": " ".join(stage.lines(number + 1)), "mark": mark(account, number).value[1]}
            for number, stage in enumerate(stages)
        ],
        "weights": dict(_weights_now(story)) if story else {},
        "instances": [each.as_record() for each in instances(account, found)],
    }


def _weights_now(story: Story) -> Mapping[str, int]:
    at = shifted(story)
    stage = story.plan.stages[at] if at is not None else None
    return stage.weights if isinstance(stage, Shift) else {}
