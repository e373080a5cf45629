"""How a rollout has its checks judged: gates of the settings, measured on the hosts."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import TypeAdapter

from deploy.analysis.gates import GateSpec
from deploy.analysis.judge import told
from deploy.analysis.run import Measures, analyse, conclude
from deploy.hosts.measures import HostMeasures, Monitors
from deploy.provider.fleet import Fleet
from deploy.provider.values import Properties
from deploy.rollout.plan import Check
from deploy.rollout.policy import judged
from deploy.rollout.run import Judged, Run
from deploy.settings.specs import Hold

_GATES: Final = TypeAdapter(tuple[GateSpec, ...])


def gates_of(settings: Mapping[str, Any]) -> tuple[GateSpec, ...]:
    """The gates in the settings of a Rollout."""
    return _GATES.validate_python(settings.get("gates", ()))


def measures(fleet: Fleet, values: Properties, edges: Sequence[str]) -> HostMeasures:
    """The measures of a Rollout with these inputs."""
    return HostMeasures(fleet.call, fleet.ask, values["hosts"], edges, monitors_of(values))


def monitors_of(values: Properties) -> Monitors:
    """Where gates ask, by the inputs of a Rollout."""
    found = values.get("monitors")
    if not found:
        return Monitors()
    return Monitors(tuple(found["hosts"]), found["prometheus"], found["loki"], **found.get("access", {}))


class Judge:
    """Has gates look at each check until they are sure, the rollout is cancelled, or their time is over."""

    def __init__(self, settings: Mapping[str, Any], measures: Measures, run: Run) -> None:
        self._gates, self._hold = gates_of(settings), Hold(settings.get("hold", Hold.INCONCLUSIVE))
        self._measures, self._run = measures, run

    async def __call__(self, check: Check) -> Judged:
        """What the check came to, with the verdicts."""
        run = self._run
        verdicts = await analyse(check, self._gates, self._measures, run.now, run.pause, run.cancelled.is_set, run.tell)
        return judged(check, conclude(verdicts), self._hold, tuple(map(told, verdicts)))
