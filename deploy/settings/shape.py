"""The form of each section: its keys, what they may hold and what they default to. `sample.yaml` explains them."""

from collections.abc import Mapping
from functools import partial
from shlex import quote
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, model_validator

from deploy.settings import addresses, folders, origins, scalars, times, words
from deploy.settings.specs import (
    AlertmanagerSpec,
    EdgeSpec,
    GrafanaSpec,
    HealthSpec,
    HostSpec,
    Impl,
    LokiSpec,
    MonitoringSpec,
    PrometheusSpec,
    Source,
)

_HOST, _HEALTH, _EDGE = HostSpec("", ""), HealthSpec(), EdgeSpec()
_MONITORING = MonitoringSpec()
_PROMETHEUS, _ALERTMANAGER, _LOKI, _GRAFANA = PrometheusSpec(), AlertmanagerSpec(), LokiSpec(), GrafanaSpec()


def a_list(value: object) -> object:
    """A list, which may be empty."""
    return value if isinstance(value, list | tuple) else scalars.wrong("has to be a list")


def some(value: object) -> object:
    """A list with something in it."""
    return value if a_list(value) else scalars.wrong("is empty")


def _artifact(value: object) -> object:
    return value if isinstance(value, Mapping) else {"artifact": value}


def inner(value: object) -> object:
    """A mapping within a section; as in sections, a key without a value is as good as absent."""
    if not isinstance(value, Mapping):
        scalars.wrong("has to be a mapping of keys to values")
    return {str(key): each for key, each in value.items() if each is not None}


def _part(value: object) -> object:
    """The same, for which `none` says that there is no such part."""
    return {"source": value} if value == "none" else inner(value)


def impl_word(value: object) -> Impl:
    """The word of an implementation."""
    return scalars.choice(value, Impl, "implementation")


Name = Annotated[str, PlainValidator(words.name)]
Text = Annotated[str, PlainValidator(scalars.filled)]
FilePath = Annotated[str, PlainValidator(folders.file_path)]
AlertmanagerUrl = Annotated[str, PlainValidator(addresses.alertmanager)]
Count = Annotated[int, PlainValidator(scalars.count)]
Port = Annotated[int, PlainValidator(words.edge_port)]
Days = Annotated[int, PlainValidator(partial(scalars.integer, least=1, most=3650))]
Url = Annotated[str, PlainValidator(addresses.external)]
Distributed = Annotated[Source, PlainValidator(origins.distributed)]
Undistributed = Annotated[Source, PlainValidator(origins.undistributed)]
Commands = Annotated[tuple[Text, ...], BeforeValidator(a_list)]


class Form(BaseModel):
    """A mapping with known keys only."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Host(Form):
    """One of `hosts`."""

    name: Name = Field(examples=["app-1"])
    address: Annotated[str, PlainValidator(addresses.address)] = Field(examples=["10.0.0.11"])
    user: Annotated[str, PlainValidator(words.user)] = _HOST.user
    port: Annotated[int, PlainValidator(words.ssh_port)] = _HOST.port
    roles: Annotated[tuple[Name, ...], BeforeValidator(some)] = _HOST.roles
    lost: Annotated[bool, PlainValidator(scalars.flag)] = _HOST.lost
    key: FilePath | None = _HOST.key
    known_hosts: FilePath | None = _HOST.known_hosts


class Instance(Form):
    """One of `instances`; its `env` is read with the fleet's."""

    name: Annotated[str, PlainValidator(words.instance)] = Field(examples=["py-a"])
    impl: Annotated[Impl, PlainValidator(impl_word)] = Field(examples=["python"])
    port: Annotated[int, PlainValidator(words.port)] = Field(examples=["9009"])
    host: Text | None = None
    role: Text | None = None
    env_file: Text | None = None
    env: object = None


class Artifact(Form):
    """What `release` names for one implementation."""

    artifact: Annotated[str, PlainValidator(addresses.artifact)] = Field(examples=["dist/THREADER-VERSION.tar.gz"])
    sha256: Annotated[str, PlainValidator(words.sha256)] | None = None

    @model_validator(mode="after")
    def _download_is_checked(self) -> "Artifact":
        if "://" in self.artifact and self.sha256 is None:
            how = f"{{artifact: {self.artifact}, sha256: HEX}}, HEX from: curl -fsSL {quote(self.artifact)} | sha256sum"
            scalars.wrong_key("sha256", "is missing, and what is downloaded needs it", how)
        return self


