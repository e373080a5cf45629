#!/usr/bin/python3
"""activate: switches one instance to another generation, as a transaction that goes back by itself.

The only privileged helper on a host. `begin` runs `switch` under PID 1 (a transient unit, whose name is the lock), so
that a lost SSH session changes nothing. A switch that is not confirmed in time, whose process dies, or that a reboot
cuts off, is undone. Python 3.10, standard library only.

  activate begin INSTANCE GENERATION TOKEN CONFIRM_WITHIN BY   switch, and print the state once it is decided
  activate confirm INSTANCE TOKEN | undo INSTANCE TOKEN        answer a switch that is healthy; print how it ended
  activate stop INSTANCE BY                                    stop an instance for good
  activate settle [INSTANCE]                                   undo what was left pending (at boot: of every instance)
"""

import hashlib
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

DATA, RUN = Path("/var/lib/alert-threader"), Path("/run/alert-threader")
GOING_BACK = 900  # seconds that an undo may take after its switch was killed: a stop, a start, and a deadline
POLL = 0.1  # seconds between two looks at health, orders and states
DECIDED = ("healthy", "failed", "confirmed", "reverted")
BUSY = ("active", "activating", "deactivating")


def systemctl(*words: str) -> subprocess.CompletedProcess[str]:
    """Call systemctl; never raises for what it answers."""
    return subprocess.run(["systemctl", *words], capture_output=True, text=True, check=False)


def unit(name: str) -> str:
    """The unit that runs an instance."""
    return f"alert-threader@{name}.service"


def write(path: Path, content: object) -> None:
    """Replace a file so that after a crash it holds the old or the new content, never a part."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with fresh.open("w") as file:
        file.write(json.dumps(content))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync(path.parent)


def sync(folder: Path) -> None:
    """Make sure that what was renamed in `folder` outlives a crash."""
    handle = os.open(folder, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


def read(path: Path) -> dict[str, Any]:
    """What `write` wrote; nothing when the file is absent or spoilt."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def current(name: str) -> str | None:
    """The generation that `current` leads to; None when it leads to no generation of this instance."""
    home, link = DATA / name / "generations", DATA / name / "current"
    try:
        found = link.resolve(strict=True)
    except (OSError, RuntimeError):
        return None
    return found.name if link.is_symlink() and found.is_dir() and found.parent == home.resolve() else None


def point(name: str, generation: str | None) -> None:
    """Make `current` name `generation` by one rename; None removes it."""
    link = DATA / name / "current"
    if generation is None:
        link.unlink(missing_ok=True)
    else:
        fresh = DATA / name / ".current"
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(f"generations/{generation}")
        fresh.replace(link)
    sync(DATA / name)


def run(name: str, generation: str | None) -> str | None:
    """Point at `generation` and run it; the reason why systemd could not, or None."""
    point(name, generation)
    (DATA / name / "repair-pending").unlink(missing_ok=True)
    systemctl("daemon-reload")
    systemctl("reset-failed", unit(name))  # the restarts of what ran before do not count against this one
    done = systemctl("restart" if generation else "stop", unit(name))
    return f"systemd could not start {unit(name)}: {done.stderr.strip()}" if generation and done.returncode else None


