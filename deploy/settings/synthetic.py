"""Synthetic alerts, and the channels of Slack: nobody reads what only tests a release."""

from collections.abc import Iterator, Sequence
from typing import Final

from deploy.analysis.gates import GateKind
from deploy.settings import words
from deploy.settings.environment import Environment
from deploy.settings.masking import Path, setting
from deploy.settings.placement import Place
from deploy.settings.ports import keys
from deploy.settings.report import Report
from deploy.settings.scalars import soft
from deploy.settings.specs import SLOTTED, FleetSpec
from deploy.settings.values import CHANNEL, SYNTHETIC_CHANNEL, SYNTHETIC_KEY, TOKEN
from deploy.settings.variables import encrypt

BY_SEVERITY: Final = ("#alerts-critical", "#alerts-warning", "#alerts-info")
"""Where threaders post without SLACK_CHANNEL. They refuse these as that of synthetic alerts in any case."""
_NOWHERE: Final = "pulumi config set --path '{}' '#nobody-reads-this'"
_NEW_KEY: Final = f'{encrypt(SYNTHETIC_KEY)} "$(openssl rand -hex 32)"'


def check_synthetic(rollout: object, places: Sequence[Place], shared: Environment, report: Report) -> None:
    """The key and the channel of synthetic alerts are there together, for the whole fleet, and nobody reads there."""
    _check_own(places, report)
    given = shared.given
    _check_bot(rollout, shared, report)
    if SYNTHETIC_KEY in given and SYNTHETIC_CHANNEL not in given:
        command = _NOWHERE.format("{path}")
        report.add(("env", SYNTHETIC_CHANNEL), None, f"is missing: {SYNTHETIC_KEY} is set", command)
    if SYNTHETIC_CHANNEL not in given:
        return
    if SYNTHETIC_KEY not in given:
        report.add(("secrets", SYNTHETIC_KEY), None, f"is missing: {SYNTHETIC_CHANNEL} is set", _NEW_KEY)
    hidden = SYNTHETIC_CHANNEL in shared.secrets
    path = ("secrets" if hidden else "env", SYNTHETIC_CHANNEL)
    mine = _value(SYNTHETIC_CHANNEL, shared)
    other = next((where for where, name in _channels(rollout, places, shared) if _same(name, mine)), None)
    if other:
        command = encrypt(SYNTHETIC_CHANNEL) if hidden else _NOWHERE.format("{path}")
        report.add(path, mine, f"people read there: it is {other}, too", command)


def _check_own(places: Sequence[Place], report: Report) -> None:
    """Rollouts test all instances alike. A key of its own is refused already, as a secret in plain text."""
    told: set[Path] = set()
    for place in places:
        path = ("instances", place.index, "env", SYNTHETIC_CHANNEL)
        if SYNTHETIC_CHANNEL in place.env and path not in told:
            told.add(path)
            value, command = place.env[SYNTHETIC_CHANNEL], _NOWHERE.format(setting(("env", SYNTHETIC_CHANNEL)))
            report.add(path, value, "has to be one for the whole fleet, under env", command)


def _check_bot(rollout: object, shared: Environment, report: Report) -> None:
    """Only a bot is told by Slack what became of a message."""
    why = "rollout.notify tells people" if keys(rollout).get("notify") is not None else None
    why = f"{SYNTHETIC_CHANNEL} is set" if SYNTHETIC_CHANNEL in shared.given else why
    if why and TOKEN not in shared.given:
        report.add(("secrets", TOKEN), None, f"is missing: {why}, and that needs a bot", encrypt(TOKEN))


def _channels(rollout: object, places: Sequence[Place], shared: Environment) -> Iterator[tuple[str, str]]:
    """Every other channel that is configured, each with what it is."""
    notify = soft(words.channel, keys(keys(rollout).get("notify")).get("channel"))
    if notify:
        yield setting(("rollout", "notify", "channel")), notify
    yield CHANNEL, _value(CHANNEL, shared)
    for place in places:
        yield f"{CHANNEL} of {place.name}", place.env.get(CHANNEL, "")
    for name in BY_SEVERITY:
        yield "where threaders post by default", name


def _value(name: str, shared: Environment) -> str:
    """The value of a variable of the fleet, also where it is a secret."""
    hidden = shared.secrets.get(name)
    return shared.env.get(name) or (hidden.value if hidden else "")


def _same(one: str, other: str) -> bool:
    """Whether two names, or ids, are of one channel; an empty one is unset."""
    first, second = (each.strip().removeprefix("#").lower() for each in (one, other))
    return bool(first) and first == second


def note(fleet: FleetSpec) -> str | None:
    """What a person should know whose fleet has no synthetic alerts, and gates that would need them."""
    needed = fleet.rollout.strategy in SLOTTED and any(gate.kind is GateKind.COMPARE for gate in fleet.rollout.gates)
    if SYNTHETIC_KEY in fleet.secrets or not needed:
        return None
    channel = _NOWHERE.format(setting(("env", SYNTHETIC_CHANNEL)))
    return (
        f"there is no {SYNTHETIC_KEY}, so without real alerts the gates of a rollout that compare deliveries stay "
        f"inconclusive; next: {channel} && {_NEW_KEY}, then once: threader rolling, since old and new have to know it"
    )
