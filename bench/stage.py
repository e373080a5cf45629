"""What is measured: a stack of its own, on a local fleet of its own, both gone in the end."""

import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tools.fleet.fleet import Fleet
from tools.local import services
from tools.local.config import host_settings
from tools.local.stack import Stack
from tools.release.build import build
from tools.setup.paths import ROOT

FIRST_PORT: Final = 9009
WORDS: Final = {"python": "py", "node": "node", "go": "go"}


@dataclass(frozen=True)
class Bench:
    """A fleet, and the stack on it."""

    folder: Path
    fleet: Fleet
    stack: Stack

    def layout(self, impls: Sequence[str], count: int) -> list[dict[str, Any]]:
        """`count` instances, each implementation and each host in turn."""
        hosts = [host.name for host in self.fleet.hosts()]
        made = []
        for number in range(count):
            impl = impls[number % len(impls)]
            level, place = divmod(number, len(hosts))
            name = f"{WORDS[impl]}-{number + 1}"
            made.append({"name": name, "impl": impl, "port": FIRST_PORT + level, "host": hosts[place]})
        return made

    def configure(self, impls: Sequence[str], count: int, release: str, slack: str) -> None:
        """Want `count` instances of the implementations, in a release of that name."""
        config = {
            "hosts": host_settings(self.fleet.hosts()),
            "instances": self.layout(impls, count),
            "release": {"version": release, **self.artifacts(impls)},
            "rollout": {"strategy": "all-at-once"},
            "env": {
                "BIND_HOST": "0.0.0.0",  # noqa: S104 - reached from this machine only
                "SLACK_API_URL": f"{slack}/api",
                "THREAD_STORE": "file",
            },
        }
        self.want(config)

    def artifacts(self, impls: Sequence[str], version: str | None = None) -> dict[str, str]:
        """Artifacts of the implementations as settings name them, by default in the version that their sources say."""
        made = {impl: build(version, self.folder / "dist", impl=impl).path for impl in set(impls)}
        return {impl: str(path.relative_to(ROOT)) for impl, path in made.items()}

    def want(self, config: Mapping[str, Any], **secrets: str) -> None:
        """Have the stack want that, with a token for Slack and whatever else is secret."""
        known = {f"secrets.{name}": value for name, value in {"SLACK_BOT_TOKEN": "xoxb-bench", **secrets}.items()}
        self.stack.configure(config, {"digest_key": "0" * 32, **known})

    def up(self) -> float:
        """`pulumi up`; the seconds that it took. Raises CalledProcessError."""
        begun = time.monotonic()
        try:
            self.stack.pulumi("up", "--yes", "--suppress-progress", quiet=True)
        except subprocess.CalledProcessError as error:
            print(error.stdout)
            raise
        return time.monotonic() - begun

    def threader(self, *words: str, log: Path | None = None) -> float:
        """`threader WORDS` on the stack; the seconds that it took. Raises CalledProcessError.

        `log` gets a line for each time that a host is asked.
        """
        begun = time.monotonic()
        command = [sys.executable, "-m", "deploy.cli", *words, "--stack", self.stack.name]
        environ = {**self.stack.environ(), **({"THREADER_LOG": str(log)} if log else {})}
        subprocess.run(command, cwd=ROOT, env=environ, check=True, capture_output=True, text=True)
        return time.monotonic() - begun


@contextmanager
def bench(hosts: int) -> Iterator[tuple[Bench, str]]:
    """A fleet of so many hosts with an empty stack, and the address of its Slack stand-in."""
    token = secrets.token_hex(2)
    folder = ROOT / ".state" / "bench" / token
    fleet = Fleet(folder / "fleet", f"bench-{token}", say=lambda line: None)
    stack = Stack(f"bench-{token}", folder / "stack")
    folder.mkdir(parents=True, mode=0o700)
    try:
        fleet.up(hosts)
        stack.make()
        yield Bench(folder, fleet, stack), services.slack(fleet)
    finally:
        fleet.down()
        stack.file.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        os.sync()
