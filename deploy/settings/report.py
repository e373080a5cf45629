"""Where the mistakes are gathered, so that all of them are told at once."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from pydantic_core import PydanticCustomError

from deploy.settings.errors import SECTIONS, Finding, SettingsError
from deploy.settings.masking import Path, looks_secret, setting, shown
from deploy.settings.specs import REDACTED

ONCE: Final = "rollout"
"""The section that the shell may say otherwise for once."""
ONCE_HELP: Final = f"the form: threader docs {ONCE}"
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_LAST: Final = (len(SECTIONS), -1)


class Report:
    """The findings of one load; values of `secret` sections are never printed, whatever they look like."""

    def __init__(self, stack: str, secret: frozenset[str], once: Mapping[str, str] = _NOTHING) -> None:
        """`once` has the variables of the shell that settings came from, by the setting."""
        self._stack, self._secret, self._once = stack, secret, once
        self._forgiven: set[tuple[str | None]] = set()
        self._findings: list[tuple[tuple[int, int], Finding]] = []

    def add(self, path: Path, value: object, reason: str, suggestion: str = "", *, secret: bool = False) -> None:
        """Note a mistake; {path} in `suggestion` stands for its own path."""
        if value is None and path in self._forgiven:
            return
        where = setting(path)
        hidden = value is not None and (secret or path[0] in self._secret)
        text = REDACTED if hidden else shown(value)
        finding = Finding(where, text, reason, suggestion.replace("{path}", where))
        if self._once and path[0] == ONCE:  # mended in the shell, and not in the settings
            name = self._once.get(where)
            finding = replace(finding, path=f"environment {name}" if name else where, suggestion=ONCE_HELP)
        self._findings.append((_order(path), finding))

    def refused(self, path: Path, value: object, error: PydanticCustomError, *, secret: bool = False) -> None:
        """Note what a reader of `deploy.settings.scalars` refused."""
        context: Mapping[str, object] = error.context or {}
        self.add(path, value, str(context["reason"]), str(context["suggestion"]), secret=secret)

    def add_shell(self, name: str, reason: str, suggestion: str) -> None:
        """Note a mistake in a variable of the operator's shell, whose value is always masked."""
        self._findings.append((_LAST, Finding(f"environment {name}", REDACTED, reason, suggestion)))

    def forgive(self, section: str | None) -> None:
        """Do not tell that a section is missing, since it is there under a mistyped name."""
        self._forgiven.add((section,))

    def unknown_key(self, path: Path, value: object, known: Iterable[str]) -> None:
        """Note that the last key of `path` is none of the `known` ones."""
        names = list(known)
        close = near(str(path[-1]), names)
        self.add(path, value, "unknown key", f"did you mean {close}?" if close else f"known: {', '.join(names)}")

    def done(self) -> None:
        """End the load: SettingsError if anything was noted."""
        if self._findings:
            ordered = sorted(self._findings, key=lambda each: each[0])
            raise SettingsError([finding for _, finding in ordered], stack=self._stack)


def _order(path: Path) -> tuple[int, int]:
    """By section, then by item of its list; what is equal stays as found."""
    item = path[1] if len(path) > 1 and isinstance(path[1], int) else -1
    return (SECTIONS.index(str(path[0])) if path[0] in SECTIONS else -1, item)


def near(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The known word that somebody who typed `word` (no secret) probably meant; None if nothing is close."""
    if looks_secret(word):
        return None
    folded = {each.lower(): each for each in known}
    found = difflib.get_close_matches(word[:200].lower(), folded, n=1, cutoff=cutoff)
    return folded[found[0]] if found else None
