"""Proof that monitoring works from end to end: an instance is stopped, and people read of it; it is started again."""

import time
from collections.abc import Callable, Sequence
from typing import Final

from tools.demo.proof import NotProven
from tools.fleet.fleet import Fleet
from tools.local.webhook import threads
from tools.setup.progress import Step

ALERT: Final = "ThreaderInstanceDown"
FIRES_WITHIN, RESOLVED_WITHIN = 180.0, 180.0
"""Seconds: the alert waits for one minute, and each hop on its way adds some."""
Threads = list[list[str]]


def prove_alert(fleet: Fleet, slack: str, host: str, instance: str) -> str:
    """Stop an instance until its alert is a thread, start it until that says so; one line, with the seconds it took.

    Where an earlier demo of this fleet has seen it, that thread is named instead. Raises NotProven.
    """
    earlier = _of(threads(slack, ALERT), instance)
    if any(whole(each) for each in earlier):
        return f"alert ok   {ALERT}: {instance} went and came back in an earlier run, one thread of 2 messages"
    step = Step("alert", usual=150)
    unit = f"alert-threader@{instance}.service"
    step.doing = f"{unit} is stopped: waiting for {ALERT} (it has to last for 1 minute)"
    begun = time.monotonic()
    fleet.ssh(host, f"systemctl stop {unit}")
    try:
        _wait(step, FIRES_WITHIN, lambda: bool(_fresh(slack, instance, earlier)), "no thread tells of it")
        fired = time.monotonic()
    finally:
        fleet.ssh(host, f"systemctl start {unit}")
    step.doing = f"{unit} is started: waiting for the end of {ALERT}"
    _wait(step, RESOLVED_WITHIN, lambda: any(whole(each) for each in _fresh(slack, instance, earlier)), "no end of it")
    ended = time.monotonic()
    step.done(f"{ALERT} came and went")
    return (
        f"alert ok   {ALERT}: {instance} stopped, told of after {fired - begun:.0f} s by another threader; "
        f"started, resolved in the same thread after {ended - fired:.0f} s"
    )


def whole(thread: Sequence[str]) -> bool:
    """Whether a thread tells of the beginning and of the end."""
    return len(thread) >= 2 and "Firing" in thread[0] and "Resolved" in thread[-1]


def _of(found: Threads, instance: str) -> Threads:
    return [each for each in found if instance in each[0]]


def _fresh(slack: str, instance: str, earlier: Threads) -> Threads:
    begun = [each[0] for each in earlier]
    return [each for each in _of(threads(slack, ALERT), instance) if each[0] not in begun]


def _wait(step: Step, seconds: float, seen: Callable[[], bool], otherwise: str) -> None:
    until = time.monotonic() + seconds
    while not seen():
        if time.monotonic() > until:
            raise NotProven(f"{ALERT}: {otherwise} within {seconds:.0f} s; next: threader monitor")
        step.beat()
        time.sleep(1)
