#!/usr/bin/python3
"""health: looks once at one instance, as its timer tells it to, and says what follows.

Runs as the service user, without rights: a restart is only asked for, by an exit status of its own. What it knows of an
instance is in STATE/NAME.json; what it is to do, in CONFIG/NAME.health.json. Python 3.10, standard library only.

  health check NAME    one look; exits with 3 when a restart is due, for which systemd then starts another unit
  health due NAME      whether that restart is due, by exit status: asked, as root, just before it is done
  health forget NAME   the timer is gone: end what was escalated, and remove all that was written about the instance
"""

import base64
import fcntl
import json
import os
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

DATA, RUN = Path("/var/lib/alert-threader"), Path("/run/alert-threader")
CONFIG, STATE = Path("/etc/alert-threader.d"), Path("/var/lib/alert-threader-health")
SECRETS = Path("/etc/alert-threader-health")  # for root; the unit of a check has a copy as a credential
RESTART_DUE = 3  # the exit status that asks for a restart
LASTS, RENEWED = 7200, 3600  # seconds until an alert ends by itself, and after which it is posted again
POST_SECONDS = 5  # for one Alertmanager
WARNING, NOTICE = 4, 5  # of syslog
VERDICTS = ("confirmed", "stopped", "failed", "refused", "unconfirmed", "undone", "reverted", "restarted")  # of ledgers


@dataclass(frozen=True)
class Limits:
    """What the operator wants: see HealthSpec. `host` and `impl` are labels; `metrics` is a folder.

    `own` is how the fleet's own Alertmanagers are asked: their `urls`, the file `ca` of whom to trust, and as which
    `user`. No other one is told the password.
    """

    host: str
    impl: str
    metrics: str
    deadline: float = 30.0
    timeout: float = 5.0
    failures: int = 2
    restarts: int = 3
    alertmanagers: tuple[str, ...] = ()
    own: dict[str, Any] | None = None


@dataclass(frozen=True)
class Look:
    """What one look found, and why it is not healthy.

    `kind` is well, ill, stopped (by somebody on purpose: not restarted) or idle (nothing is meant to run).
    """

    kind: str
    reason: str | None = None


@dataclass(frozen=True)
class State:
    """What is known of an instance after a look at it, as it is kept.

    `failures` in a row, `waited` of them since the last restart, `restarts` in this trouble, the last one `asked` for
    when (Unix time), `well` looks in a row that were good, `due`: a restart. `escalated`: since when. `alert`, in Unix
    times: since, until, and last taken when. `switches` are those that have ended: see `counted`.
    """

    at: str = ""
    healthy: bool | None = None
    reason: str | None = None
    failures: int = 0
    waited: int = 0
    restarts: int = 0
    asked: float | None = None
    well: int = 0
    due: bool = False
    escalated: str | None = None
    alert: dict[str, Any] | None = None
    switches: dict[str, Any] | None = None


def judge(before: State, look: Look, limits: Limits, now: float) -> State:
    """What follows from one more look. Pure.

    Each restart needs twice as many failures as the one before it, not counting those in the time that a start may
    take. Restarts are forgotten only after as many good looks as the next one would need bad ones: an instance that is
    well for a minute after each does not begin anew.
    """
    at, patience = stamp(now), limits.failures * 2**before.restarts
    if look.kind in ("well", "idle"):
        well = before.well + 1
        restarts = before.restarts if look.kind == "well" and well < patience else 0
        healthy = True if look.kind == "well" else None
        return State(at, healthy, look.reason, well=well, restarts=restarts, asked=before.asked, alert=before.alert)
    failed = replace(before, at=at, healthy=False, reason=look.reason, well=0, due=False)
    starts = look.kind == "ill" and before.asked is not None and 0 <= now - before.asked < limits.deadline
    failed = replace(failed, failures=before.failures + 1, waited=before.waited + (not starts))
    if look.kind == "stopped" or before.restarts >= limits.restarts:
        late = at if failed.waited >= limits.failures else None
        return replace(failed, escalated=before.escalated or late)
    if failed.waited < patience:
        return failed
    return replace(failed, waited=0, restarts=before.restarts + 1, asked=now, due=True)


