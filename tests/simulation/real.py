"""The real helper of a host, deploy/hosts/helper/activate.py, on the world's clock: only systemd and HTTP are made up.

Each call is a coroutine of greenlet, since the helper sleeps where it waits; a sleep gives way to the world.
"""

import errno
import fcntl
import json
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import greenlet

from deploy.manifest.paths import SLOT
from tests.deploy.hosts.conftest import load, seal
from tests.simulation.agenda import Agenda
from tests.simulation.model.records import Answer
from tests.simulation.model.release import RESTARTS, Release, Service

LEDGER = ("verdict", "from", "to", "token", "purpose")
"""What matters of a line of a ledger."""
Reply = Callable[[Answer], None]


class RealMachine:
    """A host in a folder: it answers as the model's Machine does."""

    def __init__(self, root: Path, agenda: Agenda) -> None:
        self.agenda, self.root = agenda, root
        self.data, self.run, self.boot_id = root / "data", root / "run", root / "boot_id"
        self.releases: dict[str, dict[str, Release]] = {}
        self.services: dict[str, Service] = {}
        self.full: str | None = None
        self.unready: str | None = None
        self._calls: set[greenlet.greenlet] = set()
        self._switches: dict[str, greenlet.greenlet] = {}
        self._timers: dict[str, int] = {}
        self._ends: dict[str, greenlet.greenlet] = {}
        self.data.mkdir()
        self.boot_id.write_text("1\n")
        self.helper = load("activate")
        self._patch()

    def _patch(self) -> None:
        root = self.root
        clock = SimpleNamespace(
            sleep=self._sleep,
            monotonic=lambda: self.agenda.now,
            clock_gettime=lambda _: self.agenda.now,
            CLOCK_BOOTTIME=0,
            strftime=time.strftime,
            gmtime=time.gmtime,
        )
        modules = (self.helper, *self.helper.parts)
        records = self.helper.records
        made = {
            "DATA": self.data,
            "RUN": self.run,
            "BOOT": self.boot_id,
            "ENV": root / "etc",
            "UNITS": root / "units",
            "time": clock,
            "fcntl": SimpleNamespace(flock=self._flock, LOCK_EX=fcntl.LOCK_EX, LOCK_NB=fcntl.LOCK_NB),
            "subprocess": SimpleNamespace(run=self._systemd_run, CompletedProcess=subprocess.CompletedProcess),
            "systemctl": self._systemctl,
            "at_once": lambda look, names: {name: look(name) for name in names},
            "probe": self._probe,
            "taken": self._taken,
            "listened": lambda url, seconds: None,
            "flush": lambda: None,
            "copied": self._copied(self.helper.slot.copied),
            "write": self._on_disk(records.write),
            "append": self._on_disk(records.append),
        }
        for module in modules:
            for name in made.keys() & vars(module).keys():
                setattr(module, name, made[name])

    # --- what controllers ask, and what is found

    def ask(self, words: list[str], reply: Reply) -> None:
        """One call of the helper."""

        def called() -> None:
            try:
                answer = self.helper.VERBS[words[0]](*words[1:])
            except OSError as error:
                answer = {"state": "failed", "reason": str(error)}
            reply(answer)

        self._spawn(called)

    def stage(self, name: str, release: Release) -> None:
        """Lay a generation on the disk."""
        folder = self.data / name / "generations" / release.name
        folder.mkdir(parents=True)
        settings = {"health": f"http://{name}:{release.port}/health", "ready": f"http://{name}:{release.port}/ready"}
        text = json.dumps({**settings, "port": release.port, "deadline": release.deadline, "interval": 0.1})
        (folder / "settings.json").write_text(text)
        seal(folder)
        self.releases.setdefault(name, {})[release.name] = release

    def found(self, name: str) -> dict[str, Any]:
        """What is on the host of an instance."""
        folder = self.data / name
        ledger = folder / "ledger.jsonl"
        lines = [json.loads(line) for line in ledger.read_text().splitlines()] if ledger.exists() else []
        pending, service = folder / "pending.json", self.services.get(name)
        return {
            "current": self.helper.current(name),
            "pending": json.loads(pending.read_text())["to"] if pending.exists() else None,
            "runs": service.release.name if service else None,
            "ledger": [{key: line.get(key) for key in LEDGER} for line in lines],
        }

    @property
    def lease(self) -> Answer | None:
        """What is stored of the lease."""
        path = self.data / "lease.json"
        return json.loads(path.read_text()) if path.exists() else None

    # --- what happens to it

    def kill_switch(self, name: str) -> None:
        """SIGKILL of a switch; systemd runs its ExecStopPost."""
        killed = self._switches.get(name)
        if killed:  # a greenlet that has not begun is false, and so is a process that has not
            self._thrown(killed, _Killed)

    def reboot(self, seconds: float) -> None:
        """Down, and up again later."""
        for call in tuple(self._calls):
            if call:
                self._thrown(call, _Off)
        self._calls.clear()
        self._switches.clear()
        self._timers.clear()
        self._ends.clear()
        self.services.clear()
        for path in self.run.glob("*"):
            path.unlink()
        self.boot_id.write_text(f"{self.boot_id.read_text().strip()}1\n")
        self.agenda.after(seconds, self._spawn, self._boot)

    def _boot(self) -> None:
        self.helper.settle()
        wanted = (self.root / "units" / "multi-user.target.wants").glob(f"alert-threader@*{SLOT}.service")
        for name in sorted({*self.releases, *(path.stem.partition("@")[2] for path in wanted)}):
            self._start(name)

    # --- what is made up

    def _spawn(self, work: Callable[[], None]) -> greenlet.greenlet:
        def whole() -> None:
            try:
                work()
            except _Off:
                return
            finally:
                self._calls.discard(greenlet.getcurrent())

        made = greenlet.greenlet(whole)
        self._calls.add(made)
        self.agenda.at(self.agenda.now, self._go_on, made)
        return made

    def _go_on(self, call: greenlet.greenlet) -> None:
        if call in self._calls:
            call.parent = greenlet.getcurrent()
            call.switch()

    def _thrown(self, call: greenlet.greenlet, error: type[BaseException]) -> None:
        call.parent = greenlet.getcurrent()
        call.throw(error)

    def _sleep(self, seconds: float) -> None:
        me = greenlet.getcurrent()
        self.agenda.after(seconds, self._go_on, me)
        me.parent.switch()

    def _flock(self, handle: int, how: int) -> None:
        while True:
            try:
                return fcntl.flock(handle, how | fcntl.LOCK_NB)
            except BlockingIOError:
                if how & fcntl.LOCK_NB:
                    raise
                self._sleep(0.01)

    def _on_disk(self, write: Callable[..., None]) -> Callable[..., None]:
        def written(path: Path, *words: Any) -> None:
            if self.full and self.data in path.parents:
                raise OSError(errno.ENOSPC, self.full)
            write(path, *words)

        return written

    def _copied(self, copy: Callable[..., Path]) -> Callable[..., Path]:
        def copied(*words: Any) -> Path:
            if self.full:
                raise OSError(errno.ENOSPC, self.full)
            return copy(*words)

        return copied

    def _systemd_run(self, words: list[str], **_: Any) -> subprocess.CompletedProcess:
        assert words[0] == "systemd-run"
        if words[-2] == "expire":
            return self._timer(words)
        name, switch = words[words.index("switch") + 1], words[words.index("switch") + 1 :]

        def whole() -> None:
            with suppress(_Killed):
                self.helper.switch(*switch)
            if (self.data / name / "pending.json").exists():
                self.helper.settle(name)
            self._switches.pop(name, None)

        self._switches[name] = self._spawn(whole)
        return subprocess.CompletedProcess(words, 0, "", "")

    def _timer(self, words: list[str]) -> subprocess.CompletedProcess:
        """The timer of a slot that is kept warm."""
        seconds = next(word for word in words if word.startswith("--on-active=")).partition("=")[2]
        self._timers[words[-1]] = self._timers.get(words[-1], 0) + 1
        self.agenda.after(float(seconds), self._expire, words[-1], self._timers[words[-1]])
        return subprocess.CompletedProcess(words, 0, "", "")

    def _expire(self, slot: str, timer: int) -> None:
        if self._timers.get(slot) == timer:
            self._ends[slot] = self._spawn(lambda: self.helper.slot.expire(slot))

    def _stay(self, slot: str) -> None:
        self._timers[slot] = self._timers.get(slot, 0) + 1
        end = self._ends.pop(slot, None)
        if end and end is not greenlet.getcurrent():
            self._thrown(end, _Off)

    def _systemctl(self, verb: str, *words: str) -> subprocess.CompletedProcess:
        name = words[-1].partition("@")[2].removesuffix(".service") if words else ""
        service, said = self.services.get(name), ""
        if verb == "is-active" and "@" not in words[-1]:
            said = "active" if words[-1].removeprefix("alert-threader-activate-") in self._switches else "inactive"
        elif verb == "is-active":
            said = "inactive" if service is None else "activating" if self._hindered(name) else "active"
        elif verb == "show":
            restarts = 3 if service and self._hindered(name) and self.agenda.now >= service.started + RESTARTS else 0
            said = f"NRestarts={restarts}\nActiveState=active\n"
        elif verb == "stop" and words[-1].startswith("alert-threader-warm-"):
            self._stay(words[-1].removeprefix("alert-threader-warm-").removesuffix(".service"))
        elif verb in ("stop", "restart"):
            self.services.pop(name, None)
            self._kill(words[-1].removeprefix("alert-threader-activate-").removesuffix(".service"))
        if verb in ("start", "restart"):
            self._start(name)
        return subprocess.CompletedProcess((), 0, said, "")

    def _kill(self, name: str) -> None:
        """Stop the unit of a switch; that is done when nothing of it is left."""
        self.kill_switch(name)
        while name in self._switches:
            self._sleep(0.01)

    def _release(self, name: str, generation: str) -> Release:
        """What a generation is; one of a slot is that of the instance, at another port."""
        if name.endswith(SLOT):
            settings = json.loads((self.data / name / "generations" / generation / "settings.json").read_text())
            return replace(self.releases[name.removesuffix(SLOT)][generation], port=settings["port"])
        return self.releases[name][generation]

    def _named(self, url: str) -> str:
        """Whose address it is: a slot has the host of its instance, at a port above 10000."""
        name, port = url.removeprefix("http://").partition("/")[0].split(":")
        return f"{name}{SLOT}" if int(port) > 10000 else name

    def _start(self, name: str) -> None:
        current = self.helper.current(name)
        if current and name not in self.services:
            release = self._release(name, current)
            self.services[name] = Service(release, self.agenda.now, self._other(release.port, name))

    def _other(self, port: int, name: str) -> bool:
        return any(
            other != name and service.release.port == port and not self._hindered(other)
            for other, service in self.services.items()
        )

    def _hindered(self, name: str) -> bool:
        """Whether a service exits because its port is taken; systemd starts it again once it is free."""
        service = self.services[name]
        if service.hindered:
            service.hindered = any(
                other != name and each.release.port == service.release.port and not each.hindered
                for other, each in self.services.items()
            )
            if not service.hindered:
                service.started = self.agenda.now + 2.0
        return service.hindered

    def _taken(self, url: str) -> str | None:
        port = url.removeprefix("http://").partition("/")[0].split(":")[1]
        return f"another process has port {port}" if self._other(int(port), self._named(url)) else None

    def _probe(self, url: str, says_ok: bool = True) -> str | None:
        name = self._named(url)
        if name not in self.services:
            return "connection refused"
        self._hindered(name)
        return self.services[name].unwell(self.agenda.now) if says_ok else self.unready


class _Killed(BaseException):
    """SIGKILL: only what the kernel does happens, which is to give back locks."""


class _Off(BaseException):
    """No power."""
