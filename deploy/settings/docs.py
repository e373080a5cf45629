"""The commented sample, section by section: the reference of all settings."""

import re
from functools import cache
from pathlib import Path
from textwrap import dedent

from deploy.settings.errors import NAMESPACE, SECTIONS
from deploy.settings.report import near


class UnknownSectionError(LookupError):
    """There is no such section; str() says which ones there are, and what to type."""

    def __init__(self, name: str) -> None:
        close = near(name, SECTIONS)
        hint = f"did you mean {close}?" if close else f"sections: {', '.join(SECTIONS)}"
        super().__init__(f"{name!r} is no section of the settings; {hint} next: threader docs {close or SECTIONS[0]}")

    def __str__(self) -> str:
        return str(self.args[0])


def section(name: str) -> str:
    """A section of the sample with its comments, as it is written in Pulumi.<stack>.yaml below `config:`.

    `name` is taken with or without the namespace. UnknownSectionError if there is none of that name.
    """
    found = _sections().get(name.removeprefix(f"{NAMESPACE}:"))
    if found is None:
        raise UnknownSectionError(name)
    return found


def sample() -> str:
    """The whole sample, as it is."""
    return Path(__file__).with_name("sample.yaml").read_text(encoding="utf-8")


@cache
def _sections() -> dict[str, str]:
    """Each block of the sample: sections are apart by an empty line, and their comments come first."""
    blocks = sample().partition("config:\n")[2].split("\n\n")
    named = [(re.search(rf"^  {NAMESPACE}:(\w+):", block, re.MULTILINE), block) for block in blocks]
    return {match[1]: dedent(block).strip("\n") + "\n" for match, block in named if match}