def story(name: str, before: State, now: State, look: Look, limits: Limits) -> str | None:
    """The line for the journal; None where there is nothing to tell. Pure."""
    if now.failures == 0:
        end = "is healthy again" if look.kind == "well" else f"is left alone ({look.reason})"
        return f"{name} {end}, after {before.failures} failing checks" if before.failures else None
    more = limits.failures * 2**now.restarts - now.waited
    if now.due:
        then = f"it is restarted, {now.restarts} of {limits.restarts}"
    elif look.kind == "stopped":
        then = f"somebody stopped it, so it is not restarted; next: systemctl start {unit(name)}"
    elif now.restarts >= limits.restarts:
        then = f"{in_vain(now)}; next: journalctl -u {unit(name)}"
    else:
        then = f"it is restarted after {more} more"
    if now.escalated and not limits.alertmanagers:
        then = f"nobody is told, since health.alertmanagers names none; {then}"
    return f"{name} is not healthy, {now.failures} in a row: {look.reason}; {then}"


Post = Callable[[dict[str, Any]], bool]


def announce(name: str, state: State, limits: Limits, post: Post, now: float) -> State:
    """Tell the Alertmanagers what they do not know yet; `post` says whether one of them took it.

    Once, and again each hour, since an alert that is not renewed ends by itself; its end, until it is taken or has come
    by itself. What nobody took is posted again at the next look.
    """
    alert = state.alert
    if not limits.alertmanagers or not (state.escalated or alert):
        return replace(state, alert=None)
    alert = alert or {"since": now, "ends": now, "taken": None}
    if not state.escalated:
        ends = max(now, alert["since"])  # also where the clock was set back
        over = post(described(name, state, limits, alert["since"], ends)) or now >= alert["ends"]
        return replace(state, alert=None if over else alert)
    if alert["taken"] is not None and 0 <= now - alert["taken"] < RENEWED:
        return state
    alert = {**alert, "ends": now + LASTS}
    taken = post(described(name, state, limits, alert["since"], alert["ends"]))
    return replace(state, alert={**alert, "taken": now} if taken else alert)


def described(name: str, state: State, limits: Limits, since: float, ends: float) -> dict[str, Any]:
    """One alert, as Alertmanager's API v2 takes it."""
    labels = {"alertname": "ThreaderHealthCheckFailing", "severity": "critical"}
    failing = f"{state.reason}; {state.failures} checks in a row failed, {in_vain(state)}"
    over = "It is healthy again." if state.healthy else f"It is not watched any more: {state.reason}"
    return {
        "labels": {**labels, "instance": name, "host": limits.host, "impl": limits.impl},
        "annotations": {
            "summary": f"Alert threader {name} on {limits.host} fails its health check",
            "description": failing if state.escalated else over,
        },
        "startsAt": stamp(since),
        "endsAt": stamp(ends),
    }


def in_vain(state: State) -> str:
    """How often it was restarted in this trouble."""
    return f"{state.restarts} restart{'' if state.restarts == 1 else 's'} did not help"


def counted(before: dict[str, Any] | None, inode: int, size: int, read: Callable[[int], bytes]) -> dict[str, Any]:
    """How often switches have ended with each verdict: what was counted `before`, and the ledger's lines since.

    `read` gives the ledger from an offset on; of a long one that is little. It is counted anew where another file, or a
    shorter one, has its place. The last line counts once it is whole.
    """
    known = before if before and before["inode"] == inode and before["offset"] <= size else None
    offset, verdicts = (known["offset"], dict(known["verdicts"])) if known else (0, {})
    lines = read(offset).split(b"\n")
    for line in lines[:-1]:
        try:
            verdict = str(json.loads(line)["verdict"])
        except (ValueError, LookupError, TypeError, RecursionError):
            continue
        if verdict in VERDICTS:
            verdicts[verdict] = verdicts.get(verdict, 0) + 1
    whole = sum(len(line) + 1 for line in lines[:-1])
    return {"inode": inode, "offset": offset + whole, "verdicts": verdicts}


def metrics(name: str, state: State, limits: Limits, now: float) -> str:
    """The text for node_exporter's textfile collector."""
    labels = f'{{instance="{name}",impl="{limits.impl}"}}'
    gauges = (
        (
            "status",
            "Whether the last health check found the instance healthy (1) or not (0).",
            int(bool(state.healthy)),
        ),
        ("failures", "Health checks in a row that failed.", state.failures),
        ("timestamp_seconds", "When the instance was last checked, in Unix time.", int(now)),
    )
    lines = []
    for suffix, text, value in gauges:
        full = f"threader_health_check_{suffix}"
        lines += [f"# HELP {full} {text}", f"# TYPE {full} gauge", f"{full}{labels} {value}"]
    full, verdicts = "threader_switches_total", (state.switches or {}).get("verdicts", {})
    lines += [
        f"# HELP {full} Switches of the instance to another generation, by how they ended.",
        f"# TYPE {full} counter",
    ]
    lines += [f'{full}{labels[:-1]},verdict="{verdict}"}} {verdicts.get(verdict, 0)}' for verdict in VERDICTS]
    return "\n".join(lines) + "\n"


