"""Deliveries of candidates and baselines since the last look: signed synthetic alerts, and traffic at the edges."""

import asyncio
import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from deploy.analysis.gates import Counts, GateSpec, Measurement
from deploy.faults import HostFault
from deploy.hosts.asking import Asking, SilentError, by_host, described
from deploy.hosts.client import Connection
from deploy.hosts.port import Call
from deploy.manifest.paths import EDGE_HELPER
from deploy.rollout.plan import Check, Phase, Place

PAIRS: Final = 4
"""Pairs of alerts, one to a candidate and one to a baseline, in a measurement; each candidate gets at least one."""
NONE: Final = Counts()


class Deliveries:
    """Remembers what was counted and sent before.

    The alerts of one measurement fire, and those of the next resolve them: so parsing, grouping, store and Slack have
    all to work. All of a measurement are sent at once, so that how many there are does not depend on how they end.
    """

    def __init__(
        self,
        call: Call,
        asking: Asking,
        connections: Mapping[str, Connection],
        edges: Sequence[str],
        pairs: int = PAIRS,
    ) -> None:
        self._call, self._asking, self._connections = call, asking, connections
        self._edges, self._pairs = tuple(edges), pairs
        self._sent: dict[tuple[str, Check], int] = {}
        self._opened: dict[tuple[str, Check], tuple[str, str]] = {}
        self._seen: dict[tuple[str, Check, str], Mapping[str, Sequence[int]]] = {}

    async def measure(self, gate: GateSpec, check: Check, at: float) -> Measurement:
        """One block of counts; where nothing could be compared, why."""
        try:
            (synthetic, why), traffic = await asyncio.gather(self._synthetic(gate, check), self._traffic(gate, check))
        except SilentError as error:
            return Measurement(at, error=str(error))
        nothing = synthetic is None and traffic in (None, NONE)
        detail = f"no traffic on both sides, and no synthetic alerts: {why}" if nothing else why
        return Measurement(at, counts=synthetic, traffic=traffic, detail=detail)

    async def _synthetic(self, gate: GateSpec, check: Check) -> tuple[Counts | None, str]:
        """What became of the alerts that were sent, and why the first failed, or why none were counted.

        A place that takes none lets none count: else what it hides would pass with the others.
        """
        if not check.baselines:
            return None, "there is no baseline"
        alerts = self._alerts(gate, check)
        places = (*check.candidates, *check.baselines)
        sending = (self._send(host, here, gate, alerts) for host, here in by_host(places).items())
        found = await asyncio.gather(*sending)
        answers = {place: answer for each in found for place, answer in each.items()}
        unfit = [f"{place.instance}: {answer}" for place, answer in answers.items() if isinstance(answer, str)]
        if unfit:
            return None, unfit[0]
        whys = [f"{place.instance}: {answers[place][2]}" for place in places if answers[place][2]]
        candidate, baseline = _sums(answers, check.candidates), _sums(answers, check.baselines)
        return Counts(*candidate, *baseline), whys[0] if whys else ""

    def _alerts(self, gate: GateSpec, check: Check) -> dict[str, Any]:
        key, count = (gate.name, check), -(-self._pairs // max(1, len(check.candidates)))
        number = self._sent.get(key, 0)
        self._sent[key] = number + 1
        if number % 2 == 0:
            self._opened[key] = secrets.token_hex(8), datetime.now(UTC).isoformat(timespec="seconds")
        name, started = self._opened[key]
        status = "resolved" if number % 2 else "firing"
        return {"name": name, "count": count, "status": status, "started": started}

    async def _send(
        self, host: str, places: Sequence[Place], gate: GateSpec, alerts: Mapping[str, Any]
    ) -> Mapping[Place, Any]:
        found = await self._asking.ask(
            host, "send", gate.timeout, places=[described(place) for place in places], alerts=alerts
        )
        return dict(zip(places, found, strict=True))

    async def _traffic(self, gate: GateSpec, check: Check) -> Counts | None:
        """What the edges sent since the last look; it counts where both sides had some. What is idle gets nothing."""
        if check.phase is Phase.IDLE or not self._edges:
            return None
        found = await asyncio.gather(*(self._new(gate, check, edge) for edge in self._edges))
        candidate, baseline = (
            _total(found, [place.server for place in places]) for places in (check.candidates, check.baselines)
        )
        return Counts(*candidate, *baseline) if candidate[0] and baseline[0] else NONE

    async def _new(self, gate: GateSpec, check: Check, edge: str) -> Mapping[str, Sequence[int]]:
        """Requests and failed ones of each server of one edge since the last look at it; nothing at the first."""
        try:
            lines = await self._call(self._connections[edge], (EDGE_HELPER, "counts"))
            counts: Mapping[str, Sequence[int]] = json.loads(lines[-1]).get("counts") or {}
        except (HostFault, ValueError, LookupError):
            return {}  # an edge that says nothing has no data; whether it serves is for others to say
        before = self._seen.get((gate.name, check, edge))
        self._seen[gate.name, check, edge] = counts
        return {} if before is None else {server: _since(now, before.get(server)) for server, now in counts.items()}


def _since(now: Sequence[int], before: Sequence[int] | None) -> Sequence[int]:
    """What came to the counts; a HAProxy that began anew counts from 0."""
    if before is None or any(new < old for new, old in zip(now, before, strict=True)):
        return now
    return [new - old for new, old in zip(now, before, strict=True)]


def _total(found: Sequence[Mapping[str, Sequence[int]]], servers: Sequence[str]) -> tuple[int, int]:
    counts = [each.get(server, (0, 0)) for each in found for server in servers]
    return sum(count for count, _ in counts), sum(failed for _, failed in counts)


def _sums(answers: Mapping[Place, Any], places: Sequence[Place]) -> tuple[int, int]:
    return sum(answers[place][0] for place in places), sum(answers[place][1] for place in places)
