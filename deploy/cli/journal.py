"""Journal lines for people. Pure."""

import json
from datetime import UTC, datetime
from typing import Any, Final

HIDDEN: Final = frozenset({"ts", "level", "msg", "instance"})


def pretty(line: str) -> str:
    """A line of `journalctl -o json` as time, level, message and fields; what is none is left as it is."""
    entry = json_object(line)
    if entry is None or "MESSAGE" not in entry:
        return line
    text = _text(entry["MESSAGE"])
    event = json_object(text)
    if event is None or "msg" not in event:
        return f"{_time(entry)}  {_source(entry):<7}  {text}"
    fields = " ".join(f"{name}={_shown(value)}" for name, value in event.items() if name not in HIDDEN)
    return f"{_time(entry)}  {event.get('level', '')!s:<7}  {event['msg']!s}{f'  {fields}' if fields else ''}"


def _source(entry: dict[str, Any]) -> str:
    """Who speaks when it is not the threader in its own form."""
    name = str(entry.get("SYSLOG_IDENTIFIER", ""))
    return "systemd" if name == "systemd" else "output"


def json_object(text: str) -> dict[str, Any] | None:
    """The object that a text is as JSON; None where it is none."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _text(message: object) -> str:
    """The journal gives bytes that are no text as a list of numbers."""
    if isinstance(message, list):
        return bytes(message).decode(errors="replace")
    return str(message)


def _time(entry: dict[str, Any]) -> str:
    microseconds = int(entry.get("__REALTIME_TIMESTAMP", 0))
    return datetime.fromtimestamp(microseconds / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + "Z"


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return json.dumps(text, ensure_ascii=False) if isinstance(value, str) and (" " in text or not text) else text