class Release(Form):
    """The section `release`."""

    version: Annotated[str, PlainValidator(words.version)] = Field(examples=["1.0.0"])
    python: Annotated[Artifact, BeforeValidator(_artifact)] | None = None
    node: Annotated[Artifact, BeforeValidator(_artifact)] | None = None
    go: Annotated[Artifact, BeforeValidator(_artifact)] | None = None


class Health(Form):
    """The section `health`."""

    path: Annotated[str, PlainValidator(addresses.health_path)] = _HEALTH.path
    deadline: Annotated[float, PlainValidator(times.DEADLINE)] = _HEALTH.deadline
    interval: Annotated[float, PlainValidator(times.INTERVAL)] = _HEALTH.interval
    ready: Annotated[str, PlainValidator(addresses.ready_path)] = _HEALTH.ready
    every: Annotated[float, PlainValidator(times.EVERY)] = _HEALTH.every
    timeout: Annotated[float, PlainValidator(times.TIMEOUT)] = _HEALTH.timeout
    failures: Count = _HEALTH.failures
    restarts: Annotated[int, PlainValidator(partial(scalars.integer, least=0, most=100))] = _HEALTH.restarts
    alertmanagers: Annotated[tuple[AlertmanagerUrl, ...], BeforeValidator(a_list)] = _HEALTH.alertmanagers
    metrics: Annotated[str, PlainValidator(folders.folder)] = _HEALTH.metrics


class Edge(Form):
    """The section `edge`."""

    port: Port = _EDGE.port
    metrics_port: Port = _EDGE.metrics_port
    bind: Annotated[str, PlainValidator(addresses.ip)] | None = _EDGE.bind


class Hooks(Form):
    """The section `hooks`."""

    before: Commands = ()
    after: Commands = ()


class Prometheus(Form):
    """`prometheus` of the section `monitoring`."""

    port: Port = _PROMETHEUS.port
    every: Annotated[float, PlainValidator(times.SCRAPES)] = _PROMETHEUS.every
    retention_days: Days = _PROMETHEUS.retention_days
    retention_mb: Annotated[int, PlainValidator(partial(scalars.integer, least=64, most=2**20))] = (
        _PROMETHEUS.retention_mb
    )
    external_url: Url | None = _PROMETHEUS.external_url
    source: Distributed = _PROMETHEUS.source


class Alertmanager(Form):
    """`alertmanager` of the section `monitoring`."""

    port: Port = _ALERTMANAGER.port
    cluster_port: Port = _ALERTMANAGER.cluster_port
    external_url: Url | None = _ALERTMANAGER.external_url
    source: Distributed = _ALERTMANAGER.source


class Loki(Form):
    """`loki` of the section `monitoring`."""

    port: Port = _LOKI.port
    grpc_port: Port = _LOKI.grpc_port
    retention_days: Days = _LOKI.retention_days
    source: Undistributed = _LOKI.source


class Grafana(Form):
    """`grafana` of the section `monitoring`."""

    port: Port = _GRAFANA.port
    external_url: Url | None = _GRAFANA.external_url
    source: Undistributed = _GRAFANA.source


class Tls(Form):
    """`tls` of the section `monitoring`."""

    cert: FilePath = Field(examples=["tls/monitoring.pem"])
    key: FilePath = Field(examples=["tls/monitoring.key"])
    ca: FilePath = Field(examples=["tls/ca.pem"])


class BasicAuth(Form):
    """`basic_auth` of the section `monitoring`."""

    user: Annotated[str, PlainValidator(words.basic_user)] = Field(examples=["monitoring"])


class Monitoring(Form):
    """The section `monitoring`."""

    prometheus: Annotated[Prometheus, BeforeValidator(inner)] = Prometheus()
    alertmanager: Annotated[Alertmanager, BeforeValidator(inner)] = Alertmanager()
    loki: Annotated[Loki, BeforeValidator(_part)] = Loki()
    grafana: Annotated[Grafana, BeforeValidator(_part)] = Grafana()
    node_port: Port = _MONITORING.node_port
    blackbox_port: Port = _MONITORING.blackbox_port
    log_buffer_mb: Annotated[int, PlainValidator(partial(scalars.integer, least=1, most=10240))] = (
        _MONITORING.log_buffer_mb
    )
    objective: Annotated[float, PlainValidator(scalars.percent)] = _MONITORING.objective
    runbooks: Text = _MONITORING.runbooks
    tls: Annotated[Tls, BeforeValidator(inner)] | None = None
    basic_auth: Annotated[BasicAuth, BeforeValidator(inner)] | None = None
