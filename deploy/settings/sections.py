"""The sections that stand alone: release, rollout, health, edge, hooks, monitoring and protect.

What is wrong goes into the report; the spec that is returned then is of no use, and never reaches anybody.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pydantic_core import PydanticCustomError

from deploy.settings import available, read, scalars, shape
from deploy.settings.errors import SECTIONS
from deploy.settings.report import Report, near
from deploy.settings.specs import (
    ArtifactSpec,
    EdgeSpec,
    HealthSpec,
    HooksSpec,
    Impl,
    MonitoringSpec,
    ReleaseSpec,
    RolloutSpec,
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
    form = read.form(shape.Rollout, config.get("rollout"), ("rollout",), report)
    return RolloutSpec(**form.model_dump()) if form else RolloutSpec()


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


def monitoring(config: Config, report: Report) -> MonitoringSpec:
    """The monitoring, of which there is none yet."""
    raw = config.get("monitoring")
    if raw is not None and raw != {} and not available.MONITORING:
        reason = "monitoring is not available in this version"
        report.add(("monitoring",), raw, reason, "pulumi config rm alert-threader:monitoring")
    return MonitoringSpec()


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