def damage(name: str, generation: str) -> str | None:
    """What is wrong with a staged generation against its checksums, or None."""
    folder = DATA / name / "generations" / generation
    try:
        lines = (folder / "MANIFEST.sha256").read_text().splitlines()
        listed = {path: digest for digest, path in (line.split("  ", 1) for line in lines)}
    except OSError:
        return f"generation {generation} is not on this host"
    except ValueError:
        return f"generation {generation} is damaged: MANIFEST.sha256"
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() or path.is_symlink()}
    wrong = sorted(found ^ (listed.keys() | {"MANIFEST.sha256"}))
    wrong += [path for path in sorted(found & listed.keys()) if digest_of(folder / path) != listed[path]]
    return f"generation {generation} is damaged: {', '.join(wrong[:5])}" if wrong else None


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def probe(url: str) -> str | None:
    """Why the instance is not healthy, or None: exactly a 2xx answer whose JSON says "status": "ok" is healthy."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=2) as answer:
            status = json.loads(answer.read(65536)).get("status")
    except urllib.error.HTTPError as error:
        return f"HTTP {error.code} from {url}"
    except Exception as error:  # whatever else listens there may answer anything
        return f"no healthy answer from {url}: {getattr(error, 'reason', error)}"
    return None if status == "ok" else f"{url} says status {status!r}"


def unhealthy(name: str, token: str | None = None) -> str | None:
    """Wait until the instance is healthy; else the last reason when its deadline or the controller ends the wait."""
    settings = read(DATA / name / "current" / "settings.json")
    url, seconds, pause = str(settings.get("health")), settings.get("deadline"), settings.get("interval")
    seconds = seconds if isinstance(seconds, (int, float)) else 30
    pause = pause if isinstance(pause, (int, float)) else POLL
    end = time.monotonic() + seconds
    while True:
        reason = probe(url)
        if reason is None:
            return None
        shown = systemctl("show", "--property=NRestarts,ActiveState", unit(name)).stdout.splitlines()
        state = dict(line.split("=", 1) for line in shown if "=" in line)
        if state.get("ActiveState") == "failed" or int(state.get("NRestarts") or 0) >= 3:
            return f"it exited, {state.get('NRestarts')} restarts did not help; {reason}"
        if token and said(name, token) == "undo":
            return f"undone by the controller while it waited: {reason}"
        if time.monotonic() >= end:
            return f"{reason}, for {seconds:g} s"
        time.sleep(pause)


def tell(name: str, token: str, state: str, reason: str | None = None) -> None:
    """Say how the switch `token` stands, to whoever asks with `report`."""
    write(RUN / f"{name}.state", {"token": token, "state": state, "reason": reason})


def record(name: str, verdict: str, **more: str | None) -> None:
    """Append one line to the instance's ledger."""
    line = {"at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "verdict": verdict, **more}
    handle = os.open(DATA / name / "ledger.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.write(handle, (json.dumps(line) + "\n").encode())
    os.fsync(handle)
    os.close(handle)


def go_back(name: str, pending: dict[str, Any], verdict: str, reason: str, restart: bool = True) -> None:
    """Undo a pending switch; never gated: it runs once, whatever it finds."""
    old = pending["from"]
    if restart:
        failure = run(name, old) or (unhealthy(name) if old else None)
        reason = f"{reason}; the old generation {old} is unhealthy, too: {failure}" if failure else reason
    else:
        point(name, old)
    record(name, verdict, **pending, reason=reason)
    (DATA / name / "pending.json").unlink(missing_ok=True)
    tell(name, pending["token"], "failed" if verdict == "failed" else "reverted", reason)


def order(name: str, token: str, seconds: float) -> str | None:
    """What the controller says of this switch within `seconds`: confirm, undo, or None."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        word = said(name, token)
        if word:
            return word
        time.sleep(POLL)
    return None


def said(name: str, token: str) -> str | None:
    """The controller's order for this switch, if there is one."""
    found = read(RUN / f"{name}.order")
    return str(found.get("order")) if found.get("token") == token else None


def switch(name: str, generation: str, token: str, confirm_within: str, by: str) -> None:
    """The whole transaction of one instance."""
    settle(name)
    wrong = damage(name, generation)
    pending: dict[str, str | None] = {"from": current(name), "to": generation, "by": by, "token": token}
    if wrong:
        record(name, "refused", **pending, reason=wrong)
        return tell(name, token, "failed", wrong)
    tell(name, token, "switching")
    write(DATA / name / "pending.json", pending)
    reason = run(name, generation) or unhealthy(name, token)
    if reason:
        return go_back(name, pending, "failed", reason)
    tell(name, token, "healthy")
    word = order(name, token, float(confirm_within))
    if word != "confirm":
        why = "undone by the controller" if word else f"nobody confirmed it within {confirm_within} s"
        return go_back(name, pending, "undone" if word else "unconfirmed", why)
    (DATA / name / "pending.json").unlink()
    record(name, "confirmed", **pending)
    return tell(name, token, "confirmed")


def settle(name: str | None = None) -> None:
    """Undo switches whose process is gone. At boot (no name), and while the host stops, only links move.

    A record that is spoilt names nothing to go back to, and is removed.
    """
    for path in DATA.glob(f"{name or '*'}/pending.json"):
        pending = read(path)
        if pending.keys() >= {"from", "token"}:
            runs = name is not None and systemctl("is-system-running").stdout.strip() != "stopping"
            go_back(path.parent.name, pending, "reverted", "the switch was cut off", restart=runs)
        path.unlink(missing_ok=True)
    if name is None:
        systemctl("daemon-reload")


def begin(name: str, generation: str, token: str, confirm_within: str, by: str) -> None:
    """Start a switch under PID 1 and print its state once decided."""
    transient = f"alert-threader-activate-{name}"
    words = [
        "systemd-run",
        "--quiet",
        "--collect",
        f"--unit={transient}",
        f"--property=ExecStopPost={__file__} settle {name}",
        f"--property=TimeoutStopSec={GOING_BACK}",
    ]
    words += [__file__, "switch", name, generation, token, confirm_within, by]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        busy = systemctl("is-active", transient).stdout.strip() in BUSY
        reason = "another activation of it is under way" if busy else done.stderr.strip()
        return print(json.dumps({"token": token, "state": "busy" if busy else "failed", "reason": reason}))
    return report(name, token, DECIDED)


def report(name: str, token: str, states: tuple[str, ...]) -> None:
    """Print the state of the switch `token` once it is one of `states`, or `lost` when its process is gone."""
    transient = f"alert-threader-activate-{name}"
    alive = True
    while True:
        state = read(RUN / f"{name}.state")
        if state.get("token") == token and state.get("state") in states:
            return print(json.dumps(state))
        if not alive:
            return print(json.dumps({"token": token, "state": "lost", "reason": "no such switch on this host"}))
        alive = systemctl("is-active", transient).stdout.strip() in BUSY
        time.sleep(POLL)


def answer(name: str, token: str, word: str) -> None:
    """Leave an order for the switch `token`, and print how it ended."""
    write(RUN / f"{name}.order", {"token": token, "order": word})
    report(name, token, ("failed", "confirmed", "reverted"))


def stop(name: str, by: str) -> None:
    """Stop an instance; what is in flight is finished, within the unit's TimeoutStopSec."""
    done = systemctl("stop", unit(name))
    record(name, "stopped", by=by, **{"from": current(name), "to": None})
    print(json.dumps({"state": "failed" if done.returncode else "stopped", "reason": done.stderr.strip() or None}))


VERBS: dict[str, Callable[..., None]] = {
    "begin": begin,
    "switch": switch,
    "settle": settle,
    "stop": stop,
    "confirm": lambda name, token: answer(name, token, "confirm"),
    "undo": lambda name, token: answer(name, token, "undo"),
}

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in VERBS:
        sys.exit(__doc__)
    os.umask(0o022)
    VERBS[sys.argv[1]](*sys.argv[2:])
