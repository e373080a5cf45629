"""What the demo sets up, step by step; each step can be done again."""

import os
import shutil
from collections.abc import Mapping
from typing import Any, Final

from deploy.settings.specs import EDGE_ROLE
from tools.demo import fleet_of
from tools.demo.converge import converge
from tools.fleet import owner
from tools.fleet.fleet import Fleet
from tools.local import services
from tools.local.stack import Stack
from tools.local.webhook import TOKEN
from tools.loki import build as loki
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
        self._artifacts: dict[str, Artifact] = {}

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

    def artifacts(self) -> None:
        """The threaders as a release, in every implementation."""
        for impl in fleet_of.IMPLS:
            step = Step("artifact", usual=25)
            self._artifacts[impl] = made = build(out=ROOT / "dist", impl=impl)
            step.done(f"{made.path.name}, {made.path.stat().st_size / 1e6:.1f} MB")

    def stack(self) -> None:
        """Stack dev: its backend, passphrase and config, all generated and ignored by git; Loki where it is built."""
        step = Step("stack")
        self.pulumi.make()
        hosts = self.fleet.hosts()
        made = loki.tarball() if loki.built() else None
        config = fleet_of.settings(hosts, self._artifacts, self.slack, made)
        secrets = {
            "digest_key": _kept("digest-key"),
            "secrets.SYNTHETIC_KEY": _kept("synthetic-key"),
            "secrets.SLACK_BOT_TOKEN": TOKEN,
            "secrets.SLACK_WEBHOOK_URL": f"{self.slack}/services/T0/B0/demo",
            "secrets.REDIS_URL": self._redis,
        }
        self.pulumi.configure(config, secrets)
        self.pulumi.select()
        step.done(f"{STACK}: {len(hosts)} instances, config in {self.pulumi.file.name}")

    def build_loki(self) -> bool:
        """Build Loki, and let the stack have it; False if it has it already."""
        if loki.built():
            return False
        loki.tarball()
        self.stack()
        return True

    def converge(self) -> None:
        """`pulumi up`."""
        converge(self.pulumi)

    def addresses(self) -> dict[str, str]:
        """Where each instance answers."""
        found: dict[str, str] = self.pulumi.outputs()["addresses"]
        return found

    def edge(self) -> str:
        """Where the edge answers, which is in front of all instances."""
        found: dict[str, str] = self.pulumi.outputs()["edges"]
        return next(iter(found.values()))

    def victim(self) -> tuple[str, str]:
        """The host and the name of the instance whose alert is the proof; not beside the edge, if it can be."""
        found: dict[str, dict[str, Any]] = self.pulumi.outputs()["inventory"]
        places = [(each["host"], name) for name, each in found["instances"].items()]
        return min(places, key=lambda place: EDGE_ROLE in found["hosts"][place[0]]["roles"])

    def monitoring(self) -> Mapping[str, Any]:
        """Where the parts of the monitoring listen."""
        found: dict[str, Any] = self.pulumi.outputs()["monitoring"]
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


def _kept(name: str) -> str:
    """A random key beside the passphrase: kept, so that a lost state gives the same generations their same names."""
    path = STATE / name
    if not path.exists():
        owner.write(path, os.urandom(32).hex(), 0o600)
    return path.read_text()
