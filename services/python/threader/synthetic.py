"""Signed synthetic alerts: they take the way of real ones to Slack, but to a channel and with records of their own.

No count of real alerts and no rule about logs may notice them. Whoever looks at a release sends them to the instance
itself: the edge counts all that goes through it.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import time

from starlette.datastructures import Headers

from threader.deliver import Deliverer, Report
from threader.log import event
from threader.metrics import Metrics
from threader.settings import Settings
from threader.slack import Slack
from threader.store import open_store

TIME, SIGNATURE = "X-Threader-Synthetic-Time", "X-Threader-Synthetic-Signature"
MAX_AGE = 300  # seconds, also into the future
TTL_DAYS = 1 / 24  # long enough for a look at a release; then nothing is left


def claimed(headers: Headers) -> bool:
    """True when a request says that it is synthetic, rightly or not."""
    return TIME in headers or SIGNATURE in headers


def refusal(settings: Settings, headers: Headers, body: bytes) -> str | None:
    """Why a request that says it is synthetic is not taken for one; None when it is."""
    if settings.synthetic_key is None or settings.synthetic_channel is None:
        return "SYNTHETIC_KEY and SYNTHETIC_CHANNEL are not set here"
    when, signature = (", ".join(headers.getlist(name)) for name in (TIME, SIGNATURE))
    if not when or not signature:
        return f"{SIGNATURE if when else TIME} is missing"
    if not re.fullmatch(r"[0-9]{1,12}", when):
        return f"{TIME} is not a number of seconds since 1970"
    key = settings.synthetic_key.get_secret_value().encode("utf-8", "surrogateescape")
    right = "sha256=" + hmac.new(key, when.encode() + b"." + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(right.encode(), signature.encode("latin-1")):
        return "the signature is not that of SYNTHETIC_KEY over the time and the body"
    if abs(time.time() - int(when)) > MAX_AGE:
        return f"the time is more than {MAX_AGE} s away from now"
    return None


def apart(settings: Settings) -> Settings:
    """The settings by which synthetic alerts are delivered: as real ones, but where no real one ever is."""
    file = settings.thread_store_file
    return settings.model_copy(
        update={
            "slack_channel": settings.synthetic_channel,
            "redis_key_prefix": f"{settings.redis_key_prefix}synthetic:",
            # A file of its own, so that they neither push out real incidents nor hold their lock.
            "thread_store_file": file and file.with_name(f"{file.name}.synthetic"),
            "thread_ttl_days": min(settings.thread_ttl_days, TTL_DAYS),
        }
    )


def deliverer(settings: Settings, slack: Slack) -> Deliverer | None:
    """What delivers them; None when they are not wanted. Raises StoreError."""
    if settings.synthetic_channel is None:
        return None
    own = apart(settings)
    unseen = Metrics(settings.instance, settings.environment)  # counts as ever, and is exported nowhere
    return Deliverer(own, open_store(own), slack, unseen, say=say)


def say(level: int, message: str, **fields: object) -> None:
    """Log what became of one: a failure as a warning, since errors alert, and all else for who debugs."""
    event(logging.WARNING if level >= logging.ERROR else logging.DEBUG, message, synthetic=True, **fields)


def count(metrics: Metrics, alerts: int, report: Report | None) -> None:
    """Count the alerts of a webhook; those that were posted before are neither. No report: all of them failed."""
    delivered = len(report.delivered) if report else 0
    before = report.done.get("duplicate", 0) if report else 0
    metrics.synthetic.labels("delivered").inc(delivered)
    metrics.synthetic.labels("failed").inc(alerts - delivered - before)
