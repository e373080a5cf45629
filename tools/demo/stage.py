"""What the demo sets up, step by step; each step can be done again."""

import os
import shutil
from pathlib import Path
from typing import Final

from tools.demo.converge import converge
from tools.fleet import owner
from tools.fleet.fleet import Fleet
from tools.local import services
from tools.local.config import settings
from tools.local.stack import Stack
from tools.local.webhook import TOKEN
from tools.release.build import Artifact, build
from tools.setup.paths import ROOT
from tools.setup.progress import Step

STATE: Final = ROOT / ".state"
STACK: Final = "dev"


class Stage:
    """Fleet `dev`, its services, and stack `dev` that converges it."""

    def __init__(self) -> None:
        self.fleet = Fleet(STATE / "fleet" / STACK, STACK)
        self.pulumi = Stack(STACK, STATE)
        self.slack = self._redis = ""
        self._artifact: Artifact | None = None

    def hosts(self, count: int) -> None:
        """Real systemd hosts."""
        step = Step("hosts")
        up = self.fleet.up(count)
        step.done(f"{', '.join(host.name for host in up)} in {self.fleet.network}")

    def services(self) -> None:
        """Redis and the Slack stand-in."""
        step = Step("services")
        self._redis, self.slack = services.redis(self.fleet), services.slack(self.fleet)
        step.done(f"Redis, and a Slack stand-in whose page is {self.slack}/")

    def artifact(self) -> None:
        """The Python threader as a release."""
        step = Step("artifact", usual=25)
        self._artifact = build(out=ROOT / "dist")
        step.done(f"{self._artifact.path.name}, {self._artifact.path.stat().st_size / 1e6:.1f} MB")

    def stack(self) -> None:
        """Stack dev: its backend, passphrase and config, all generated and ignored by git."""
        step = Step("stack")
        assert self._artifact
        self.pulumi.make()
        hosts = self.fleet.hosts()
        path = Path(self._artifact.path).relative_to(ROOT)
        config = settings(hosts, artifact=str(path), version=self._artifact.version, slack=self.slack)
        shared = {**config["env"], "THREAD_STORE": "redis"}
        secrets = {"digest_key": self._digest_key(), "secrets.SLACK_BOT_TOKEN": TOKEN, "secrets.REDIS_URL": self._redis}
        self.pulumi.configure({**config, "env": shared}, secrets)
        self.pulumi.select()
        step.done(f"{STACK}: {len(hosts)} instances, config in {self.pulumi.file.name}")

    def converge(self) -> None:
        """`pulumi up`."""
        converge(self.pulumi)

    def addresses(self) -> dict[str, str]:
        """Where each instance answers."""
        found: dict[str, str] = self.pulumi.outputs()["addresses"]
        return found

    def remove(self) -> None:
        """Stop the fleet and forget the stack: the hosts that it knew are gone."""
        step = Step("down")
        self.fleet.down()
        for path in (STATE / "pulumi" / ".pulumi" / "stacks" / "alert-threader").glob(f"{STACK}.json*"):
            path.unlink()
        shutil.rmtree(STATE / "pulumi" / ".pulumi" / "locks", ignore_errors=True)
        self.pulumi.file.unlink(missing_ok=True)
        step.done("hosts, services and stack dev are gone")

    def _digest_key(self) -> str:
        """Kept beside the passphrase, so that a lost state gives the same generations their same names."""
        path = STATE / "digest-key"
        if not path.exists():
            owner.write(path, os.urandom(32).hex(), 0o600)
        return path.read_text()
