"""The executor's port to real hosts: each call is one call of the activation helper, or of the edge's."""

import asyncio
import getpass
import json
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from deploy.faults import HostFault
from deploy.hosts.client import Connection
from deploy.manifest.paths import EDGE_HELPER, HELPER, SLOT
from deploy.manifest.running import generation_of
from deploy.rollout.lease import SECONDS, Lease, holder
from deploy.rollout.ledger import REJECT
from deploy.rollout.plan import Kind, Step
from deploy.rollout.port import DRAINED, GRANTED, READY, SHIFTED, SUPERSEDED, UNREACHABLE, Answer

ASKED_AGAIN: Final = 3
"""How often what must be heard is asked; each time that a host does not answer takes some 5 s."""
STOPPING: Final = 60.0
"""Seconds for a stop, and some: the unit's TimeoutStopSec is 40."""
HELD_OUT: Final = 86400.0
"""Seconds for which a place that was left gets nothing: any rollout is over by then, and has retired it."""
STOP: Final = "-"


class Call(Protocol):
    """Runs words as root on the host of a connection and gives the lines that they print; raises HostFault."""

    async def __call__(self, connection: Connection, words: Sequence[str], stdin: str = "") -> list[str]:
        """With a text on standard input, if there is one."""


@dataclass(frozen=True)
class Times:
    """In seconds: to confirm a switch, for requests in flight, and for an instance to become healthy."""

    confirm_within: float = 60.0
    drain: float = 10.0
    deadline: float = 30.0

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Times":
        """Those in the settings of a Rollout, or in those that hosts noted, which may be older."""
        given = (settings.get(name, getattr(cls, name)) for name in ("confirm_within", "drain", "deadline"))
        return cls(*map(float, given))

    @property
    def away(self) -> float:
        """When an edge sends to an instance again without being told: no switch takes longer."""
        return self.drain + STOPPING + 2 * self.deadline + self.confirm_within


def author() -> str:
    """Who is said to have done what this process does."""
    return f"{getpass.getuser()}@{socket.gethostname()}"


