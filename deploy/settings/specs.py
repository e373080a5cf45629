"""What the operator wants, as frozen values: the nouns that the rest of the code shares."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from deploy.analysis.gates import DEFAULT_GATES, GateSpec

REDACTED: Final = "[REDACTED]"


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


class Impl(StrEnum):
    """The language that a threader is written in."""

    PYTHON = "python"
    NODE = "node"
    GO = "go"


class Strategy(StrEnum):
    """How a rollout goes through the fleet."""

    ALL_AT_ONCE = "all-at-once"
    ROLLING = "rolling"
    CANARY = "canary"
    BLUE_GREEN = "blue-green"


class Unreachable(StrEnum):
    """What a rollout does when the host of an instance does not answer: nothing anywhere, or go on without it."""

    FAIL = "fail"
    SKIP = "skip"


class Hold(StrEnum):
    """When a rollout that looks good ends as held, for a person to decide."""

    NEVER = "never"
    ALWAYS = "always"
    INCONCLUSIVE = "inconclusive"


class Revert(StrEnum):
    """How a deploy goes that is back to a recent release: at once, or with all that its strategy has."""

    FAST = "fast"
    FULL = "full"


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
    """When an instance counts as healthy, and what its health timer does about it.

    An activated instance has `deadline` s to answer 2xx from `path`, asked every `interval` s, and then to be ready at
    `ready`. Later its timer asks every `every` s with a `timeout`; `failures` in a row restart it, at most `restarts`
    times, each after twice the wait; then the trouble is posted to `alertmanagers` (base URLs) until it is over.
    `metrics` is the folder of node_exporter's textfile collector.
    """

    path: str = "/health"
    ready: str = "/ready"
    deadline: float = 30.0
    interval: float = 0.5
    every: float = 60.0
    timeout: float = 5.0
    failures: int = 2
    restarts: int = 3
    alertmanagers: tuple[str, ...] = ()
    metrics: str = "/var/lib/prometheus/node-exporter"


@dataclass(frozen=True, slots=True)
class EdgeSpec:
    """The load balancer on every host with the role `edge`: webhooks at `port`, its own metrics at `metrics_port`.

    `bind` None means loopback and the host's address (all addresses where that is a name).
    """

    port: int = 9080
    metrics_port: int = 9081
    bind: str | None = None


EDGE_ROLE: Final = "edge"
"""The role of the hosts on which the edge runs."""


@dataclass(frozen=True, slots=True)
class CanaryStep:
    """One step of a canary: so many `instances`, or `percent` of them, run what is new; both None: as before it.

    They get `weight` percent of the traffic; None: each shares with its slot what it had.
    """

    instances: int | None = None
    percent: float | None = None
    weight: float | None = None


@dataclass(frozen=True, slots=True)
class NotifySpec:
    """Where people are told how a rollout goes, as one Slack thread."""

    channel: str


SLOTTED: Final = frozenset({Strategy.CANARY, Strategy.BLUE_GREEN})
"""The strategies with a second slot beside each instance."""


@dataclass(frozen=True, slots=True)
class RolloutSpec:
    """How a new generation is activated.

    At most `batch` instances are switched at a time and never more than `max_unavailable` are out of service, first
    those named in `order`, then as in the settings; `wait` s lie between batches; no progress for `progress_deadline` s
    is a failure. Requests in flight get `drain` s before a stop. An activation that nobody confirms within
    `confirm_within` s goes back by itself; hosts keep `keep` generations.

    The second slot of an instance has its port and `slot_offset`. What is new goes through the steps of `canary`, and
    `gates` look at it; `hold` says when a person decides, and `decision` ("rN:promote", abort, retry) what. After it
    the slots stay for `warm` s. Within `guard` s of a rollback nothing is deployed. `revert` is for recent releases.

    For one deploy only: `standing` is the stack's own strategy where another one holds, and `emergency` the reason why
    no gate is asked.
    """

    strategy: Strategy = Strategy.ROLLING
    unreachable: Unreachable = Unreachable.FAIL
    confirm_within: float = 60.0
    keep: int = 5
    batch: int = 1
    max_unavailable: int = 1
    wait: float = 0.0
    progress_deadline: float = 600.0
    drain: float = 10.0
    order: tuple[str, ...] = ()
    slot_offset: int = 1000
    hold: Hold = Hold.INCONCLUSIVE
    warm: float = 600.0
    guard: float = 0.0
    revert: Revert = Revert.FAST
    decision: str | None = None
    canary: tuple[CanaryStep, ...] = (CanaryStep(instances=1, weight=10.0), CanaryStep(weight=50.0))
    gates: tuple[GateSpec, ...] = DEFAULT_GATES
    notify: NotifySpec | None = None
    standing: Strategy | None = None
    emergency: str | None = None

    @property
    def slotted(self) -> bool:
        """Whether instances have a second slot, also when another strategy than the stack's own holds for once."""
        return not SLOTTED.isdisjoint((self.strategy, self.standing))


@dataclass(frozen=True, slots=True)
class HooksSpec:
    """Shell commands of the operator's own, run on the operator's machine before and after a rollout, in order."""

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


MONITOR_ROLE: Final = "monitor"
"""The role of the hosts on which Prometheus and Alertmanager run; the first of them has Loki and Grafana, too."""


