"""What must not be printed, and how a value or a key path is printed otherwise."""

import json
import re
from collections.abc import Mapping, Sized
from typing import Final

from deploy.settings.errors import NAMESPACE
from deploy.settings.specs import REDACTED

Path = tuple[str | int, ...]

_SECRET_NAME: Final = re.compile(r"(.*_)?(TOKEN|PASSWORD|SECRET|KEY)", re.IGNORECASE)
_SECRET_TEXT: Final = re.compile(
    r"xox[a-z]-"  # Slack tokens
    r"|hooks\.slack\.com/\w+/"  # incoming webhooks and workflow triggers: whoever has the address may post
    r"|\bhvs\.|-----BEGIN"  # Vault tokens, keys pasted instead of their path
    r"|://[^/\s:@]*:(?!\d{1,5}/)\S*@|https?://[^/\s@]+@"  # user:password@host, token@host
    r"|[?&][\w-]*(?:password|token|secret|signature|sig)=",
    re.IGNORECASE,
)
_PLAIN_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_LONGEST: Final = 80


def looks_secret(text: str) -> bool:
    """Whether a text has the form of a token, of a webhook address or of a URL with a password."""
    return bool(_SECRET_TEXT.search(text))


def is_vault(value: object) -> bool:
    """Whether a value stands for one in Vault."""
    return isinstance(value, str) and value.startswith("vault:")


def secret_name(name: str) -> bool:
    """Whether a variable is a secret going by its name alone."""
    return bool(_SECRET_NAME.fullmatch(name))


def shown(value: object) -> str:
    """A value on one line for people: secrets masked, the inside of mappings and lists left out."""
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return REDACTED if looks_secret(value) else _line(value)
    if isinstance(value, bool | float):
        return str(value).lower()
    if isinstance(value, int):
        return str(value) if abs(value) < 10**_LONGEST else "a huge number"
    if isinstance(value, Sized):
        kind = "mapping" if isinstance(value, Mapping) else "list"
        return f"a {kind} of {len(value)}" if len(value) else f"an empty {kind}"
    return f"a {type(value).__name__}"


def setting(path: Path) -> str:
    """A key path as `pulumi config set --path` takes it: alert-threader:instances[1].port."""
    first, *rest = path
    return f"{NAMESPACE}:{_key(first).removeprefix('.')}" + "".join(map(_key, rest))


def _key(key: str | int) -> str:
    if isinstance(key, int):
        return f"[{key}]"
    if looks_secret(key):
        return f".{REDACTED}"
    if _PLAIN_KEY.fullmatch(key) and len(key) <= _LONGEST:
        return f".{key}"
    return f"[{json.dumps(key[:_LONGEST])}]".replace("'", r"\u0027")  # commands have the path in single quotes


def _line(text: str) -> str:
    short = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
    return short if short.isprintable() and short.strip() == short != "" else json.dumps(short)
