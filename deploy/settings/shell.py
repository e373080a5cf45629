"""What the operator's own shell adds to the settings, where those say nothing."""

from collections.abc import Collection, Mapping
from typing import Final

from pydantic_core import PydanticCustomError

from deploy.settings import scalars
from deploy.settings.report import Report
from deploy.settings.specs import Secret
from deploy.settings.values import REDIS, WEBHOOK, mistake

PASSED_ON: Final = (WEBHOOK, REDIS)
VAULT: Final = ("VAULT_ADDR", "VAULT_TOKEN")


def secrets(environ: Mapping[str, str], given: Collection[str], report: Report) -> dict[str, Secret]:
    """The secrets that only the shell has; an empty variable counts as unset."""
    found = {name: environ.get(name, "").strip() for name in PASSED_ON if name not in given}
    for name, value in found.items():
        reason = _mistake(name, value)
        if reason:
            report.add_shell(name, reason, f"unset {name}")
    return {name: Secret(value, "environment") for name, value in found.items() if value}


def sources(environ: Mapping[str, str], taken: Collection[str]) -> dict[str, str]:
    """Where the variables that the shell has come from, and what became of Vault's."""
    vault = {name: f"environment {name} (not passed on)" for name in VAULT if environ.get(name)}
    return {name: f"environment {name}" for name in taken} | vault


def notes(environ: Mapping[str, str]) -> list[str]:
    """What to say once about the shell."""
    seen = [name for name in VAULT if environ.get(name)]
    if not seen:
        return []
    names = f"{' and '.join(seen)} {'is' if len(seen) == 1 else 'are'} set"
    return [f"{names}, but Vault is not available in this version: secrets come from the stack config"]


def _mistake(name: str, value: str) -> str | None:
    try:
        return mistake(name, scalars.text(value))
    except PydanticCustomError as error:
        return str((error.context or {})["reason"])