@dataclass(frozen=True, slots=True)
class PackageSource:
    """A part comes from a package of the distribution."""


@dataclass(frozen=True, slots=True)
class ArchiveSource:
    """A part comes from a package of its vendor's archive: `sources` is the text of a deb822 file with its key."""

    package: str
    sources: str


@dataclass(frozen=True, slots=True)
class TarballSource:
    """A part comes from a tarball: a path as written, or a URL; it has to have the digest `sha256` (hex)."""

    artifact: str
    sha256: str


@dataclass(frozen=True, slots=True)
class NoSource:
    """A part is not installed."""


GRAFANA_PASSWORD: Final = "GRAFANA_ADMIN_PASSWORD"  # noqa: S105 - the name of the secret
"""The secret of a stack that Grafana alone gets, and no threader."""
MONITORING_PASSWORD: Final = "MONITORING_PASSWORD"  # noqa: S105 - the name of the secret
"""The secret of a stack that parts of the monitoring ask each other with, and that no threader gets."""

Source = PackageSource | ArchiveSource | TarballSource | NoSource


@dataclass(frozen=True, slots=True)
class PrometheusSpec:
    """Prometheus keeps `retention_days` days, at most `retention_mb` MB, and scrapes every `every` s."""

    port: int = 9090
    every: float = 15.0
    retention_days: int = 15
    retention_mb: int = 2048
    external_url: str | None = None
    source: Source = PackageSource()


@dataclass(frozen=True, slots=True)
class AlertmanagerSpec:
    """Alertmanager; two of them agree with each other at `cluster_port`."""

    port: int = 9093
    cluster_port: int = 9094
    external_url: str | None = None
    source: Source = PackageSource()


@dataclass(frozen=True, slots=True)
class LokiSpec:
    """Loki keeps logs for `retention_days` days. It is there only where `source` says how.

    Its parts speak with each other at `grpc_port`, on loopback.
    """

    port: int = 3100
    grpc_port: int = 9095
    retention_days: int = 7
    source: Source = NoSource()


@dataclass(frozen=True, slots=True)
class GrafanaSpec:
    """Grafana, where `source` says how to get it."""

    port: int = 3000
    external_url: str | None = None
    source: Source = NoSource()


@dataclass(frozen=True, slots=True)
class TlsSpec:
    """How the parts of the monitoring prove who they are, and whom they believe, as PEM.

    `cert` is one certificate for all hosts, with those between it and `ca`, which is all that clients trust; `key` is
    its key.
    """

    cert: str
    key: Secret
    ca: str


@dataclass(frozen=True, slots=True)
class BasicAuthSpec:
    """As whom the parts of the monitoring are asked; the password is the secret MONITORING_PASSWORD."""

    user: str


@dataclass(frozen=True, slots=True)
class MonitoringSpec:
    """The monitoring stack, on the hosts with the role `monitor`, and what every host has for it.

    `node_port` is node_exporter's on every host, `blackbox_port` the prober's on monitors. Each host keeps up to
    `log_buffer_mb` MB of logs while Loki is away. `objective` percent of webhooks are to be delivered to Slack within
    60 s. `runbooks` is where the links in alerts begin: by default the folder in this repository. Without `tls` parts
    speak plain HTTP; without `basic_auth` whoever reaches them may ask them.
    """

    prometheus: PrometheusSpec = PrometheusSpec()
    alertmanager: AlertmanagerSpec = AlertmanagerSpec()
    loki: LokiSpec = LokiSpec()
    grafana: GrafanaSpec = GrafanaSpec()
    node_port: int = 9100
    blackbox_port: int = 9115
    log_buffer_mb: int = 64
    objective: float = 99.9
    runbooks: str = "docs/runbooks"
    tls: TlsSpec | None = None
    basic_auth: BasicAuthSpec | None = None

    @property
    def scheme(self) -> str:
        """With which word the addresses of parts begin."""
        return "https" if self.tls else "http"


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
    edge: EdgeSpec = EdgeSpec()
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

    @property
    def edges(self) -> tuple[HostSpec, ...]:
        """The hosts on which the edge runs, apart from lost ones."""
        return tuple(host for host in self.hosts if EDGE_ROLE in host.roles and not host.lost)

    @property
    def monitors(self) -> tuple[HostSpec, ...]:
        """The hosts on which Prometheus and Alertmanager run, apart from lost ones; the first has Loki and Grafana."""
        return tuple(host for host in self.hosts if MONITOR_ROLE in host.roles and not host.lost)

    def variable(self, name: str) -> str | None:
        """The value of a variable of the whole fleet, be it a secret or not; None if there is none."""
        hidden = self.secrets.get(name)
        return self.env.get(name, "").strip() or (hidden.value if hidden else None)

    def env_of(self, instance: InstanceSpec) -> Mapping[str, str]:
        """The plain variables of an instance: the fleet's, and its own over them."""
        return MappingProxyType({**self.env, **instance.env})

    def secrets_of(self, instance: InstanceSpec) -> Mapping[str, Secret]:
        """The secret variables of an instance: the fleet's, except the monitoring's, and what its `env` overrides."""
        others = {GRAFANA_PASSWORD, MONITORING_PASSWORD, *instance.env}
        return MappingProxyType({name: each for name, each in self.secrets.items() if name not in others})
