"""The env file of a generation, in the form that systemd's EnvironmentFile= reads."""

import re
from collections.abc import Mapping

_LINE = re.compile(r'^([A-Za-z_][A-Za-z0-9_]*)=(?:"((?:[^"\\]|\\.)*)"|(.*))$')


def render(env: Mapping[str, str]) -> str:
    """The text of the env file: one quoted variable a line, sorted. Settings refuse line breaks in values."""
    return "".join(f'{name}="{_quoted(value)}"\n' for name, value in sorted(env.items()))


def parse(text: str) -> dict[str, str]:
    """The variables of an env file as found, also after somebody edited it; a line that is none is kept as `line N`."""
    found = {}
    for number, line in enumerate(text.split("\n"), start=1):
        match = _LINE.match(line)
        if match:
            name, quoted, bare = match.groups()
            found[name] = bare if quoted is None else re.sub(r'\\([\\"`$])', r"\1", quoted)
        elif line.strip():
            found[f"line {number}"] = line
    return found


def _quoted(value: str) -> str:
    return re.sub(r'([\\"`$])', r"\\\1", value)
