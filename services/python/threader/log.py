"""Structured logs: one JSON object a line on stdout, and never a secret in one."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Any

REDACTED = "[REDACTED]"


class JsonLines(logging.Formatter):
    """Formats a record as {"ts", "level", "msg", fields...} with every known secret blotted out."""

    def __init__(self, secrets: Iterable[str], **fields: str) -> None:
        super().__init__()
        # Longest first: a secret may be part of another one.
        self._secrets = sorted({s for s in secrets if s}, key=len, reverse=True)
        self._fields = fields

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON; a traceback is one field of it."""
        line: dict[str, Any] = {
            "ts": datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "msg": record.getMessage(),
            **self._fields,
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return self.redact(json.dumps(line, ensure_ascii=False, default=str))

    def redact(self, text: str) -> str:
        """The text without any known secret."""
        for secret in self._secrets:
            text = text.replace(secret, REDACTED)
        return text


def set_up(level: str, secrets: Iterable[str], **fields: str) -> None:
    """Send all logs of the process, uvicorn's too, to stdout as JSON lines."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines(secrets, **fields))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # The first two print request paths at debug level, and the path of an incoming webhook is its secret.
    for noisy in ("urllib3", "requests", "uvicorn"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def event(level: int, message: str, **fields: object) -> None:
    """Log one event of the threader with its fields."""
    logging.getLogger("threader").log(level, message, extra={"fields": fields})