class HelperPort:
    """Speaks with the helpers on the hosts; what it writes is written under its lease."""

    def __init__(
        self, call: Call, connections: Mapping[str, Connection], edges: Sequence[str], times: Times, purpose: str
    ) -> None:
        self._call_host, self._connections, self._edges = call, connections, tuple(edges)
        self._times, self._purpose, self._token = times, purpose, ""

    def lease_taken(self, lease: Lease) -> None:
        """From here on every write is done under this lease."""
        self._token = lease.token

    async def hold(self, step: Step) -> Answer:
        """One call, where there are edges; hosts refuse for themselves who may not write any more."""
        return await self.lease(step.host, self._token, self._purpose) if self._edges else Answer(GRANTED)

    async def drain(self, step: Step, *, back: bool = False) -> Answer:
        """Every edge at once; on the way back the old place is kept out no longer than a switch takes."""
        server, other = (step.server, step.server_before) if back else (step.server_before, None)
        away, wait = f"{self._times.away:g}", f"{self._times.drain:g}"
        again = self._at_edges("drain", other if other != server else None, away, "0")
        drained, _ = await asyncio.gather(self._at_edges("drain", server, away, wait), again)
        return drained

    async def reach(self, step: Step) -> Answer:
        """At every edge the new place beside the old one, which stays drained for a while."""
        return await self._admitted(step.server if step.server != step.server_before else None)

    async def admit(self, step: Step, *, back: bool, sure: bool = True) -> Answer:
        """At every edge the place that the instance is at; the other one, if it has another, is kept out."""
        now, other = (step.server_before, step.server) if back else (step.server, step.server_before)
        if other and other != now:
            verb = "admit" if not sure else "retire" if back else "drain"
            await self._at_edges(verb, other, *((f"{HELD_OUT:g}", "0") if verb == "drain" else ()))
        return await self._admitted(now)

    async def retire(self, step: Step) -> Answer:
        """At every edge the place that was left, if it is another."""
        left = step.server_before
        return await self._at_edges("retire", left if left != step.server else None)

    async def begin(self, step: Step) -> Answer:
        """Switch under the host's own systemd; a stop is a switch to nothing.

        A second slot is made first, and does not stay where it does not get well.
        """
        if step.kind is Kind.DROP:
            return await self._dropped(step, "healthy")
        if step.kind is Kind.KEEP:
            return await self._kept(step)
        return await self._begin(step, STOP if step.kind is Kind.STOP else step.generation, self._purpose)

    async def confirm(self, step: Step) -> Answer:
        """Keep it; an answer that is lost is asked for again, since the host may have heard the question."""
        if step.kind is Kind.DROP:
            return Answer("confirmed")
        for _ in range(ASKED_AGAIN):
            answer = await self._ask(step.host, "confirm", step.instance, self._token)
            if answer.state != UNREACHABLE:
                break
        return answer

    async def undo(self, step: Step) -> Answer:
        """Go back; without a lease nothing has begun. A second slot goes, too, unless another controller has it."""
        if not self._token or step.kind is Kind.DROP:
            return Answer("lost")
        if step.kind is Kind.KEEP:
            dropped = await self._dropped(step, "reverted")
            if dropped.state != SUPERSEDED:
                return dropped
        return await self._ask(step.host, "undo", step.instance, self._token)

    async def revert(self, step: Step, *, reject: bool) -> Answer:
        """Switch back to what ran before, as a transaction of its own; a second slot is dropped, and one stays so."""
        if step.kind is Kind.DROP:
            return Answer("confirmed")
        if step.kind is Kind.KEEP:
            return await self._dropped(step, "confirmed")
        answer = await self._begin(step, generation_of(step.before) or STOP, REJECT if reject else "undo")
        return await self.confirm(step) if answer.state == "healthy" else answer

    async def shift(self, weights: Mapping[str, int], *, back: bool = False) -> Answer:
        """Every edge at once; each does all of it or nothing. On the way back nothing holds it up."""
        words = ("shift", json.dumps(weights, separators=(",", ":")), *["back"] * back)
        found = await asyncio.gather(*(self._json(edge, EDGE_HELPER, *words) for edge in self._edges))
        reasons = [
            f"edge on {edge} did not shift: {answer.get('reason')}"
            for edge, answer in zip(self._edges, found, strict=True)
            if answer["state"] != SHIFTED
        ]
        return Answer(UNREACHABLE, "; ".join(reasons)) if reasons else Answer(SHIFTED)

    async def warm(self, step: Step, seconds: float) -> Answer:
        """One call; what is not to stay at all goes at once."""
        if seconds <= 0:
            return await self._dropped(step, "warm")
        return await self._ask(step.host, "warm", step.instance, f"{seconds:g}", self._token)

    async def asked(self, host: str) -> str | None:
        """What is left on that host for this rollout, where it is to stop."""
        request = (await self._json(host, HELPER, "ask", self._token)).get("request") or {}
        if request.get("verb") != "abort":
            return None
        return f"{request.get('by') or 'somebody'} asked for an abort at {request.get('at')}"

    async def survey(self, instances: Mapping[str, str]) -> Mapping[str, str | None]:
        """One call for each host."""
        names: dict[str, list[str]] = {}
        for name, host in instances.items():
            names.setdefault(host, []).append(name)
        found = await asyncio.gather(*(self._surveyed(host, here) for host, here in names.items()))
        return {name: why for each in found for name, why in each.items()}

    async def lease(self, host: str, token: str, purpose: str) -> Answer:
        """Take or renew it on one host."""
        found = await self._json(host, HELPER, "lease", token, f"{SECONDS:g}", author(), purpose)
        reason = holder(found["lease"]) if found.get("lease") else found.get("reason")
        return Answer(found["state"], reason, int(found.get("counter") or 0))

    async def release(self, host: str, token: str) -> None:
        """Give it back."""
        await self._ask(host, "release", token)

    async def note(self, host: str, record: Mapping[str, Any]) -> Answer:
        """Append to the host's list of rollouts."""
        return await self._ask(host, "note", json.dumps(record, separators=(",", ":")))

    async def story(self, host: str, record: Mapping[str, Any]) -> Answer:
        """Goes by standard input: it may be long."""
        return await self._ask(host, "story", self._token, stdin=json.dumps(record, separators=(",", ":")))

    async def _kept(self, step: Step) -> Answer:
        instance = step.instance.removesuffix(SLOT)
        kept = await self._json(step.host, HELPER, "keep", instance, str(step.port), self._token)
        if kept["state"] != "kept":
            return Answer(kept["state"], kept.get("reason"), int(kept.get("counter") or 0))
        if kept["generation"] != step.generation:
            await self._dropped(step, "failed")
            return Answer("failed", f"{instance} runs {kept['generation']} by now, and no longer {step.generation}")
        answer = await self._begin(step, step.generation, self._purpose)
        if answer.state in ("failed", "reverted"):
            await self._dropped(step, answer.state)
        return answer

    async def _dropped(self, step: Step, state: str) -> Answer:
        answer = await self._ask(step.host, "drop", step.instance, self._token)
        return Answer(state) if answer.state == "dropped" else answer

    async def _begin(self, step: Step, generation: str, purpose: str) -> Answer:
        within = f"{self._times.confirm_within:g}"
        return await self._ask(step.host, "begin", step.instance, generation, self._token, within, author(), purpose)

    async def _admitted(self, server: str | None) -> Answer:
        answer = await self._at_edges("admit", server)
        return answer if answer.state == UNREACHABLE else Answer(READY)

    async def _at_edges(self, verb: str, server: str | None, *words: str) -> Answer:
        if server is None:
            return Answer(DRAINED)
        found = await asyncio.gather(*(self._json(edge, EDGE_HELPER, verb, server, *words) for edge in self._edges))
        reasons = [
            f"edge on {edge} could not {verb} {server}: {answer.get('reason')}"
            for edge, answer in zip(self._edges, found, strict=True)
            if answer["state"] in (UNREACHABLE, "failed") or (verb == "admit" and answer["state"] == "unknown")
        ]
        return Answer(UNREACHABLE, "; ".join(reasons)) if reasons else Answer(DRAINED)

    async def _surveyed(self, host: str, names: list[str]) -> Mapping[str, str | None]:
        found = await self._json(host, HELPER, "survey", *names)
        if found.get("state") in (UNREACHABLE, "failed"):
            return dict.fromkeys(names, f"host {host}: {found['reason']}")
        return {name: found.get(name) for name in names}

    async def _ask(self, host: str, *words: str, stdin: str = "") -> Answer:
        found = await self._json(host, HELPER, *words, stdin=stdin)
        return Answer(found["state"], found.get("reason"), int(found.get("counter") or 0))

    async def _json(self, host: str, *words: str, stdin: str = "") -> dict[str, Any]:
        more = {"stdin": stdin} if stdin else {}
        try:
            found: dict[str, Any] = json.loads((await self._call_host(self._connections[host], words, **more))[-1])
        except HostFault as fault:
            return {"state": UNREACHABLE if fault.fault.contact else "failed", "reason": fault.reason}
        return found
