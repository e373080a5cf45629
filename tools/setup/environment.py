"""The environment in which Pulumi works in this checkout: one list, for `activate` and for Python callers."""

import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

OURS = "ALERT_THREADER_OURS_"
"""Beside NAME, the variable OURS + NAME tells what we set it to: another value is the user's choice."""


@dataclass(frozen=True)
class Variable:
    """A variable that a checkout sets."""

    name: str
    value: str
    yields_to: tuple[str, ...] = ()
    """When the user has set one of these, ours keeps out of the way."""


def backend_url(root: Path) -> str:
    """Return the URL of the checkout's own backend. Spaces and other special characters are percent-encoded."""
    return (root / ".state" / "pulumi").as_uri()


def passphrase_file(root: Path) -> Path:
    """Return the file of the generated passphrase that encrypts the secrets of the checkout's own stacks."""
    return root / ".state" / "passphrase"


def is_offline(root: Path) -> bool:
    """Tell whether set-up found that Pulumi's own hosts cannot be reached; false before set-up."""
    with contextlib.suppress(OSError, ValueError):
        return bool(json.loads((root / ".state" / "setup.json").read_text()).get("offline"))
    return False


def variables(root: Path, offline: bool) -> tuple[Variable, ...]:
    """Return what the checkout sets, PATH apart.

    Continue on error: without it one failing host keeps the others from being begun.
    No plugin downloads where nothing can be reached: each command would lose seconds.
    """
    own = (
        Variable("PULUMI_BACKEND_URL", backend_url(root), ("PULUMI_BACKEND_URL",)),
        Variable(
            "PULUMI_CONFIG_PASSPHRASE_FILE",
            str(passphrase_file(root)),
            ("PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_CONFIG_PASSPHRASE"),
        ),
        Variable("PULUMI_CONTINUE_ON_ERROR", "true"),
        Variable("PULUMI_SKIP_UPDATE_CHECK", "1"),
    )
    closed = Variable("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION", "true")
    return (*own, closed) if offline else own


def chosen_by_user(name: str, outer: Mapping[str, str]) -> bool:
    """Tell whether the user has set a variable: not we, in this checkout or another one activated before."""
    return name in outer and outer[name] != outer.get(OURS + name)


def resolve(wanted: Sequence[Variable], outer: Mapping[str, str]) -> dict[str, str]:
    """Return what to set, given what is set already."""
    ours = [each for each in wanted if not any(chosen_by_user(name, outer) for name in each.yields_to)]
    return {each.name: each.value for each in ours} | {OURS + each.name: each.value for each in ours}


def environment(root: Path, outer: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables for a process that runs Pulumi or Python here: `{**os.environ, **environment(root)}`."""
    scripts = str(root / ".venv" / "bin")
    rest = [part for part in outer.get("PATH", os.defpath).split(os.pathsep) if part != scripts]
    place = {"PATH": os.pathsep.join([scripts, *rest]), "VIRTUAL_ENV": str(root / ".venv")}
    return resolve(variables(root, is_offline(root)), outer) | place
