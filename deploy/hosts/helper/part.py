"""Has a part of the monitoring run what is written on its host. Reads one line of JSON, and answers with one.

{"unit", "verb": what systemctl is to do with one that runs: reload or restart, "check": words of a command that fails
 for a configuration that would be refused, or [], "listens": ADDRESS:PORT that answers when it runs, or null,
 "seconds": how long it may take to run}

The answer has a `state`: running, refused (the check failed, and nothing was touched) or failed, and a `reason`: the
program's own words. Runs on the host, as root, in one exec. Python 3.10, standard library.
"""

import json
import socket
import subprocess
import sys
import time
from typing import Any

LINES, POLL, SETTLED = 20, 0.1, 1.0  # lines of a program's words; seconds between looks, and that it has to stay
BEHIND = 1.0  # seconds that the journal gets to take a program's last words
WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what is asked in their place


def told(*words: str) -> tuple[int, str]:
    """The exit status of a command, and all that it says."""
    try:
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    except OSError as error:
        return 127, str(error)
    return done.returncode, done.stdout


def last(text: str) -> str:
    """The last lines of what a program said."""
    return "\n".join([line.rstrip() for line in text.splitlines() if line.strip()][-LINES:]) or "it says nothing"


def shown(unit: str) -> dict[str, str]:
    """How systemd sees a unit."""
    names = "ActiveState,SubState,InvocationID,MainPID,NRestarts"
    lines = told("systemctl", "show", f"--property={names}", unit)[1].splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def words_of(unit: str, invocation: str) -> str:
    """What a unit said since the start that has this id; the journal is a moment behind."""
    time.sleep(BEHIND)
    told("journalctl", "--sync")
    match = [f"_SYSTEMD_INVOCATION_ID={invocation}"] if invocation else ["--unit", unit]
    text = told("journalctl", "--quiet", "--output=cat", "--no-pager", f"--lines={LINES}", *match)[1]
    return last(text)


def answers(place: str) -> bool:
    """Whether somebody listens there."""
    host, _, port = place.rpartition(":")
    host = host.strip("[]")
    try:
        socket.create_connection((WILDCARDS.get(host, host), int(port)), timeout=1).close()
    except OSError:
        return False
    return True


def run(want: dict[str, Any]) -> dict[str, Any]:
    """Check, then start, reload or restart, and see that it stays."""
    unit, check = want["unit"], want["check"]
    if check:
        status, words = told(*check)
        if status:
            return {"state": "refused", "reason": last(words)}
    verb = want["verb"] if shown(unit).get("ActiveState") == "active" else "restart"
    told("systemctl", "reset-failed", unit)
    status, words = told("systemctl", verb, unit)
    if status:
        return {"state": "failed", "reason": f"{last(words)}\n{words_of(unit, shown(unit).get('InvocationID', ''))}"}
    return stays(unit, want["listens"], want["seconds"])


def stays(unit: str, place: str | None, seconds: float) -> dict[str, Any]:
    """Whether it runs, and answers, for a while, with one process all the time."""
    begun = shown(unit)
    invocation = begun.get("InvocationID", "")
    end, well = time.monotonic() + seconds, None
    while True:
        found, now = shown(unit), time.monotonic()
        if found.get("ActiveState") != "active" or found.get("MainPID") != begun.get("MainPID"):
            return {"state": "failed", "reason": words_of(unit, invocation)}
        well = (well or now) if place is None or answers(place) else None
        if well and now - well >= SETTLED:
            return {"state": "running", "reason": None}
        if now >= end and not well:
            late = f"nothing answers at {place} after {seconds:g} s"
            return {"state": "failed", "reason": f"{late}\n{words_of(unit, invocation)}"}
        time.sleep(POLL)


if __name__ == "__main__":
    print(json.dumps(run(json.loads(sys.stdin.readline()))))
