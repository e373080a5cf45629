"""What a host has of one instance, and one switch of it: deploy/hosts/helper/activate.py, without files and systemd."""

from collections.abc import Callable, Iterator
from typing import Any

from deploy.manifest.paths import SLOT
from tests.simulation.model.activity import Activity
from tests.simulation.model.records import Answer, rank
from tests.simulation.model.release import RESTARTS, Release, Service

BACK = ("undo", "reject")
ENDED = ("failed", "confirmed", "reverted")
DECIDED = ("healthy", "failing", *ENDED)


class Home:
    """One instance on one host. `machine` is the host: its clock, its disk, who else has a port there."""

    def __init__(self, machine: Any, name: str) -> None:
        self.machine, self.name = machine, name
        self.releases: dict[str, Release] = {}
        self.current: str | None = None
        self.pending: Answer | None = None
        self.ledger: list[Answer] = []
        self.service: Service | None = None
        self.at_work: Activity | None = None
        self.state: Answer = {}
        self.order: Answer = {}
        self.never = ""
        """The last token that was undone before it began."""
        self.warm = 0
        """The timer that ends it, if it is a slot that is only warm."""
        self._asking: list[tuple[str, tuple[str, ...], Callable[[Answer], None]]] = []

    # --- what controllers ask

    def begin(self, to: str | None, token: str, within: float, by: str, purpose: str, reply: Any) -> None:
        """Start a switch under PID 1; the answer comes once it is decided."""
        if self.at_work:
            reply({"state": "busy", "reason": "another activation of it is under way"})
            return
        if purpose not in BACK and self.never == token:
            reply({"state": "reverted", "reason": "the controller undid it before it began"})
            return
        self.state, self.order = {}, {}
        self._work(self._switch({"to": to, "by": by, "token": token, "purpose": purpose}, within))
        self._report(token, DECIDED, reply)

    def confirm(self, token: str, reply: Any) -> None:
        """Keep what was switched."""
        self._leave(token, "confirm")
        self._report(token, ENDED, reply)

    def undo(self, token: str, reply: Any) -> None:
        """Order a switch back, also one that has not begun; where its process is gone, put it back here."""
        known = {each["token"] for each in (self.pending, self.state) if each}
        if token not in known:
            if any(rank(each) > rank(token) for each in known):
                reply(self._remembered(token))
                return
            self.never = token
            if self.state:
                reply(self._remembered(token))
                return
        self._leave(token, "undo")
        if not self.at_work and self.pending and self.pending["token"] == token:
            self._work(self._left())
        self._report(token, ENDED, reply)

    def restart(self, by: str) -> Answer:
        """For the health check."""
        if self.at_work:
            return {"state": "busy"}
        if self.pending:
            self._work(self._left())
            return {"state": "reverted"}
        if self.current is None:
            return {"state": "failed", "reason": "nothing is activated"}
        self._stop()
        self._start()
        self._record("restarted", {"from": self.current, "to": self.current, "by": by, "token": None, "purpose": None})
        return {"state": "restarted"}

    def unwell(self, ready: bool = True) -> str | None:
        """Why what is current is not healthy, or not ready where that counts."""
        if self.current is None:
            return "nothing is activated"
        if self.service is None:
            return "connection refused"
        return self.service.unwell(self.machine.now) or (self.machine.unready if ready else None)

    # --- what happens to it

    def kill_switch(self) -> bool:
        """SIGKILL of the switch: its unit settles what it left; whether there was one."""
        if not self.at_work:
            return False
        self.at_work.kill()
        self._work(self._left())
        return True

    def reboot(self) -> None:
        """Whatever runs is gone."""
        if self.at_work:
            self.at_work.kill()
        self.at_work, self.service, self.state, self.order, self.never = None, None, {}, {}, ""
        self._asking.clear()

    def boot(self) -> None:
        """Settle, then start."""
        if self.pending:
            pending, self.current, self.pending = self.pending, self.pending["from"], None
            self._record("reverted", pending, "the switch was cut off")
            self._tell(pending["token"], "reverted")
        if self.is_slot and (self.warm or self.current is None):
            self.vanish()
        self._start()

    @property
    def is_slot(self) -> bool:
        """Whether it is the second slot of another one."""
        return self.name.endswith(SLOT)

    @property
    def empty(self) -> bool:
        """Whether there is nothing of it on the disk."""
        return not self.releases and self.current is None and not self.ledger

    def vanish(self) -> None:
        """What a slot does when it is removed, whatever is under way in it; that it was dropped stays known."""
        if self.service:
            self.machine.begins(self, "drop")
        if self.at_work:
            self.at_work.kill()
        self.at_work, self.pending, self.current, self.service, self.warm = None, None, None, None, 0
        self.releases, self.ledger, self.state, self.order = {}, [], {}, {}
        self._answer()
        self.machine.changed()

    # --- the transaction

    def _switch(self, pending: Answer, within: float) -> Iterator[float]:
        if self.pending:
            yield from self._left()
        token, to, back = pending["token"], pending["to"], pending["purpose"] in BACK
        pending = {"from": self.current, **pending}
        ready = not back and not (self.service and self.unwell())
        wrong = f"generation {to} is not on this host" if to and to not in self.releases else self.machine.full
        if wrong:
            self._record("refused", pending, wrong)
            return self._tell(token, "failed", wrong)
        self.machine.begins(self, pending["purpose"])
        self.pending, self.current = pending, to
        self._tell(token, "switching")
        yield self._stopped()
        reason = None
        if to:
            reason = yield from self._started(ready, lambda: not back and self._said(token) == "undo")
        if reason:
            verdict = self._blame(pending)
            state = "reverted" if verdict == "undone" else "failed"
            yield from self._go_back(pending, verdict, reason, state, ready and state == "failed")
            return None
        if not back:
            self._tell(token, "healthy")
            end = self.machine.now + within
            while not self._said(token) and self.machine.now < end:
                yield end
            if self._said(token) != "confirm":
                why = "undone by the controller" if self._said(token) else "nobody confirmed it"
                yield from self._go_back(pending, "undone" if self._said(token) else "unconfirmed", why)
                return None
        self.pending = None
        self._record("confirmed" if to else "stopped", pending)
        return self._tell(token, "confirmed")

    def _blame(self, pending: Answer) -> str:
        """The verdict on a switch that did not get well: `failed` only where its generation may be to blame."""
        if pending["purpose"] not in BACK and self._said(pending["token"]) == "undo":
            return "undone"
        return "unconfirmed" if self.service is None else "failed"

    def _left(self) -> Iterator[float]:
        """Undo a switch whose process is gone."""
        if self.pending:
            yield from self._go_back(self.pending, "reverted", "the switch was cut off")

    def _go_back(
        self, pending: Answer, verdict: str, reason: str, state: str = "reverted", ready: bool = False
    ) -> Iterator[float]:
        """With `ready` the old one has to get ready, as it was; else the new one is not to blame."""
        self.current = pending["from"]
        yield self._stopped()
        if self.current:
            insist = lambda: self._tell(pending["token"], "failing", reason)  # noqa: E731 - as the helper has it
            failure = yield from self._started(ready, lambda: False, insist)
            verdict = "unconfirmed" if failure and ready else verdict
        self._record(verdict, pending, reason)
        self.pending = None
        self._tell(pending["token"], state, reason)

    def _started(self, ready: bool, halt: Any, insist: Any = None) -> Iterator[float]:
        """Start what is current and wait until it is well; the reason why it is not."""
        release, reason = self.releases[self.current], None
        end = self.machine.now + release.deadline
        if self.machine.taken(release.port, self.name) and insist:
            insist()
        while self.machine.taken(release.port, self.name):
            reason = f"another process has port {release.port}"
            if halt() or self.machine.now >= end:
                break
            yield end
            reason = None
        if reason and not insist:
            return reason
        if reason:
            end = self.machine.now + release.deadline
        self._start()
        while reason := self.unwell(ready):
            service = self.service
            if service is None or service.hopeless(self.machine.now) or halt() or self.machine.now >= end:
                return reason
            soon = service.started + RESTARTS if service.hindered else service.healthy_at
            yield min(end, soon if soon > self.machine.now else end)
        return None

    def _work(self, steps: Iterator[float]) -> None:
        self.at_work = Activity(self.machine.agenda, steps, self._ended)

    def _ended(self) -> None:
        self.at_work = None
        self._answer()

    def _leave(self, token: str, word: str) -> None:
        self.order = {"token": token, "order": word}
        self.woken()

    def woken(self) -> None:
        """Something has changed that a switch, or a service, may wait for."""
        if self.service and self.service.hindered:
            self.machine.agenda.after(2.0, self.restarted)
        if self.at_work:
            self.at_work.wake()

    def _said(self, token: str) -> str | None:
        return self.order["order"] if self.order.get("token") == token else None

    def _stopped(self) -> float:
        """Stop what runs; until when that takes."""
        seconds = self.machine.draw(0.0, 1.5) if self.service else 0.0
        self._stop()
        return self.machine.now + seconds

    def _stop(self) -> None:
        self.service = None
        self.machine.changed()

    def _start(self) -> None:
        if self.current and self.current in self.releases:
            release = self.releases[self.current]
            self.service = Service(release, self.machine.now, self.machine.taken(release.port, self.name))
            for seconds in (0.0, release.sick_after):
                if seconds is not None:
                    self.machine.agenda.at(self.service.healthy_at + seconds, self.machine.changed)
        self.machine.changed()

    def restarted(self) -> None:
        """What systemd does every other second with a service that exits: it runs once its port is free."""
        if self.service and self.service.hindered and not self.machine.taken(self.service.release.port, self.name):
            self._start()

    # --- what is told

    def _record(self, verdict: str, pending: Answer, reason: str | None = None) -> None:
        there = self.releases or not self.is_slot  # else there is no folder
        if there and not self.machine.full:
            self.ledger.append({"at": self.machine.utc(), "verdict": verdict, **pending, "reason": reason})

    def _tell(self, token: str, state: str, reason: str | None = None) -> None:
        self.state = {"token": token, "state": state, "reason": reason}
        self._answer()

    def _lost(self, token: str) -> Answer:
        return {"token": token, "state": "lost", "reason": "no such switch on this host"}

    def _remembered(self, token: str) -> Answer:
        """How a switch ended of which a reboot forgot the state."""
        ends = [line for line in self.ledger if line["token"] == token]
        states = {"confirmed": "confirmed", "stopped": "confirmed", "failed": "failed", "refused": "failed"}
        return {"token": token, "state": states.get(ends[-1]["verdict"], "reverted")} if ends else self._lost(token)

    def _report(self, token: str, states: tuple[str, ...], reply: Any) -> None:
        self._asking.append((token, states, reply))
        self._answer()

    def _answer(self) -> None:
        """Answer those that wait for a state that is reached, or for a switch that is gone."""
        asking, self._asking = self._asking, []
        for token, states, reply in asking:
            if self.state.get("token") == token and self.state["state"] in states:
                reply(self.state)
            elif not self.at_work:
                reply(self._remembered(token) if states is ENDED else self._lost(token))
            else:
                self._asking.append((token, states, reply))
