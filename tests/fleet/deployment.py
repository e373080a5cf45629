"""A stack of a test: its config, and Pulumi commands on it whose whole output is kept and searched for secrets."""

import itertools
import json
import os
import re
import signal
import subprocess
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.fleet.lab import MAIN, Lab
from tools.local.config import settings
from tools.local.stack import Stack
from tools.release.build import Artifact
from tools.setup.paths import ROOT

PATIENCE = 240.0
DEADLINE = 25
"""Seconds in which an instance has to be healthy: a busy machine takes ten for a threader in Python."""
numbers = itertools.count(1)


@dataclass(frozen=True)
class Done:
    """How a command ended: `execs` counts, for each engine phase in its order, the SSH execs by host."""

    code: int
    text: str
    seconds: float
    execs: tuple[dict[str, int], ...]

    def good(self) -> "Done":
        """Itself, unless the command failed."""
        assert self.code == 0, self.text
        return self

    def failed(self) -> "Done":
        """Itself, unless the command succeeded."""
        assert self.code != 0, self.text
        return self

    @property
    def unchanged(self) -> bool:
        """Whether it says that nothing was, or would be, changed."""
        changes = [line for line in self.text.splitlines() if re.match(r"\s+[-+~]+ \d+ ", line)]
        return not changes and "unchanged" in self.text


class Deployment:
    """Stack test-<token>-<name> with a backend folder of its own; by default a threader on each of `hosts`."""

    def __init__(self, lab: Lab, name: str, hosts: tuple[str, ...] = MAIN, home: Path | None = None) -> None:
        self.lab, self.hosts = lab, hosts
        self.stack = Stack(f"test-{lab.token}-{name}", home or lab.folder / "stack" / name)
        self._log = lab.folder / "execs.log"

    def make(self) -> "Deployment":
        """Backend, passphrase, stack and config."""
        self.stack.home.parent.mkdir(exist_ok=True)
        self.stack.make()
        secrets = {
            "digest_key": self.lab.digest_key,
            "secrets.SLACK_BOT_TOKEN": self.lab.slack_token,
            "secrets.REDIS_URL": self.lab.redis_url,
        }
        self.stack.configure(self.config(), secrets)
        return self

    def config(self) -> dict[str, object]:
        """A config that works: short deadlines, so that what fails fails soon."""
        hosts = [self.lab.fleet.host(name) for name in self.hosts]
        made = settings(
            hosts,
            artifact=shown(self.lab.good),
            version=self.lab.good.version,
            slack=self.lab.slack,
            rollout={"strategy": "all-at-once", "confirm_within": 10},
            health={"deadline": DEADLINE},
        )
        return {**made, "env": {**made["env"], "THREAD_STORE": "redis", "LOG_LEVEL": "info"}}

    def reset(self) -> None:
        """The config as `make` wrote it."""
        self.change(**self.config())

    def change(self, **sections: object) -> None:
        """Put sections of the config in the place of those that are there; None removes one. Secrets stay."""
        content = yaml.safe_load(self.stack.file.read_text())
        for name, value in sections.items():
            content["config"].pop(f"alert-threader:{name}", None)
            if value is not None:
                content["config"][f"alert-threader:{name}"] = value
        self.stack.file.write_text(yaml.safe_dump(content, sort_keys=False))

    def read(self, section: str) -> dict[str, object]:
        """A section of the config as it is."""
        return yaml.safe_load(self.stack.file.read_text())["config"][f"alert-threader:{section}"]

    def release(self, *artifacts: Artifact, version: str | None = None, **health: float) -> None:
        """Want another release, with an artifact for each implementation; by default called as the first of them."""
        paths = {artifact.impl: shown(artifact) for artifact in artifacts}
        self.change(
            release={"version": version or artifacts[0].version, **paths}, health={"deadline": DEADLINE, **health}
        )

    def up(self, *words: str, **more: object) -> Done:
        """`pulumi up`."""
        return self.run("up", "--yes", "--suppress-progress", *words, **more)

    def apply(self, *words: str, **more: object) -> Done:
        """`pulumi up` without its preview, which costs as much time again."""
        return self.up("--skip-preview", *words, **more)

    def preview(self, *words: str, **more: object) -> Done:
        """`pulumi preview`."""
        return self.run("preview", "--suppress-progress", *words, **more)

    def destroy(self, *words: str, **more: object) -> Done:
        """`pulumi destroy`."""
        return self.run("destroy", "--yes", "--suppress-progress", *words, **more)

    def run(self, *words: str, environ: dict[str, str] | None = None, secret: bool = False) -> Done:
        """Run a Pulumi command; `secret` allows its output to show secrets. Kills what takes too long."""
        begun, before = time.monotonic(), self._logged()
        with self.start(*words, environ=environ) as process:
            try:
                process.wait(PATIENCE)
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
        text = Path(process.output).read_text()  # type: ignore[attr-defined]
        done = Done(process.returncode, text, time.monotonic() - begun, _phases(self._logged()[len(before) :]))
        assert "Traceback" not in text, text
        if not secret:
            seen = [what for what, value in self.lab.secrets.items() if value in text]
            assert not seen, f"{seen} shown by pulumi {' '.join(words)}"
        return done

    def start(self, *words: str, environ: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start a Pulumi command in a process group of its own; its output is in the file `.output`."""
        folder = self.lab.folder / "log"
        folder.mkdir(exist_ok=True)
        output = folder / f"{next(numbers):03}-{self.stack.name}-{words[0]}.txt"
        env = {**self.stack.environ(), "THREADER_LOG": str(self._log), **(environ or {})}
        command = ["pulumi", *words, "--stack", self.stack.name, "--non-interactive", "--cwd", str(ROOT)]
        with output.open("wb") as file:
            process = subprocess.Popen(
                command,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )
        process.output = output  # type: ignore[attr-defined]
        return process

    def state(self) -> dict[str, dict]:
        """The resources in the state, by their names."""
        deployment = json.loads(self.run("stack", "export").good().text)["deployment"]
        return {each["urn"].rpartition("::")[2]: each for each in deployment.get("resources", ())}

    def outputs(self) -> dict[str, object]:
        """The stack's outputs."""
        return json.loads(self.run("stack", "output", "--json").good().text)

    def generations(self) -> dict[str, str]:
        """What `current` leads to on each host, by instance."""
        each = "[ -L $each ] && echo ${each%/*} $(readlink $each)"
        script = f"cd /var/lib/alert-threader && for each in */current; do {each}; done; true"
        found = [line.split() for host in self.hosts for line in self.lab.sh(host, script).splitlines()]
        return {name: link.removeprefix("generations/") for name, link in found}

    def _logged(self) -> list[str]:
        return self._log.read_text().splitlines() if self._log.exists() else []


def shown(artifact: Artifact) -> str:
    """An artifact as a config names it."""
    return str(artifact.path.relative_to(ROOT))


def _phases(lines: list[str]) -> tuple[dict[str, int], ...]:
    """Each engine phase starts a provider of its own, whose process id is in the line."""
    phases: dict[str, Counter[str]] = {}
    for line in lines:
        fields = dict(word.split("=", 1) for word in line.split() if "=" in word)
        phases.setdefault(fields["pid"], Counter())[fields["host"]] += 1
    return tuple(dict(counted) for counted in phases.values())
