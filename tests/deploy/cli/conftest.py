"""The command line with everything around it faked: Pulumi's answers, and the hosts."""

import json
import os
import signal
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.cli import __main__ as command
from deploy.cli import look, pulumi, times
from deploy.cli.errors import CliError
from deploy.faults import FAULTS, HostFault
from deploy.hosts.client import place
from tests.deploy.cli.acting import Acting, put

GENERATION = "1.0.0-aaaaaaaaaa"


def connection(name, number):
    return {"host": name, "address": f"10.0.0.{number}", "user": "root", "port": 22, "key": None, "known_hosts": None}


def outputs(**lost):
    """Stack outputs of three hosts with an instance each."""
    hosts = {f"app-{n}": {**connection(f"app-{n}", n), "lost": False, "roles": ["threader"]} for n in (1, 2, 3)}
    for host in lost.values():
        hosts[host]["lost"] = True
    names = {"py-a": "app-1", "py-b": "app-2", "py-c": "app-3"}
    return {
        "instances": dict.fromkeys(names, GENERATION),
        "inventory": {
            "hosts": hosts,
            "instances": {name: {"host": host, "port": 9009, "impl": "python"} for name, host in names.items()},
        },
    }


NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


def found(
    instance,
    *,
    generation=GENERATION,
    active="active",
    damaged=(),
    unhealthy=None,
    pending=False,
    timer="active",
    **host,
):
    """What a host with one instance answers to a look: two lines. `host` has more of its snapshot."""
    unit = {
        "ActiveState": active,
        "SubState": "running" if active == "active" else "auto-restart",
        "ActiveEnterTimestamp": "Mon 2026-11-23 11:00:00 UTC",
    }
    entry = {
        "current": f"generations/{generation}",
        "generations": {generation: {"damaged": list(damaged)}},
        "pending": pending,
        "repair": False,
        "ledger": host.pop("ledger", []),
        "health": {"at": "2026-11-23T11:59:48Z", **host.pop("health", {})},
        "unit": unit,
    }
    units = {f"alert-threader-health@{instance}.timer": timer, **host.pop("units", {})}
    return [
        json.dumps({"instances": {instance: entry}, "systemd": True, "units": units, **host}),
        json.dumps({instance: unhealthy}),
    ]


@dataclass
class World:
    """What Pulumi and the hosts answer, and what was done."""

    stacks: list = field(default_factory=lambda: [{"name": "dev", "current": True}])
    outputs: dict = field(default_factory=outputs)
    config: dict = field(default_factory=dict)
    state: dict = field(default_factory=dict)
    url: str = "https://api.example.com"
    hosts: dict = field(
        default_factory=lambda: {f"app-{n}": found(f"py-{c}") for n, c in ((1, "a"), (2, "b"), (3, "c"))}
    )
    code: int = 0
    errors: list = field(default_factory=list)
    asked: list = field(default_factory=list)
    ran: list = field(default_factory=list)

    def ask(self, *words):
        answers = {
            ("stack", "ls"): self.stacks,
            ("stack", "output"): self.outputs,
            ("stack", "export"): self.state,
            ("config", "--stack"): self.config,
            ("whoami", "--json"): {"url": self.url},
            ("version",): "v3.230.0",
        }
        answer = answers[words[:2]]
        if isinstance(answer, CliError):
            raise answer
        return answer if isinstance(answer, str) else json.dumps(answer)

    def run(self, *words, extra=None):
        self.ran.append((" ".join(words), dict(extra or {})))
        return self.code

    def up(self, *words, extra=None):
        return self.run("up", *words, extra=extra), self.errors


@dataclass
class FakeHosts:
    world: World

    async def ask(self, connection, task, **arguments):
        self.world.asked.append((connection["host"], task, arguments))
        answer = self.world.hosts[connection["host"]]
        if isinstance(answer, str):
            raise HostFault(place(connection), next(fault for fault in FAULTS if fault.name == answer), "details")
        return answer.answer(task, **arguments) if isinstance(answer, Acting) else answer

    async def close(self):
        pass


@pytest.fixture
def world(monkeypatch, tmp_path_factory):
    made = World()
    programs = tmp_path_factory.mktemp("bin")  # Pulumi's language host is there after set-up only
    (programs / "pulumi-language-python").touch(mode=0o755)
    monkeypatch.setattr(pulumi, "surroundings", lambda: {"PATH": str(programs)})
    monkeypatch.setattr(pulumi, "ask", made.ask)
    monkeypatch.setattr(pulumi, "run", made.run)
    monkeypatch.setattr(pulumi, "up", made.up)
    monkeypatch.setattr(look, "open_hosts", lambda: FakeHosts(made))
    monkeypatch.setattr(times, "now", lambda: NOW)
    monkeypatch.setenv("THREADER_DEBUG", "")
    monkeypatch.delenv("PULUMI_STACK", raising=False)
    return made


@pytest.fixture
def fleet(world):
    """Two hosts that run 1.0.1 and keep 1.0.0."""
    world.outputs = outputs()
    world.outputs["instances"].pop("py-c")
    world.outputs["inventory"]["instances"].pop("py-c")
    world.outputs["inventory"]["hosts"].pop("app-3")
    return put(world)


@pytest.fixture
def threader(world, monkeypatch, capfd):
    """Run a command line; its exit code, and all that it said."""

    def run(*words):
        monkeypatch.setattr(signal, "signal", lambda *_: None)
        monkeypatch.setattr(sys, "argv", ["threader", *words])
        with pytest.raises(SystemExit) as ended:
            command.main()
        said = capfd.readouterr()
        return int(ended.value.code or 0), said.out + said.err

    return run


@pytest.fixture
def golden(request):
    """Compare a text with golden/NAME.txt. After a wanted change: UPDATE_GOLDEN=1 pytest tests/deploy/cli."""

    def check(name, code, text):
        path = Path(__file__).with_name("golden") / f"{name}.txt"
        whole = f"{text}\nexit code {code}\n"
        if os.environ.get("UPDATE_GOLDEN"):
            path.write_text(whole)
        assert whole == path.read_text()

    return check
