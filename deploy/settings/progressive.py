"""What canary and blue-green, and the gates that look at what is new, ask of the fleet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from deploy.analysis.gates import GateKind
from deploy.settings import words
from deploy.settings.masking import setting
from deploy.settings.placement import Place
from deploy.settings.ports import Keys, installed, keys
from deploy.settings.report import Report
from deploy.settings.scalars import filled, soft
from deploy.settings.specs import EDGE_ROLE, MONITOR_ROLE, SLOTTED, Hold, RolloutSpec, Strategy


@dataclass(frozen=True, slots=True)
class Around:
    """What the fleet has: its instances, its hosts with an edge and with a monitor, and whether there is a Loki."""

    places: Sequence[Place]
    edges: Sequence[str]
    monitors: Sequence[str]
    loki: bool

    @staticmethod
    def of(
        config: Mapping[str, object], places: Sequence[Place], edges: Sequence[str], monitors: Sequence[str]
    ) -> "Around":
        """The same, given the sections."""
        return Around(places, edges, monitors, bool(monitors) and installed(keys(config.get("monitoring")), "loki"))


def strategy_of(rollout: Keys) -> Strategy | None:
    """The strategy, or the default; None if it is wrong, which is told elsewhere."""
    given = rollout.get("strategy")
    return RolloutSpec().strategy if given is None else next((each for each in Strategy if each == given), None)


def check_progressive(config: Mapping[str, object], around: Around, report: Report) -> None:
    """The steps of a canary, and the gates."""
    rollout = keys(config.get("rollout"))
    _check_canary(rollout, around, report)
    _check_names(rollout, report)
    _check_asked(rollout, around, report)
    _check_some(rollout, report)


def _check_canary(rollout: Keys, around: Around, report: Report) -> None:
    """The steps go up, in traffic and in instances, and an edge is there to shift the traffic."""
    given = rollout.get("canary")
    if given is None:
        if strategy_of(rollout) is Strategy.CANARY and not around.edges:
            reason = f"its steps shift traffic by default, and no host has the role {EDGE_ROLE}"
            command = f"pulumi config set --path '{setting(('rollout', 'canary'))}[0].instances' 1"
            report.add(("rollout", "strategy"), Strategy.CANARY.value, reason, f"{command}, or give a host that role")
        return
    steps = _mappings(given)
    _check_weights(steps, around, report)
    _check_instances(steps, around, report)


def _mappings(given: object) -> list[Keys]:
    return [keys(each) for each in given] if isinstance(given, list | tuple) else []


def _check_weights(steps: Sequence[Keys], around: Around, report: Report) -> None:
    highest = 0.0
    for number, step in enumerate(steps):
        path = ("rollout", "canary", number, "weight")
        weight = None if step.get("weight") is None else soft(words.weight, step["weight"])
        if weight is not None and not around.edges:
            reason = f"no host has the role {EDGE_ROLE}, so nothing shifts traffic"
            report.add(path, f"{weight:g}", reason, "pulumi config rm --path '{path}'")
        elif weight is not None and weight <= highest:
            reason = f"has to be more than {highest:g}, the weight before it"
            report.add(path, f"{weight:g}", reason, _more(highest))
        highest = max(highest, weight or 0.0)


def _more(weight: float) -> str:
    """The command for a step that goes on from a weight; there is nothing after the last one."""
    return "pulumi config set --path '{path}' " + f"{(weight + 100) // 2:g}" if weight < 98 else "leave this step out"


def _check_instances(steps: Sequence[Keys], around: Around, report: Report) -> None:
    total, most = len(around.places), 1
    for number, step in enumerate(steps):
        path = ("rollout", "canary", number, "instances")
        amount = None if step.get("instances") is None else soft(words.amount, step["instances"])
        count = ceil(amount * total / 100) if isinstance(amount, float) else amount
        if count is None:
            continue
        if total and count > total:
            command = "pulumi config set --path '{path}' " + str(total)
            report.add(path, step["instances"], f"there are only {total} instances", command)
        elif total and count < most:
            reason = f"has to be at least {most}, as many as in the step before"
            report.add(path, step["instances"], reason, "pulumi config set --path '{path}' " + str(most))
        most = max(most, min(count, total))


def _check_names(rollout: Keys, report: Report) -> None:
    """No two gates have one name."""
    names = [soft(filled, gate.get("name")) for gate in _mappings(rollout.get("gates"))]
    for number, name in enumerate(names):
        if name is not None and names.index(name) != number:
            reason = f"gates[{names.index(name)}] has this name, too"
            command = f"pulumi config set --path '{{path}}' {name}-{number + 1}"
            report.add(("rollout", "gates", number, "name"), name, reason, command)


def _check_asked(rollout: Keys, around: Around, report: Report) -> None:
    """There is a Prometheus, and a Loki, for the gates that ask them."""
    for number, gate in enumerate(_mappings(rollout.get("gates"))):
        kind, path = gate.get("kind"), ("rollout", "gates", number, "kind")
        if kind == GateKind.PROMQL and not around.monitors:
            reason = f"asks Prometheus, and no host has the role {MONITOR_ROLE}"
            report.add(path, kind, reason, "give a host that role: threader docs hosts")
        if kind == GateKind.LOGQL and not around.loki:
            how = "its key is monitoring.loki.source: threader docs monitoring"
            report.add(path, kind, "asks Loki, and there is none", how)


def _check_some(rollout: Keys, report: Report) -> None:
    """Without gates, a person always decides."""
    given, held = rollout.get("gates"), rollout.get("hold") == Hold.ALWAYS
    if given in ([], ()) and strategy_of(rollout) in SLOTTED and not held:
        command = f"pulumi config set --path '{setting(('rollout', 'hold'))}' always"
        report.add(("rollout", "gates"), given, "without gates nobody decides, unless a person always does", command)
