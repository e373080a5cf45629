"""The sections that Pulumi keeps encrypted, and the check that nothing in them is in plain text, nor the other way."""

from collections.abc import Collection, Mapping
from typing import Final

from pydantic_core import PydanticCustomError

from deploy.settings import read, scalars, variables
from deploy.settings.errors import NAMESPACE, SECTIONS
from deploy.settings.masking import is_vault
from deploy.settings.report import Report
from deploy.settings.specs import REDACTED, Secret
from deploy.settings.values import SHORTEST_KEY

ENCRYPTED: Final = frozenset({"secrets", "digest_key"})
"""The sections that hold secrets: the values of no other one are masked everywhere."""
_NEW_KEY: Final = 'pulumi config set --secret alert-threader:digest_key "$(openssl rand -hex 32)"'


def secrets(
    config: Mapping[str, object], secret_keys: Collection[str], stack_file: Mapping[str, object], report: Report
) -> dict[str, Secret]:
    """The section `secrets`: variables whose values are encrypted in the stack file."""
    raw = config.get("secrets")
    names = read.mapping(raw, ("secrets",), report)
    plain = _in_plain_text(names, secret_keys, stack_file)
    for name in (each for each, value in names.items() if each in plain and not is_vault(value)):
        report.add(("secrets", name), names[name], "a secret in plain text", variables.encrypt(name))
    found = variables.secret(names, ("secrets",), report)
    return {name: Secret(value) for name, value in found.items()}


def digest_key(config: Mapping[str, object], secret_keys: Collection[str], report: Report) -> Secret | None:
    """The key of the digests that stand for secrets in public names; None if the stack has none."""
    raw = config.get("digest_key")
    if raw is None:
        return None
    try:
        value = scalars.text(raw)
        if len(value) < SHORTEST_KEY:
            scalars.wrong(f"is shorter than {SHORTEST_KEY} characters", _NEW_KEY)
        if "digest_key" not in secret_keys:
            scalars.wrong("a secret in plain text", _NEW_KEY)
    except PydanticCustomError as error:
        report.refused(("digest_key",), raw, error)
        return None
    return Secret(value)


def nothing_else_encrypted(config: Mapping[str, object], secret_keys: Collection[str], report: Report) -> None:
    """Refuse an encrypted value in a section that is not masked: it would be printed in plain text."""
    for section in SECTIONS:
        if section in secret_keys and section in config and section not in ENCRYPTED:
            reason = "has an encrypted value, and only those under secrets stay masked"
            suggestion = f"{variables.encrypt('NAME')}, and the plain ones without --secret"
            report.add((section,), REDACTED, reason, suggestion)


def _in_plain_text(
    names: Collection[str], secret_keys: Collection[str], stack_file: Mapping[str, object]
) -> frozenset[str]:
    """The secrets that are not encrypted. Pulumi tells only whether any is; the stack file, if given, tells which."""
    if "secrets" not in secret_keys:
        return frozenset(names)
    config = stack_file.get("config")
    section = config.get(f"{NAMESPACE}:secrets") if isinstance(config, Mapping) else None
    if not isinstance(section, Mapping):
        return frozenset()
    return frozenset(str(name) for name, value in section.items() if not _encrypted(value))


def _encrypted(value: object) -> bool:
    return isinstance(value, Mapping) and set(value) == {"secure"}