def stamp(seconds: float) -> str:
    """A Unix time as RFC 3339 has it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def unit(name: str) -> str:
    """The unit that runs an instance."""
    return f"alert-threader@{name}.service"


def say(level: int, text: str) -> None:
    """One line for the journal."""
    print(f"<{level}>{text}", flush=True)


class Unbent(urllib.request.HTTPRedirectHandler):
    """Follows nothing: that another page is well says nothing of the one that was asked."""

    def redirect_request(self, *_: Any) -> None:
        """No other request."""


DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}), Unbent)


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


def unhealthy(url: str, seconds: float) -> str | None:
    """Why the instance is not healthy, or None: exactly a 2xx answer whose JSON says "status": "ok" is healthy."""
    try:
        with within(seconds), DIRECT.open(url) as answer:
            status = json.loads(answer.read(65536)).get("status")
    except urllib.error.HTTPError as error:
        return f"HTTP {error.code} from {url}"
    except Exception as error:  # whatever else listens there may answer anything
        return f"no healthy answer from {url}: {getattr(error, 'reason', error)}"
    return None if status == "ok" else f"{url} says status {status!r}"


def password() -> str:
    """What the fleet's own Alertmanagers ask for."""
    return Path(os.environ.get("CREDENTIALS_DIRECTORY", SECRETS), "monitoring_password").read_text().strip()


def asking(url: str, own: dict[str, Any] | None) -> tuple[urllib.request.OpenerDirector, dict[str, str]]:
    """How an Alertmanager is asked, and the headers that it needs."""
    headers = {"Content-Type": "application/json"}
    if not own or url not in own["urls"]:
        return DIRECT, headers
    if "user" in own:
        login = base64.b64encode(f"{own['user']}:{password()}".encode()).decode()
        headers["Authorization"] = f"Basic {login}"
    if "ca" not in own:
        return DIRECT, headers
    trusting = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=own["ca"]))
    return urllib.request.build_opener(urllib.request.ProxyHandler({}), Unbent, trusting), headers


def post_to(urls: tuple[str, ...], alert: dict[str, Any], own: dict[str, Any] | None = None) -> bool:
    """Post to every Alertmanager, since they tell one another of no alert; whether at least one took it."""
    taken = False
    for url in urls:
        path = f"{url.rstrip('/')}/api/v2/alerts"
        try:
            opener, headers = asking(url, own)
            request = urllib.request.Request(path, json.dumps([alert]).encode(), headers)
            with within(POST_SECONDS), opener.open(request):
                taken = True
            say(NOTICE, f"{path} took the alert, which ends at {alert['endsAt']}")
        except urllib.error.HTTPError as error:
            say(WARNING, f"{path} refused the alert: HTTP {error.code} {error.read(200).decode(errors='replace')!r}")
        except Exception as error:  # a reason for people, whatever it is
            say(WARNING, f"{path} can not be told: {getattr(error, 'reason', error)}")
    return taken


