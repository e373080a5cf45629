"""The executor's port to real hosts: each call is one call of the activation helper."""

import getpass
import secrets
import socket
from collections.abc import Mapping
from typing import Final

from deploy.faults import HostFault
from deploy.hosts.client import Connection
from deploy.manifest.running import generation_of
from deploy.provider.fleet import Fleet
from deploy.rollout.execute import Answer
from deploy.rollout.plan import Step

ASKED_AGAIN: Final = 3
"""How often a host is asked to confirm; each time that it does not answer takes some 5 s."""


class HelperPort:
    """Speaks with the helper on each host; one token names this rollout in every ledger."""

    def __init__(self, fleet: Fleet, connections: Mapping[str, Connection], confirm_within: float) -> None:
        self._fleet, self._connections, self._confirm_within = fleet, connections, confirm_within
        self._token = secrets.token_hex(8)
        self._by = f"{getpass.getuser()}@{socket.gethostname()}"

    async def begin(self, step: Step) -> Answer:
        """Switch under the host's own systemd."""
        return await self._begin(step, step.generation, self._token)

    async def confirm(self, step: Step) -> Answer:
        """Keep it; an answer that is lost is asked for again, since the host may have heard the question."""
        for _ in range(ASKED_AGAIN):
            answer = await self._call(step, "confirm", step.instance, self._token)
            if answer.state != "unreachable":
                break
        return answer

    async def undo(self, step: Step) -> Answer:
        """Go back."""
        return await self._call(step, "undo", step.instance, self._token)

    async def revert(self, step: Step) -> Answer:
        """Switch back to what ran before, as a transaction of its own: what was said of the first is not said of it."""
        before, token = generation_of(step.before), f"{self._token}-back"
        if before is None:
            return await self.stop(step)
        answer = await self._begin(step, before, token)
        return await self._call(step, "confirm", step.instance, token) if answer.state == "healthy" else answer

    async def stop(self, step: Step) -> Answer:
        """Stop it."""
        return await self._call(step, "stop", step.instance, self._by)

    async def _begin(self, step: Step, generation: str, token: str) -> Answer:
        within = f"{self._confirm_within:g}"
        return await self._call(step, "begin", step.instance, generation, token, within, self._by)

    async def _call(self, step: Step, *words: str) -> Answer:
        try:
            answer = await self._fleet.activate(self._connections[step.host], *words)
        except HostFault as fault:
            return Answer("unreachable" if fault.fault.contact else "failed", fault.reason)
        return Answer(answer["state"], answer.get("reason"))
