"""The second slots on a host: deploy/hosts/helper/slot.py, without files and systemd."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from deploy.manifest.paths import SLOT
from tests.simulation.model.home import Home
from tests.simulation.model.records import Answer

AGAIN = 10.0
"""Seconds between two looks whether a rollout is under way."""
LOCKED = 0.05
"""Seconds between two tries to get the lock of a slot."""
Reply = Callable[[Answer], None]


class Slots:
    """Makes, warms and drops them. `machine` is the host."""

    def __init__(self, machine: Any) -> None:
        self._machine = machine
        self._timers = 0

    def keep(self, name: str, port: int, token: str) -> Answer:
        """Lay what an instance runs ready in its slot."""
        refusal = self._machine.refusal(token)
        if refusal:
            return refusal
        slot = self._machine.home(f"{name}{SLOT}")
        wrong = self._unkept(name, slot, token)
        if wrong:
            return {"state": "failed", "reason": wrong}
        home = self._machine.home(name)
        copied = {home.current: replace(home.releases[home.current], port=port)}
        slot.warm = 0
        slot.releases = {**({slot.current: slot.releases[slot.current]} if slot.current else {}), **copied}
        return {"state": "kept", "generation": home.current}

    def _unkept(self, name: str, slot: Home, token: str) -> str | None:
        home = self._machine.homes.get(name)
        if name.endswith(SLOT) or home is None or home.current is None:
            return "nothing is activated"
        if home.pending:
            return f"what {name} runs is not confirmed yet"
        if slot.at_work:
            return "another activation of its slot is under way"
        if slot.never == token:
            return "the controller dropped it before"
        return str(self._machine.full) if self._machine.full else None

    def drop(self, name: str, token: str, reply: Reply) -> None:
        """Stop one and remove it, whatever is under way in it."""
        if not name.endswith(SLOT):
            return reply({"state": "failed", "reason": f"{name} is no slot"})
        refusal = self._machine.refusal(token)
        if refusal:
            return reply(refusal)
        slot = self._machine.home(name)
        slot.never = token
        seconds = self._machine.draw(0.0, 1.5) if slot.service else 0.0
        slot.vanish()
        return self._machine.agenda.after(seconds, reply, {"state": "dropped"})

    def warm(self, name: str, seconds: float, token: str, reply: Reply) -> None:
        """Let one run on for a while."""
        slot = self._machine.homes.get(name)
        if not name.endswith(SLOT) or slot is None or slot.current is None:
            return reply({"state": "failed", "reason": "nothing is activated"})
        if slot.at_work:
            return self._machine.agenda.after(LOCKED, self._locked, self._machine.boots, name, seconds, token, reply)
        refusal = self._machine.refusal(token)
        if refusal:
            return reply(refusal)
        slot.warm = 0
        if self._machine.full:
            return reply({"state": "failed", "reason": self._machine.full})
        self._timers += 1
        slot.warm = self._timers
        self._machine.agenda.after(seconds, self._expire, name, self._timers)
        return reply({"state": "warm"})

    def _locked(self, boots: int, *words: Any) -> None:
        if boots == self._machine.boots:
            self.warm(*words)

    def _expire(self, name: str, timer: int) -> None:
        """Remove it, once no rollout is under way that may still need it."""
        slot = self._machine.homes.get(name)
        if slot is None or slot.warm != timer:
            return
        if self._busy() or slot.at_work:
            self._machine.agenda.after(AGAIN if self._busy() else LOCKED, self._expire, name, timer)
        else:
            slot.vanish()

    def _busy(self) -> bool:
        records = self._machine.records
        return records.live(self._machine.now, self._machine.boots) or records.newest() in ("running", "held")
