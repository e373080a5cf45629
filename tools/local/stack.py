"""A stack with a backend, a passphrase and a config file of its own: nothing of it is shared with another."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tools.fleet import owner
from tools.setup import environment
from tools.setup.paths import ROOT

Config = Mapping[str, Any]


@dataclass(frozen=True)
class Stack:
    """Stack `name`; `home` has its backend and passphrase, Pulumi.<name>.yaml in the checkout its config."""

    name: str
    home: Path

    @property
    def file(self) -> Path:
        """The config file, which git ignores."""
        return ROOT / f"Pulumi.{self.name}.yaml"

    def environ(self) -> dict[str, str]:
        """The environment for a Pulumi command on this stack."""
        own = {
            "PULUMI_BACKEND_URL": (self.home / "pulumi").as_uri(),
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(self.home / "passphrase"),
        }
        return {**os.environ, **environment.environment(ROOT), **own}

    def make(self) -> None:
        """Make backend, passphrase and an empty stack, as far as they are not there."""
        owner.folder(self.home, 0o700)
        owner.folder(self.home / "pulumi", 0o700)
        if not (self.home / "passphrase").exists():
            owner.write(self.home / "passphrase", os.urandom(24).hex() + "\n", 0o600)
        if not any((self.home / "pulumi").glob(f".pulumi/stacks/*/{self.name}.json*")):
            self.file.unlink(missing_ok=True)  # of a state that is gone: its salt and secrets fit no passphrase
            self.pulumi("stack", "init", "--no-select", quiet=True)

    def configure(self, config: Config, secrets: Mapping[str, str]) -> None:
        """Write the config file: `config` below our namespace, `secrets` as secrets, encrypted by Pulumi itself."""
        content = yaml.safe_load(self.file.read_text()) if self.file.exists() else {}
        kept = {name: value for name, value in (content or {}).items() if name != "config"}
        named = {f"alert-threader:{name}": value for name, value in config.items()}
        owner.write(self.file, yaml.safe_dump({**kept, "config": named}, sort_keys=False))
        for path, value in secrets.items():
            self.pulumi("config", "set", "--secret", "--path", f"alert-threader:{path}", told=value, quiet=True)
        owner.give(self.file)

    def pulumi(
        self, *words: str, told: str | None = None, quiet: bool = False, environ: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a Pulumi command; `told` goes to its standard input. Raises CalledProcessError when quiet."""
        where = ["--stack", self.name, "--non-interactive", "--cwd", str(ROOT)]
        return subprocess.run(
            ["pulumi", *words, *where],
            env={**self.environ(), **(environ or {})},
            input=told,
            text=True,
            check=quiet,
            stdout=subprocess.PIPE if quiet else None,
            stderr=subprocess.STDOUT if quiet else None,
        )

    def select(self) -> None:
        """Let a plain `pulumi` in this checkout mean this stack."""
        self.pulumi("stack", "select", quiet=True)

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs."""
        found: dict[str, Any] = json.loads(self.pulumi("stack", "output", "--json", quiet=True).stdout)
        return found
