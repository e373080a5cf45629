"""One webhook's alerts into Slack: each change of an incident's state posted once, whatever is retried.

What can still go wrong, honestly: Slack has no idempotent post. If this process dies (or Slack's answer is lost)
after Slack took a message and before it was recorded, the retry posts that one message a second time. A record that
could not be stored is kept in this process and stored first at the next delivery, so a store that fails for a while
causes no repeats.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from threader.alerts import Alert
from threader.incidents import Step, Thread, next_step
from threader.log import event
from threader.message import Message, channel_for, render
from threader.metrics import Metrics
from threader.settings import Settings
from threader.slack import THREAD_GONE, Posted, Slack, SlackError
from threader.store import IncidentHeldError, StoreError, ThreadStore


@dataclass
class Report:
    """What became of a webhook's alerts."""

    done: dict[str, int] = field(default_factory=dict)
    """How many by step: opened, threaded, duplicate, ..."""
    failed: list[str] = field(default_factory=list)
    """One sentence for each alert that Slack or the store did not take."""
    delivered: list[dict[str, str]] = field(default_factory=list)
    """Fingerprint and Slack's id of the message, of each alert that was posted now and has one."""
    not_tried: int = 0
    store_failed: bool = False
    retry_after: float | None = None

    @property
    def complete(self) -> bool:
        """True when nothing is left for a retry."""
        return not self.failed and not self.not_tried


class Deliverer:
    """Posts alerts; safe to call from many threads."""

    def __init__(
        self,
        settings: Settings,
        store: ThreadStore,
        slack: Slack,
        metrics: Metrics,
        sleep: Callable[[float], None] = time.sleep,
        say: Callable[..., None] = event,
    ) -> None:
        self._settings, self._store, self._slack, self._metrics, self._sleep = settings, store, slack, metrics, sleep
        self._say = say
        self._unsaved: dict[str, Thread] = {}

    def deliver(self, alerts: tuple[Alert, ...]) -> Report:
        """Deliver in order; stops early only at a failure that the alerts after it would share."""
        report, budget = Report(), _Budget(self._settings.slack_max_wait, self._sleep)
        for position, alert in enumerate(alerts):
            try:
                step, ts = self._deliver_one(alert, budget)
            except SlackError as error:
                self._failed(report, alert, "slack", error.code)
                report.retry_after = error.retry_after
                if not error.about_one_message:
                    report.not_tried = len(alerts) - position - 1
                    break
            except StoreError as error:
                self._failed(report, alert, "store", str(error))
                held = isinstance(error, IncidentHeldError) and not report.store_failed
                report.store_failed = True
                if not held:  # one incident may be stuck at another instance; two are a sign of more
                    report.not_tried = len(alerts) - position - 1
                    break
            else:
                report.done[step.value] = report.done.get(step.value, 0) + 1
                self._metrics.messages.labels(step.value).inc()
                if ts:
                    report.delivered.append({"fingerprint": alert.fingerprint, "ts": ts})
        return report

    def _failed(self, report: Report, alert: Alert, kind: str, reason: str) -> None:
        self._metrics.errors.labels(kind).inc()
        report.failed.append(f"{alert.name}: {kind}: {reason}")
        self._say(
            logging.ERROR,
            "alert not delivered, Alertmanager is asked to retry",
            kind=kind,
            reason=reason,
            alertname=alert.name,
            incident=alert.incident,
        )

    def _deliver_one(self, alert: Alert, budget: _Budget) -> tuple[Step, str | None]:
        with self._claimed(alert.incident) as known:
            step = next_step(known, alert.status)
            if step is Step.SKIP:
                return step, None
            if not self._settings.slack_bot_token and step is Step.REPLY:
                step = Step.POST_AGAIN
            self._store.check()  # better to refuse now than to post what cannot be recorded
            posted, step = self._post(alert, step, known, budget)
            self._keep(alert.incident, Thread(alert.status, posted.channel, _thread_of(known, step, posted)))
        self._say(logging.INFO, step.value, alertname=alert.name, incident=alert.incident, status=alert.status)
        return step, posted.ts

    @contextmanager
    def _claimed(self, incident: str) -> Iterator[Thread | None]:
        with self._store.claim(incident):
            if incident in self._unsaved:
                self._store.put(incident, self._unsaved[incident])
                del self._unsaved[incident]
            yield self._store.get(incident)

    def _keep(self, incident: str, thread: Thread) -> None:
        try:
            self._store.put(incident, thread)
        except StoreError:
            self._unsaved[incident] = thread
            raise

    def _post(self, alert: Alert, step: Step, known: Thread | None, budget: _Budget) -> tuple[Posted, Step]:
        fresh = channel_for(alert, self._settings.slack_channel)
        if step is Step.REPLY and known is not None:
            try:
                return self._send(
                    render(alert, step, known.channel, self._settings.environment), known.ts, budget
                ), step
            except SlackError as error:
                if error.code not in THREAD_GONE:
                    raise
                self._say(
                    logging.WARNING, "the thread is gone from Slack, a new one is opened", incident=alert.incident
                )
                step = Step.POST_AGAIN
        return self._send(render(alert, step, fresh, self._settings.environment), None, budget), step

    def _send(self, message: Message, thread_ts: str | None, budget: _Budget) -> Posted:
        while True:
            try:
                with self._metrics.slack_seconds.time():
                    return self._slack.post(message, thread_ts)
            except SlackError as error:
                if error.code != "ratelimited" or not budget.wait(error.retry_after or 0.0):
                    raise
                self._metrics.slack_waits.inc()


class _Budget:
    """How long one webhook may wait for Slack in all."""

    def __init__(self, seconds: float, sleep: Callable[[float], None]) -> None:
        self._left, self._sleep = seconds, sleep

    def wait(self, seconds: float) -> bool:
        """Wait if there is budget left for it."""
        seconds = max(seconds, 0.05)
        if seconds > self._left:
            return False
        self._left -= seconds
        self._sleep(seconds)
        return True


def _thread_of(known: Thread | None, step: Step, posted: Posted) -> str | None:
    # A reply's own id is not the thread's.
    return known.ts if step is Step.REPLY and known is not None else posted.ts
