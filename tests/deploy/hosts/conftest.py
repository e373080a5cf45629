"""The scripts that run on the hosts, loaded as modules whose folders are temporary ones."""

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

HELPERS = Path(__file__).parents[3] / "deploy" / "hosts" / "helper"
AS_ROOT = pytest.mark.skipif(os.getuid() != 0, reason="files of a generation belong to root: run as root")


PARTS = {
    "activate": ("records", "instance", "slot"),
    "slot": ("records", "instance"),
    "instance": ("records",),
}
"""What scripts import from beside them, in the order in which it can be loaded."""


def load(name: str) -> ModuleType:
    """A script of the hosts as a fresh module, with its fresh `parts`; it does nothing until it is called."""
    with pytest.MonkeyPatch.context() as patch:
        parts = []
        for part in PARTS.get(name, ()):
            parts.append(_fresh(part))
            patch.setitem(sys.modules, part, parts[-1])
        made = _fresh(name)
    made.parts = parts
    return made


def replace(monkeypatch: pytest.MonkeyPatch, module: ModuleType, **values: object) -> None:
    """Replace names in a script, and in its parts."""
    for each in (module, *module.parts):
        for name in values.keys() & vars(each).keys():
            monkeypatch.setattr(each, name, values[name])


def _fresh(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"helper_{name}", HELPERS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def seal(folder: Path) -> None:
    """Write the checksums of a generation, as `sha256sum` would."""
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    lines = [f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in files]
    (folder / "MANIFEST.sha256").write_text("".join(lines))


class Host:
    """One instance in a temporary folder, and a systemctl that notes what it was asked."""

    def __init__(self, root: Path, module: ModuleType) -> None:
        self.data, self.run, self.helper = root / "data", root / "run", module
        self.folder = self.data / "py-a"
        (self.folder / "generations").mkdir(parents=True)
        self.asked: list[tuple[str, ...]] = []
        self.restarts, self.active, self.fails, self.stuck, self.system = 0, "active", False, False, "running"
        self.alive, self.alive_slot = "inactive", "inactive"
        self.probes: list[str | None] = []
        self.ready: list[str | None] = []
        self.port: list[str | None] = []
        (root / "boot_id").write_text("first-boot\n")

    def generation(self, name: str, ready: bool = False) -> Path:
        folder = self.folder / "generations" / name
        (folder / "release").mkdir(parents=True)
        (folder / "release" / "run").write_text(f"#!/bin/sh\n# {name}\n")
        (folder / "release" / "run").chmod(0o755)
        settings = {"health": "http://127.0.0.1:1/health", "deadline": 30, "interval": 0.5}
        settings |= {"ready": "http://127.0.0.1:1/ready"} if ready else {}
        (folder / "settings.json").write_text(json.dumps(settings))
        (folder / "env").write_text('A="1"\n')
        seal(folder)
        return folder

    def systemctl(self, *words: str) -> subprocess.CompletedProcess:
        self.asked.append(words)
        if words[0] == "show":
            return subprocess.CompletedProcess(words, 0, f"NRestarts={self.restarts}\nActiveState={self.active}\n", "")
        if words[0] == "is-system-running":
            return subprocess.CompletedProcess(words, 0, f"{self.system}\n", "")
        if words[0] == "is-active":
            state = self.alive if "activate" in words[1] else self.active
            state = self.alive_slot if "--prev" in words[1] else state
            return subprocess.CompletedProcess(words, 0, f"{state}\n", "")
        failed = (self.fails and words[0] in ("start", "restart")) or (self.stuck and words[0] == "stop")
        return subprocess.CompletedProcess(words, int(failed), "", "Job failed.\n" if failed else "")

    def probe(self, url: str, says_ok: bool = True) -> str | None:
        """The next prepared answer of health or readiness."""
        return following(self.probes if says_ok else self.ready)

    def taken(self, url: str) -> str | None:
        """The next prepared answer of whether the port is free."""
        return following(self.port)

    @property
    def current(self) -> str | None:
        link = self.folder / "current"
        return str(link.readlink()) if link.is_symlink() else None

    @property
    def ledger(self) -> list[dict]:
        path = self.folder / "ledger.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    @property
    def state(self) -> dict:
        return json.loads((self.run / "py-a.state").read_text())

    @property
    def lease(self) -> dict | None:
        path = self.data / "lease.json"
        return json.loads(path.read_text()) if path.exists() else None

    def order(self, word: str, token: str = "1:me") -> None:
        self.run.mkdir(exist_ok=True)
        (self.run / "py-a.order").write_text(json.dumps({"token": token, "order": word}))

    def did(self, *verbs: str) -> list[tuple[str, ...]]:
        return [words for words in self.asked if words[0] in verbs]


def following(answers: list[str | None]) -> str | None:
    """The next prepared answer; the last one for ever, and None where none was prepared."""
    return answers.pop(0) if len(answers) > 1 else (answers or [None])[0]


class Clock:
    """A clock on which nobody waits: sleeping moves it on."""

    strftime, gmtime = staticmethod(time.strftime), staticmethod(time.gmtime)
    CLOCK_BOOTTIME = time.CLOCK_BOOTTIME

    def __init__(self) -> None:
        self.now = 0.0

    def clock_gettime(self, which: int) -> float:
        assert which == self.CLOCK_BOOTTIME
        return self.now

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def host(tmp_path, monkeypatch):
    module = load("activate")
    made = Host(tmp_path, module)
    replace(
        monkeypatch,
        module,
        DATA=made.data,
        RUN=made.run,
        BOOT=tmp_path / "boot_id",
        ENV=tmp_path / "etc",
        UNITS=tmp_path / "units",
        time=Clock(),
        systemctl=made.systemctl,
        probe=made.probe,
        taken=made.taken,
        listened=lambda url, seconds: None,
        flush=lambda: None,
    )
    return made
