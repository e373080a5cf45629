"""The sections that stand alone: release, rollout, health, edge, hooks, monitoring and protect.

What is wrong goes into the report; the spec that is returned then is of no use, and never reaches anybody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from pydantic_core import PydanticCustomError

from deploy.settings import read, rollout_shape, scalars, shape
from deploy.settings.certificates import checked_tls
from deploy.settings.errors import SECTIONS
from deploy.settings.masking import Path
from deploy.settings.origins import ReadText, archive_mistake
from deploy.settings.report import Report, near
from deploy.settings.specs import (
    AlertmanagerSpec,
    ArchiveSource,
    ArtifactSpec,
    BasicAuthSpec,
    EdgeSpec,
    GrafanaSpec,
    HealthSpec,
    HooksSpec,
    HostSpec,
    Impl,
    LokiSpec,
    MonitoringSpec,
    PrometheusSpec,
    ReleaseSpec,
    RolloutSpec,
    Source,
)

PROTECTED_STACK: Final = "prod"
Config = Mapping[str, object]


def known(config: Config, report: Report) -> Config:
    """The sections that have a value. One that is mistyped is told, and then is not missing, too."""
    unknown = [str(key) for key in config if key not in SECTIONS]
    for key in unknown:
        report.unknown_key((key,), config.get(key), SECTIONS)
        report.forgive(near(key, SECTIONS))
    return {key: value for key, value in config.items() if key in SECTIONS and value is not None}


def release(config: Config, report: Report) -> ReleaseSpec:
    """The release and its artifacts."""
    if config.get("release") is None:
        report.add(("release",), None, "is missing", "the form: threader docs release")
        return ReleaseSpec("", {})
    form = read.form(shape.Release, config["release"], ("release",), report)
    if form is None:
        return ReleaseSpec("", {})
    named = {Impl.PYTHON: form.python, Impl.NODE: form.node, Impl.GO: form.go}
    artifacts = {impl: ArtifactSpec(impl, each.artifact, each.sha256) for impl, each in named.items() if each}
    return ReleaseSpec(form.version, MappingProxyType(artifacts))


def rollout(config: Config, report: Report) -> RolloutSpec:
    """How generations are activated."""
    form = read.form(rollout_shape.Rollout, config.get("rollout"), ("rollout",), report)
    return form.spec() if form else RolloutSpec()


def health(config: Config, report: Report) -> HealthSpec:
    """When an instance counts as healthy."""
    form = read.form(shape.Health, config.get("health"), ("health",), report)
    return HealthSpec(**form.model_dump()) if form else HealthSpec()


def edge(config: Config, report: Report) -> EdgeSpec:
    """Where the edges listen."""
    form = read.form(shape.Edge, config.get("edge"), ("edge",), report)
    return EdgeSpec(**form.model_dump()) if form else EdgeSpec()


def hooks(config: Config, report: Report) -> HooksSpec:
    """The operator's own commands."""
    form = read.form(shape.Hooks, config.get("hooks"), ("hooks",), report)
    return HooksSpec(**form.model_dump()) if form else HooksSpec()


def monitoring(config: Config, hosts: Sequence[HostSpec], report: Report, read_text: ReadText) -> MonitoringSpec:
    """The monitoring of `hosts`; `read_text` reads the .sources files and the certificates that it names."""
    form = read.form(shape.Monitoring, config.get("monitoring"), ("monitoring",), report)
    if form is None:
        return MonitoringSpec()
    kinds = {"prometheus": PrometheusSpec, "alertmanager": AlertmanagerSpec, "loki": LokiSpec, "grafana": GrafanaSpec}
    parts = {}
    for name, kind in kinds.items():
        values = dict(getattr(form, name))  # of the form, whose sources are specs already
        source = _with_text(values.pop("source"), ("monitoring", name, "source", "sources"), report, read_text)
        parts[name] = kind(**values, source=source)
    alone = {name: value for name, value in form if name not in (*kinds, "tls", "basic_auth")}
    tls = checked_tls(form.tls, hosts, report, read_text) if form.tls else None
    basic_auth = BasicAuthSpec(form.basic_auth.user) if form.basic_auth else None
    return MonitoringSpec(**{**alone, **parts}, tls=tls, basic_auth=basic_auth)


def _with_text(source: Source, path: Path, report: Report, read_text: ReadText) -> Source:
    """The source with the text of its .sources file, of which so far it had the path."""
    if not isinstance(source, ArchiveSource):
        return source
    try:
        text = read_text(source.sources)
    except (OSError, ValueError) as error:
        reason = f"can not be read: {getattr(error, 'strerror', None) or error}"
        report.add(path, source.sources, reason, "the file of the archive's vendor, with its key in Signed-By")
        return source
    if mistake := archive_mistake(text):
        report.add(path, source.sources, *mistake)
    return replace(source, sources=text)


def protect(config: Config, stack: str, report: Report) -> bool:
    """Whether the stack refuses to be destroyed; unless said otherwise, the one called prod does."""
    raw = config.get("protect")
    if raw is None:
        return stack.rpartition("/")[2] == PROTECTED_STACK
    try:
        return scalars.flag(raw)
    except PydanticCustomError as error:
        report.refused(("protect",), raw, error)
        return False
