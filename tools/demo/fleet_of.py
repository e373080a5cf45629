"""The demo's fleet: one threader a host, in each implementation in turn, as in the seed: py-a, node-a, go-a. Pure."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from deploy.artifacts import digest_of
from tools.fleet.host import HostInfo
from tools.local.config import host_settings
from tools.release.build import Artifact
from tools.setup.paths import ROOT

IMPLS: Final = {"python": "py", "node": "node", "go": "go"}
"""Each implementation with the word that its instances' names begin with."""

FIRST_PORT: Final = 9009


def instances(hosts: Iterable[str]) -> list[dict[str, Any]]:
    """An instance on each host: names count up in letters, and each implementation has a port of its own."""
    made = []
    for number, host in enumerate(hosts):
        turn, place = divmod(number, len(IMPLS))
        impl, word = list(IMPLS.items())[place]
        name = f"{word}-{chr(ord('a') + turn)}"
        env_file = f"/etc/alert-threader.d/{name}.env"
        made.append({"name": name, "impl": impl, "port": FIRST_PORT + place, "env_file": env_file, "host": host})
    return made


def monitoring(loki: Path | None) -> dict[str, Any]:
    """The section `monitoring`: what it takes to see an alert soon, and Loki where it is built already."""
    source = {"artifact": str(loki), "sha256": digest_of(loki)} if loki else "none"
    return {"prometheus": {"every": 5}, "loki": {"source": source}, "grafana": {"source": "none"}}


def settings(
    hosts: Iterable[HostInfo], artifacts: Mapping[str, Artifact], slack: str, loki: Path | None
) -> dict[str, Any]:
    """The config of stack dev: the first host has the edge and the monitoring, too."""
    known = tuple(hosts)
    made = host_settings(known)
    made[0]["roles"] = ["threader", "edge", "monitor"]
    paths = {impl: str(made.path.relative_to(ROOT)) for impl, made in artifacts.items()}
    return {
        "hosts": made,
        "instances": instances(host.name for host in known),
        "release": {"version": next(iter(artifacts.values())).version, **paths},
        "env": {
            "ENVIRONMENT": "dev",
            "BIND_HOST": "0.0.0.0",  # noqa: S104 - reached from this machine only
            "SLACK_API_URL": f"{slack}/api",
            "THREAD_STORE": "redis",
            "SYNTHETIC_CHANNEL": "#nobody-reads-this",  # what gates of a rollout send goes there
        },
        "monitoring": monitoring(loki),
    }
