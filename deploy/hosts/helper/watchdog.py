#!/usr/bin/python3
"""watchdog: the second path. Looks once for the alert that always fires, and posts to Slack itself when it is gone.

Prometheus always sends the alert Watchdog. When no Alertmanager has it, then no other alert gets through either, and
nobody would hear of it: so this asks each of them, from a host with an edge, and needs none of them, nor a threader.
Python 3.10, standard library only.

  watchdog check    one look; exits with 1 where something was to be told and could not be
"""

import base64
import json
import os
import signal
import socket
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

CONFIG = Path("/etc/alert-threader-watchdog/watchdog.json")
QUERY = "/api/v2/alerts?active=true&filter=alertname%3D%22Watchdog%22"
ASK_SECONDS, POST_SECONDS = 5, 10  # for one Alertmanager, and for Slack
REPEAT_SECONDS = 4 * 3600  # the same is told again after this
WARNING, NOTICE = 4, 5  # of syslog


@dataclass(frozen=True)
class Wanted:
    """What the operator wants: base URLs to ask, how long a Watchdog may be missing, and what the fleet is called.

    `ca` is the file of whom to trust; `user`: as whom to ask.
    """

    alertmanagers: tuple[str, ...]
    fleet: str
    stale_seconds: float = 300.0
    ca: str | None = None
    user: str | None = None


@dataclass(frozen=True)
class State:
    """What is known after a look, as it is kept, in Unix times.

    When a Watchdog was last `seen`, at first when it was first looked for, and when it was last `told` that there is
    none: None when there is nothing that people wait to hear the end of.
    """

    seen: float | None = None
    told: float | None = None


def judge(before: State, found: bool, stale: float, now: float, up: float) -> tuple[State, str | None]:
    """What follows from one look: the new state, and what is to be told: gone, back or None. Pure.

    `up`: for how many seconds this host has run. A time in which it did not look proves nothing. A clock that was set
    back makes what was noted later count as just now.
    """
    told = None if before.told is None else min(before.told, now)
    if found:
        return State(seen=now), "back" if told is not None else None
    first = now if before.seen is None else min(before.seen, now)
    state = State(seen=first, told=told)
    missing = now - max(first, now - up)
    due = told is None or now - told >= REPEAT_SECONDS
    return state, "gone" if missing >= stale and due else None


def text(what: str, state: State, answers: dict[str, str], wanted: Wanted, now: float) -> str:
    """The message for Slack. Pure, but for the name of this host."""
    where = f"fleet {wanted.fleet}, seen from {socket.gethostname()}"
    if what == "back":
        return f":white_check_mark: The Watchdog is back: alerts get through again ({escaped(where)})"
    minutes = max(1, round((now - (state.seen or now)) / 60))
    lines = [
        f":rotating_light: *No Alertmanager has had the Watchdog alert for {minutes} min: other alerts do not get "
        f"through either* ({escaped(where)})",
        *(f"• {escaped(url)}: {escaped(answer)}" for url, answer in answers.items()),
        "Next, on each host with the role monitor: `systemctl status alert-threader-prometheus "
        "alert-threader-alertmanager`",
    ]
    return "\n".join(lines)


def escaped(words: str) -> str:
    """A text that Slack does not take for markup of its own."""
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def say(level: int, words: str) -> None:
    """One line for the journal."""
    print(f"<{level}>{words}", flush=True)


class Unbent(urllib.request.HTTPRedirectHandler):
    """Follows nothing: only who was asked can answer."""

    def redirect_request(self, *_: Any) -> None:
        """No other request."""


DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}), Unbent)
OUTSIDE = urllib.request.build_opener(Unbent)  # through the proxy of the environment, if there is one


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Cut off what takes longer, also an answer that comes a byte a second."""

    def late(*_: object) -> None:
        raise TimeoutError(f"no whole answer within {seconds:g} s")

    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def credential(name: str) -> str:
    """A secret of this unit."""
    return Path(os.environ["CREDENTIALS_DIRECTORY"], name).read_text().strip()


def asking(wanted: Wanted) -> tuple[urllib.request.OpenerDirector, dict[str, str]]:
    """How Alertmanagers are asked, and the headers that they need."""
    opener, headers = DIRECT, dict[str, str]()
    if wanted.user:
        login = base64.b64encode(f"{wanted.user}:{credential('monitoring_password')}".encode()).decode()
        headers["Authorization"] = f"Basic {login}"
    if wanted.ca:
        trusting = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=wanted.ca))
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), Unbent, trusting)
    return opener, headers


def ask(url: str, wanted: Wanted) -> str | None:
    """Why an Alertmanager has no Watchdog; None if it has one."""
    try:
        opener, headers = asking(wanted)
        request = urllib.request.Request(url.rstrip("/") + QUERY, headers=headers)
        with within(ASK_SECONDS), opener.open(request) as answer:
            alerts = json.loads(answer.read(1 << 20))
            there = any(alert["labels"]["alertname"] == "Watchdog" for alert in alerts)
    except urllib.error.HTTPError as error:
        return f"HTTP {error.code}"
    except Exception as error:  # whatever else listens there may answer anything
        return f"no answer: {getattr(error, 'reason', None) or error or type(error).__name__}"
    return None if there else "it has no Watchdog: Prometheus does not reach it, or does not run"


def post(message: str) -> bool:
    """Post to the webhook, whose URL is a secret and never said; whether Slack took it."""
    try:
        url = credential("slack_webhook_url")
    except (KeyError, OSError):
        say(WARNING, "nobody can be told: there is no secret SLACK_WEBHOOK_URL")
        return False
    try:
        body, headers = json.dumps({"text": message}).encode(), {"Content-Type": "application/json"}
        with within(POST_SECONDS), OUTSIDE.open(urllib.request.Request(url, body, headers)):
            return True
    except urllib.error.HTTPError as error:
        reason = f"HTTP {error.code}"
    except (urllib.error.URLError, TimeoutError) as error:
        reason = str(getattr(error, "reason", error))
    except Exception as error:  # such as that of a URL that is none, which would be in its text
        reason = type(error).__name__
    say(WARNING, f"Slack can not be told: {reason.replace(url, '[REDACTED]')}; tried again at the next look")
    return False


def wanted_of(path: Path) -> Wanted:
    """What the operator wants."""
    found = json.loads(path.read_text())
    known = {each.name: found[each.name] for each in fields(Wanted) if each.name in found}
    return Wanted(**{**known, "alertmanagers": tuple(known["alertmanagers"])})


def recall(path: Path) -> State:
    """The state after the last look; a new one where there is none, or only a spoilt one."""
    try:
        found = json.loads(path.read_text())
        known = {each.name: found[each.name] for each in fields(State) if found.get(each.name) is not None}
        return State(**{name: float(value) for name, value in known.items()})
    except (OSError, ValueError, TypeError, AttributeError):
        return State()


def write(path: Path, content: str) -> None:
    """Replace a file by a rename, so that who reads it finds the old or the new one, whole."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(content)
    fresh.replace(path)


Tell = Callable[[str], bool]


def look(wanted: Wanted, before: State, tell: Tell, now: float, up: float) -> tuple[State, bool]:
    """One look, and what follows: the state to keep, and whether all that was to be told was."""
    reasons = {url: ask(url, wanted) for url in wanted.alertmanagers}
    missing = {url: reason for url, reason in reasons.items() if reason}
    state, what = judge(before, len(missing) < len(reasons), wanted.stale_seconds, now, up)
    for url, reason in missing.items():
        say(NOTICE, f"{url}: {reason}")
    if what is None:
        return state, True
    if not tell(text(what, state, missing, wanted, now)):
        return replace(state, told=before.told), False
    say(NOTICE, f"Slack was told: {what}")
    return replace(state, told=now if what == "gone" else None), True


def check() -> int:
    """Look once; the exit status."""
    path = Path(os.environ["STATE_DIRECTORY"], "watchdog.json")
    wanted, up = wanted_of(CONFIG), time.clock_gettime(time.CLOCK_BOOTTIME)
    state, well = look(wanted, recall(path), post, time.time(), up)
    write(path, json.dumps(asdict(state)) + "\n")
    return 0 if well else 1


if __name__ == "__main__":
    if sys.argv[1:] != ["check"]:
        sys.exit(__doc__)
    sys.exit(check())
