"""How a rollout goes for one deploy only, whatever the stack says: variables that `threader rolling` sets."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from deploy.settings import sections
from deploy.settings.errors import Finding, SettingsError
from deploy.settings.masking import setting
from deploy.settings.report import Report
from deploy.settings.rolling import check_batch
from deploy.settings.specs import RolloutSpec

VARIABLES: Final = {
    "strategy": "THREADER_STRATEGY",
    "batch": "THREADER_BATCH",
    "max_unavailable": "THREADER_MAX_UNAVAILABLE",
    "wait": "THREADER_WAIT",
}
"""By the key of the section `rollout` that it stands for; an empty one says nothing."""
HELP: Final = "threader rolling --help"


def for_once(spec: RolloutSpec, environ: Mapping[str, str], stack: str) -> RolloutSpec:
    """The spec with what the shell says over it; raises SettingsError as the settings themselves would."""
    given = {key: environ[name] for key, name in VARIABLES.items() if environ.get(name)}
    if not given:
        return spec
    at_a_time = {"batch": spec.batch, "max_unavailable": spec.max_unavailable}
    report, whole = Report(stack, frozenset()), {**at_a_time, **given}
    read = sections.rollout({"rollout": whole}, report)
    check_batch(whole, report)
    try:
        report.done()
    except SettingsError as error:
        raise SettingsError([_where_it_is(each, given) for each in error.findings], stack=stack) from None
    return replace(spec, **{key: getattr(read, key) for key in given})


def _where_it_is(finding: Finding, given: Mapping[str, str]) -> Finding:
    """A mistake in what the shell says is mended there, and not in the settings."""
    variables = {setting(("rollout", key)): VARIABLES[key] for key in given}
    name = variables.get(finding.path)
    return replace(finding, path=f"environment {name}" if name else finding.path, suggestion=HELP)
