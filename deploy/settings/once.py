"""How a rollout goes for one deploy only, whatever the stack says: variables that verbs of `threader` set."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from pydantic_core import PydanticCustomError

from deploy.settings import scalars
from deploy.settings.masking import setting
from deploy.settings.ports import keys
from deploy.settings.progressive import strategy_of
from deploy.settings.report import Report
from deploy.settings.specs import SLOTTED, Hold, RolloutSpec, Strategy

VARIABLES: Final = {
    "strategy": "THREADER_STRATEGY",
    "batch": "THREADER_BATCH",
    "max_unavailable": "THREADER_MAX_UNAVAILABLE",
    "wait": "THREADER_WAIT",
    "hold": "THREADER_HOLD",
    "decision": "THREADER_DECISION",
    "emergency": "THREADER_EMERGENCY",
}
"""By the key of the section `rollout` that it stands for, or the last one of none; an empty one says nothing."""
_LONGEST_REASON: Final = 200


@dataclass(frozen=True, slots=True)
class Once:
    """What the shell says: settings over those of the section `rollout`, and why no gate is asked, if it says so.

    `standing` is the stack's own strategy where another one holds for once.
    """

    over: Mapping[str, object]
    standing: Strategy | None = None
    emergency: str | None = None

    def laid_over(self, config: Mapping[str, object]) -> Mapping[str, object]:
        """The sections, with what the shell says in them; a section that is none is left for its own mistake."""
        section = config.get("rollout")
        if not self.over or not (section is None or isinstance(section, Mapping)):
            return config
        return {**config, "rollout": dict(keys(section)) | dict(self.over)}

    def slotted(self, config: Mapping[str, object]) -> bool:
        """Whether instances have a second slot, of sections with what the shell says in them."""
        return not SLOTTED.isdisjoint((strategy_of(keys(config.get("rollout"))), self.standing))

    def completed(self, spec: RolloutSpec) -> RolloutSpec:
        """The spec with what is no setting."""
        return replace(spec, standing=self.standing, emergency=self.emergency)


def said(environ: Mapping[str, str]) -> Mapping[str, str]:
    """What the shell says, by the names of `VARIABLES`."""
    return {key: environ[name] for key, name in VARIABLES.items() if environ.get(name)}


def sources(environ: Mapping[str, str]) -> Mapping[str, str]:
    """The variables of the shell that settings come from, by the setting as it is told."""
    return {setting(("rollout", key)): VARIABLES[key] for key in said(environ)}


def for_once(config: Mapping[str, object], environ: Mapping[str, str], report: Report) -> Once:
    """What the shell says of the rollout; all but the reason of an emergency is checked as settings are."""
    given = dict(said(environ))
    reason = given.pop("emergency", None)
    over: dict[str, object] = dict(given)
    if reason is not None:
        over |= _emergency(reason, given, report)
    own = strategy_of(keys(config.get("rollout")))
    return Once(over, own if over.get("strategy") not in (None, own) else None, reason)


def _emergency(reason: str, given: Mapping[str, str], report: Report) -> dict[str, object]:
    """The settings of a deploy that cannot wait: nothing is tested, and nobody is asked."""
    try:
        if len(scalars.filled(reason)) > _LONGEST_REASON:
            scalars.wrong(f"is longer than {_LONGEST_REASON} characters")
    except PydanticCustomError as error:
        report.refused(("rollout", "emergency"), reason, error)
    for key, value in (("strategy", Strategy.ROLLING), ("hold", Hold.NEVER)):
        if given.get(key) not in (None, value):
            reason = f"{VARIABLES['emergency']} is set, and such a deploy has {value}"
            report.add(("rollout", key), given[key], reason)
    return {"strategy": Strategy.ROLLING.value, "hold": Hold.NEVER.value, "gates": []}


def note(spec: RolloutSpec) -> str | None:
    """What everybody should know of a deploy that cannot wait."""
    if spec.emergency is None:
        return None
    return f"this deploy is an emergency ({spec.emergency}): no gate looks at what is new, and nobody is asked"
