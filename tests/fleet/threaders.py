"""Instances as a test's settings have them: each implementation, on the hosts that the test says."""

from collections.abc import Mapping

from tests.fleet.deployment import Deployment, shown
from tests.fleet.lab import Lab
from tools.release.build import Artifact

IMPLS = {"py": "python", "node": "node", "go": "go"}
"""Each implementation by the word that its instances' names begin with."""
QUICK = {"DRAIN_SECONDS": "0"}
"""Variables of threaders that stop at once."""

Layout = Mapping[str, tuple[str, int]]
"""The host and port of each instance."""


def impl_of(instance: str) -> str:
    """The implementation of an instance by its name."""
    return IMPLS[instance.partition("-")[0]]


def instances(layout: Layout) -> list[dict[str, object]]:
    """The section `instances`."""
    return [{"name": name, "impl": impl_of(name), "host": host, "port": port} for name, (host, port) in layout.items()]


def place(lab: Lab, host: str, port: int) -> str:
    """Where an instance answers, as ADDRESS:PORT."""
    return f"{lab.address(host)}:{port}"


def artifacts(lab: Lab, version: str | None = None, **instead: Artifact) -> list[Artifact]:
    """A good artifact for each implementation, but for those that are given."""
    return [instead.get(impl) or lab.threader(impl, version) for impl in IMPLS.values()]


def prepared(deployment: Deployment, layout: Layout, *impls: str, **rollout: object) -> Deployment:
    """The stack with instances as `layout` says, in rolling rollouts that wait for nothing; nothing is done yet."""
    made = [deployment.lab.threader(impl) for impl in impls]
    deployment.change(
        instances=instances(layout),
        release={"version": made[0].version, **{each.impl: shown(each) for each in made}},
        rollout={"confirm_within": 30, "drain": 0, **rollout},
        env={**deployment.config()["env"], **QUICK},  # type: ignore[dict-item]
    )
    return deployment
