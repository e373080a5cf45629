"""How a rollout has its checks judged: gates of the settings, measured on the hosts."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
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
from deploy.rollout.run import Cancel, Judged
from deploy.settings.specs import Hold

_GATES: Final = TypeAdapter(tuple[GateSpec, ...])


def gates_of(settings: Mapping[str, Any]) -> tuple[GateSpec, ...]:
    """The gates in the settings of a Rollout."""
    return _GATES.validate_python(settings.get("gates", ()))


def measures(fleet: Fleet, values: Properties, edges: Sequence[str]) -> HostMeasures:
    """The measures of a Rollout with these inputs."""
    asked = values.get("monitors")
    monitors = Monitors(tuple(asked["hosts"]), asked["prometheus"], asked["loki"]) if asked else Monitors()
    return HostMeasures(fleet.call, fleet.ask, values["hosts"], edges, monitors)


class Judge:
    """Has gates look at each check until they are sure, the rollout is cancelled, or their time is over."""

    def __init__(
        self, settings: Mapping[str, Any], measures: Measures, cancelled: Cancel, tell: Callable[[str], None]
    ) -> None:
        self._gates, self._hold = gates_of(settings), Hold(settings.get("hold", Hold.INCONCLUSIVE))
        self._measures, self._cancelled, self._tell = measures, cancelled, tell

    async def __call__(self, check: Check) -> Judged:
        """What the check came to, with the verdicts."""
        clock = asyncio.get_running_loop().time
        verdicts = await analyse(
            check, self._gates, self._measures, clock, self._pause, self._cancelled.is_set, self._tell
        )
        return judged(check, conclude(verdicts), self._hold, tuple(map(told, verdicts)))

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._cancelled.wait(), seconds)
        except TimeoutError:
            return