def held(name: str) -> bool:
    """Whether a switch of the instance is alive: it holds this lock, and the kernel drops it when it dies."""
    try:
        with (RUN / f"{name}.lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def place(name: str) -> tuple[int, int] | None:
    """What tells one state of the link `current` from the next; None where there is none."""
    try:
        found = (DATA / name / "current").lstat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_ctime_ns


def cut_off(name: str) -> bool:
    """Whether a switch left its record."""
    return (DATA / name / "pending.json").exists()


def shown(name: str, *properties: str) -> list[str]:
    """Properties of a unit, each as NAME=VALUE; none when systemd does not answer."""
    words = ["systemctl", "show", f"--property={','.join(properties)}", name]
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout.splitlines()


def switches(name: str, before: dict[str, Any] | None) -> dict[str, Any] | None:
    """How switches have ended, by the ledger; what was known where it can not be read."""
    try:
        with (DATA / name / "ledger.jsonl").open("rb") as ledger:
            found = os.fstat(ledger.fileno())

            def read(offset: int) -> bytes:
                ledger.seek(offset)
                return ledger.read()

            try:
                return counted(before, found.st_ino, found.st_size, read)
            except (LookupError, TypeError, ValueError):  # what was known is spoilt
                return counted(None, found.st_ino, found.st_size, read)
    except OSError:
        return before


def stopped(name: str) -> str | None:
    """The state of a unit that somebody stopped; one that crashes is in another, since systemd starts it again."""
    state = "".join(shown(unit(name), "ActiveState")).partition("=")[2]
    return state if state in ("inactive", "deactivating") else None


def look_at(name: str, seconds: float) -> Look:
    """One look at an instance on which no switch is at work."""
    if cut_off(name):
        return Look("ill", "a switch was cut off, and nobody has settled it")
    if place(name) is None:
        return Look("idle", "nothing is activated")
    try:
        url = json.loads((DATA / name / "current" / "settings.json").read_text())["health"]
    except (OSError, ValueError, LookupError, TypeError) as error:
        reason: str | None = f"its settings.json can not be read: {error}"
    else:
        reason = unhealthy(str(url), seconds)
    if reason is None:
        return Look("well")
    state = stopped(name)
    return Look("stopped", f"its unit is {state}; {reason}") if state else Look("ill", reason)


def limits_of(name: str) -> Limits:
    """What the operator wants of this instance."""
    found = json.loads((CONFIG / f"{name}.health.json").read_text())
    known = {each.name: found[each.name] for each in fields(Limits) if each.name in found}
    return Limits(**{**known, "alertmanagers": tuple(found.get("alertmanagers", ()))})


def recall(name: str) -> State:
    """The state after the last look; a new one where there is none, or only a spoilt one."""
    try:
        found = json.loads((STATE / f"{name}.json").read_text())
        return State(**{each.name: found[each.name] for each in fields(State) if each.name in found})
    except (OSError, ValueError, TypeError):
        return State()


def write(path: Path, text: str) -> None:
    """Replace a file by a rename, so that who reads it finds the old or the new one, whole."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.write_text(text)
    fresh.replace(path)


def metrics_path(name: str, limits: Limits) -> Path:
    """Where node_exporter finds the metrics of an instance."""
    return Path(limits.metrics) / f"alert-threader-health-{name}.prom"


def measure(name: str, state: State, limits: Limits, now: float) -> None:
    """Write the metrics, or remove those of an instance that is not meant to run."""
    path = metrics_path(name, limits)
    try:
        path.unlink(missing_ok=True) if state.healthy is None else write(path, metrics(name, state, limits, now))
    except OSError as error:
        say(WARNING, f"{name}: the metrics can not be written: {error}; next: pulumi up")


def check(name: str) -> int:
    """Look once; the exit status."""
    limits, before, begun = limits_of(name), recall(name), place(name)
    look = None if held(name) else look_at(name, limits.timeout)
    if look is None or held(name) or place(name) != begun:
        say(NOTICE, f"{name}: stands back, since a rollout is at work on it")
        return 0
    now = time.time()
    state = judge(before, look, limits, now)
    if line := story(name, before, state, look, limits):
        say(WARNING if state.failures else NOTICE, line)
    state = announce(name, state, limits, lambda alert: post_to(limits.alertmanagers, alert, limits.own), now)
    state = replace(state, switches=switches(name, before.switches))
    write(STATE / f"{name}.json", json.dumps(asdict(state), indent=1) + "\n")
    measure(name, state, limits, now)
    return RESTART_DUE if state.due else 0


def due(name: str) -> int:
    """Whether the check asked for a restart, and did not just crash; what somebody stopped meanwhile is left alone."""
    ended = shown(f"alert-threader-health@{name}.service", "Result", "ExecMainStatus")
    asked = {"Result=exit-code", f"ExecMainStatus={RESTART_DUE}"} <= {*ended}
    return 0 if asked and (cut_off(name) or not stopped(name)) else 1


def forget(name: str) -> int:
    """End what was escalated, as well as it can be done now, and remove what was written."""
    state = replace(recall(name), escalated=None, healthy=None, reason="its timer was removed")
    (STATE / f"{name}.json").unlink(missing_ok=True)
    try:
        limits = limits_of(name)
    except (OSError, ValueError, TypeError):
        return 0
    metrics_path(name, limits).unlink(missing_ok=True)
    announce(name, state, limits, lambda alert: post_to(limits.alertmanagers, alert, limits.own), time.time())
    return 0


VERBS: dict[str, Callable[[str], int]] = {"check": check, "due": due, "forget": forget}

if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in VERBS:
        sys.exit(__doc__)
    sys.exit(VERBS[sys.argv[1]](sys.argv[2]))
