"""What gates measure in a simulated world: where it is said to be well, how the candidates are; else what is said."""

import asyncio
from typing import Any

from deploy.analysis.gates import GateSpec, Measurement
from deploy.rollout.lease import Lease
from deploy.rollout.plan import Check, Phase, Place

LATE = 12.0
"""Seconds for which there is no data, where it comes late."""
GOOD, EITHER, BAD = 0.0, 0.7, 1.0
"""A share of errors with which a gate passes, says nothing, and fails."""
Proof = tuple[Phase, Place]


class Measures:
    """The measures of one rollout. `world` says what there is to find."""

    def __init__(self, world: Any) -> None:
        self._world = world
        self._good: dict[Check, int] = {}
        self._asked: dict[Check, int] = {}

    def lease_taken(self, lease: Lease) -> None:
        """Nothing hangs on it here."""

    async def measure(self, gate: GateSpec, check: Check, at: float) -> Measurement:
        """One measurement, which takes its time."""
        if check not in self._asked:
            self._asked[check] = self._world.checks[check.phase, check.candidates] + 1
            self._world.checks[check.phase, check.candidates] += 1
        await asyncio.sleep(self._world.agenda.random.uniform(0.05, 1.5))
        found = self._found(check, at)
        self._good[check] = self._good.get(check, 0) + (found.value == GOOD)
        if self._good[check] >= gate.count:
            self._world.proven |= {(check.phase, place) for place in check.candidates}
        return found

    def _found(self, check: Check, at: float) -> Measurement:
        said = self._world.judged(check)
        if said == "error" or any(not self._world.links[place.host].open for place in check.candidates):
            return Measurement(at, error="no answer")
        if said == "none" or (said == "late" and at < LATE) or (said == "second" and self._asked[check] == 1):
            return Measurement(at)
        if said == "fail" or not all(self._world.answers(place.server) for place in check.candidates):
            return Measurement(at, BAD)
        return Measurement(at, EITHER if said == "unsure" else GOOD)
