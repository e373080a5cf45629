"""Measures for gates on real hosts: instances, edges and monitors are asked by SSH, from their own hosts."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

from deploy.analysis.gates import GateKind, GateSpec, Measurement
from deploy.hosts.asking import Asking, Send, SilentError, by_host, described
from deploy.hosts.client import Connection
from deploy.hosts.deliveries import PAIRS, Deliveries
from deploy.hosts.own_command import own_command
from deploy.hosts.port import Call
from deploy.rollout.lease import Lease
from deploy.rollout.plan import Check, Place

CANDIDATES: Final = "{{candidates}}"
BASELINES: Final = "{{baselines}}"
"""What a query has in the place of a regular expression of instances."""


@dataclass(frozen=True)
class Monitors:
    """Where queries are asked: the first of `hosts` that answers.

    Addresses are HOST:PORT as these hosts reach them; None: there is none. They are asked by `tls`, and as `user`,
    where the monitoring wants that.
    """

    hosts: tuple[str, ...] = ()
    prometheus: str | None = None
    loki: str | None = None
    tls: bool = False
    user: str | None = None

    @property
    def scheme(self) -> str:
        """With which word addresses begin."""
        return "https" if self.tls else "http"


class HostMeasures:
    """Measures of all kinds; none raises, since what goes wrong is a measurement, too."""

    def __init__(
        self,
        call: Call,
        send: Send,
        connections: Mapping[str, Connection],
        edges: Sequence[str] = (),
        monitors: Monitors = Monitors(),
        pairs: int = PAIRS,
    ) -> None:
        self._asking = Asking(send, connections)
        self._deliveries = Deliveries(call, self._asking, connections, edges, pairs)
        self._monitors, self._rollout = monitors, ""

    def lease_taken(self, lease: Lease) -> None:
        """From here on it is known which rollout this is."""
        self._rollout = lease.rollout

    async def measure(self, gate: GateSpec, check: Check, at: float) -> Measurement:
        """One measurement."""
        try:
            return await self._measured(gate, check, at)
        except SilentError as error:
            return Measurement(at, error=str(error))
        except Exception as error:  # a gate must never be what stops a rollout half-way
            return Measurement(at, error=f"{type(error).__name__}: {error}")

    async def _measured(self, gate: GateSpec, check: Check, at: float) -> Measurement:
        match gate.kind:
            case GateKind.SMOKE:
                return await self._smoke(gate, check, at)
            case GateKind.COMPARE:
                return await self._deliveries.measure(gate, check, at)
            case GateKind.PROMQL | GateKind.LOGQL:
                return await self._query(gate, check, at)
            case GateKind.COMMAND:
                return await own_command(gate.query, self._told(check), gate.timeout, at)

    async def _smoke(self, gate: GateSpec, check: Check, at: float) -> Measurement:
        """The share of candidates that answer, and why the others do not."""

        async def on(host: str, places: Sequence[Place]) -> Mapping[Place, str | None]:
            asked = [described(place) for place in places]
            return dict(zip(places, await self._asking.ask(host, "smoke", gate.timeout, places=asked), strict=True))

        found = await asyncio.gather(*(on(host, places) for host, places in by_host(check.candidates).items()))
        whys = {place: why for each in found for place, why in each.items()}
        if not whys:
            return Measurement(at, detail="there is no candidate")
        bad = [f"{place.instance}: {why}" for place, why in whys.items() if why]
        good = len(whys) - len(bad)
        return Measurement(at, good / len(whys), detail="; ".join(bad) or f"{good} of {len(whys)} candidates answer")

    async def _query(self, gate: GateSpec, check: Check, at: float) -> Measurement:
        """One number, asked of the first monitor that answers."""
        monitors, prometheus = self._monitors, gate.kind is GateKind.PROMQL
        address = monitors.prometheus if prometheus else monitors.loki
        if not monitors.hosts or address is None:
            return Measurement(at, error=f"the fleet has no {'Prometheus' if prometheus else 'Loki'}")
        if BASELINES in gate.query and not check.baselines:
            return Measurement(at, detail="there is no baseline")
        path = "api/v1/query" if prometheus else "loki/api/v1/query"
        url = f"{monitors.scheme}://{address}/{path}?{urlencode({'query': filled(gate.query, check)})}"
        reasons = []
        for host in monitors.hosts:
            try:
                answer = await self._asking.get(host, url, gate.timeout, tls=monitors.tls, user=monitors.user)
            except SilentError as error:
                reasons.append(str(error))
                continue
            return replace(_number(answer), at=at)
        return Measurement(at, error="; ".join(reasons))

    def _told(self, check: Check) -> Mapping[str, str]:
        """What a command of the user's is told."""
        return {
            "THREADER_ROLLOUT": self._rollout,
            "THREADER_CANDIDATES": " ".join(place.instance for place in check.candidates),
            "THREADER_BASELINES": " ".join(place.instance for place in check.baselines),
            "THREADER_PHASE": str(check.phase),
        }


def filled(query: str, check: Check) -> str:
    """A query with instances in the place of its words; their names have nothing that regular expressions know."""
    for word, places in ((CANDIDATES, check.candidates), (BASELINES, check.baselines)):
        query = query.replace(word, "|".join(place.instance for place in places))
    return query


def _number(answer: Mapping[str, Any]) -> Measurement:
    """The one number of an answer; what is none is no data, and of several nobody knows which is meant."""
    if "why" in answer:
        return Measurement(0, error=answer["why"])
    data = answer["found"]["data"]
    if data["resultType"] == "scalar":
        values = [data["result"]]
    elif data["resultType"] == "vector":
        values = [each["value"] for each in data["result"]]
    else:
        return Measurement(0, error=f"it gives a {data['resultType']}, and no number: aggregate it")
    if not values:
        return Measurement(0, detail="the query finds nothing")
    if len(values) > 1:
        return Measurement(0, error=f"it gives {len(values)} series, and not one number: aggregate them")
    value = float(values[0][1])
    return Measurement(0, value) if math.isfinite(value) else Measurement(0, detail=f"the query gives {value}")
