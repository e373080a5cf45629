"""What the operator wants, as frozen values: the nouns that the rest of the code shares."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

REDACTED: Final = "[REDACTED]"


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


class Impl(StrEnum):
    """The language that a threader is written in."""

    PYTHON = "python"
    NODE = "node"
    GO = "go"


class Strategy(StrEnum):
    """How a rollout goes through the fleet; `deploy.settings.available` says which of them this version has."""

    ALL_AT_ONCE = "all-at-once"
    ROLLING = "rolling"
    CANARY = "canary"
    BLUE_GREEN = "blue-green"


class Unreachable(StrEnum):
    """What a rollout does when the host of an instance does not answer: nothing anywhere, or go on without it."""

    FAIL = "fail"
    SKIP = "skip"


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A value that prints as [REDACTED]; `source` is "config" or "environment" (the operator's shell)."""

    value: str
    source: str = "config"

    def __repr__(self) -> str:
        return REDACTED

    __str__ = __repr__


@dataclass(frozen=True, slots=True)
class HostSpec:
    """A machine of the fleet and how to reach it by SSH.

    `lost` means gone for good: it is forgotten without contact. `key` and `known_hosts` are paths as the operator
    wrote them (a leading ~ is not resolved); None leaves the choice to ~/.ssh/config.
    """

    name: str
    address: str
    user: str = "root"
    port: int = 22
    roles: tuple[str, ...] = ("threader",)
    lost: bool = False
    key: str | None = None
    known_hosts: str | None = None


@dataclass(frozen=True, slots=True)
class InstanceSpec:
    """One threader on one host; `env` are its own variables, merged over the fleet's."""

    name: str
    impl: Impl
    port: int
    host: str
    env_file: str
    env: Mapping[str, str] = field(default_factory=_nothing)


@dataclass(frozen=True, slots=True)
class ArtifactSpec:
    """A release of one implementation: a path as written or a URL. A URL always has its `sha256` (lower-case hex)."""

    impl: Impl
    artifact: str
    sha256: str | None = None

    @property
    def remote(self) -> bool:
        """Whether it has to be downloaded."""
        return "://" in self.artifact


@dataclass(frozen=True, slots=True)
class ReleaseSpec:
    """What runs: a version, and an artifact for every implementation that an instance uses."""

    version: str
    artifacts: Mapping[Impl, ArtifactSpec]


@dataclass(frozen=True, slots=True)
class HealthSpec:
    """When an activated instance counts as healthy: 2xx from `path` within `deadline` s, asked every `interval` s."""

    path: str = "/health"
    deadline: float = 30.0
    interval: float = 0.5


@dataclass(frozen=True, slots=True)
class RolloutSpec:
    """How a new generation is activated.

    An activation that nobody confirms within `confirm_within` s goes back by itself; hosts keep `keep` generations.
    """

    strategy: Strategy = Strategy.ALL_AT_ONCE
    unreachable: Unreachable = Unreachable.FAIL
    confirm_within: float = 60.0
    keep: int = 5


@dataclass(frozen=True, slots=True)
class HooksSpec:
    """Shell commands of the operator's own, run on the operator's machine before and after a rollout, in order."""

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MonitoringSpec:
    """Nothing in this version: the section has to be empty."""


@dataclass(frozen=True, slots=True)
class FleetSpec:
    """A whole stack.

    `hosts` and `instances` keep the order of the settings. `env` and `secrets` belong to every instance; `sources`
    says of each variable where its value came from; `notes` are sentences to say once. `digest_key` keys the public
    digests of secrets; `protect` refuses to destroy the stack.
    """

    hosts: tuple[HostSpec, ...]
    instances: tuple[InstanceSpec, ...]
    release: ReleaseSpec
    rollout: RolloutSpec = RolloutSpec()
    health: HealthSpec = HealthSpec()
    env: Mapping[str, str] = field(default_factory=_nothing)
    secrets: Mapping[str, Secret] = field(default_factory=_nothing)
    sources: Mapping[str, str] = field(default_factory=_nothing)
    notes: tuple[str, ...] = ()
    digest_key: Secret | None = None
    hooks: HooksSpec = HooksSpec()
    monitoring: MonitoringSpec = MonitoringSpec()
    protect: bool = False

    def host(self, name: str) -> HostSpec:
        """The host called `name`; KeyError if there is none."""
        found = next((host for host in self.hosts if host.name == name), None)
        if found is None:
            raise KeyError(name)
        return found

    def env_of(self, instance: InstanceSpec) -> Mapping[str, str]:
        """The plain variables of an instance: the fleet's, and its own over them."""
        return MappingProxyType({**self.env, **instance.env})

    def secrets_of(self, instance: InstanceSpec) -> Mapping[str, Secret]:
        """The secret variables of an instance: the fleet's, except what its own `env` overrides."""
        return MappingProxyType({name: each for name, each in self.secrets.items() if name not in instance.env})
