#!/usr/bin/python3
"""edge: tells HAProxy on this host which servers get requests, and composes the configuration that it runs.

Each call prints one line of JSON; SERVERS are names with commas between them. Python 3.10, standard library only.

  edge drain SERVERS SECONDS WAIT   send them nothing new; after SECONDS they are admitted again unless somebody does
                                    so before; wait up to WAIT seconds until what they were sent is answered
  edge admit SERVERS                send to them again, as far as the health checks allow it; also to retired ones
  edge retire SERVERS               out for good, and out of the configuration that runs once they are not wanted
  edge apply                        run the wanted configuration; servers that left it stay until they are retired
  edge shift JSON [back]            {SERVER: WEIGHT, …}: those with a weight get requests by it; once all of these are
                                    up, those with 0 get none. All of it is done, or nothing; on the way `back` all that
                                    can be, since what is not up would get nothing anyway
  edge show                         every server as HAProxy sees it, and its weight
  edge counts                       of every server how many requests it got and how many of them failed

The unit calls, as HAProxy's own user: `prepare` before a start or reload, `start` after a start, `save`.
An admitted server is noted in /var/lib, so that neither a reload nor a reboot loses one that still serves. So is a
weight that was shifted, until the server is admitted or retired.
"""

import contextlib
import csv
import fcntl
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

DATA, RUN = Path("/var/lib/alert-threader-edge"), Path("/run/alert-threader-edge")
WANTED = Path("/etc/alert-threader-edge/haproxy.cfg")
UNIT, USER, BACKEND, POLL = "alert-threader-edge.service", "haproxy", "threaders", 0.05
PATIENCE = 5.0  # seconds that HAProxy may be away: it is being started again
LINGER = 12.0  # seconds for what a reload leaves behind: "timeout http-keep-alive", and some
MAINTENANCE, DRAIN = 0x01, 0x08  # bits of srv_admin_state
ADMITTED, RETIRED, WEIGHTS = "admitted", "retired", "weights"
FULL, MOST = 100, 256  # the weight of a server that is admitted, and the highest that HAProxy takes
UP = 5.0  # seconds in which a server has to be up that is to get requests
SLOT = "--prev"  # the end of the name of an instance's second slot
FORMER = 100  # retired servers that are remembered
RETIRING = "# No longer wanted, and in service until retired:\n"
ALERT = re.compile(r"^\[ALERT\] +\(\d+\) : (?:config : )?(.*)$", re.MULTILINE)
GENERAL = re.compile(r"Error\(s\) found|Fatal errors|Some protocols failed")
SERVER = re.compile(r"^ +server (\S+) .*\n", re.MULTILINE)
FAILED = ("hrsp_5xx", "econ", "eresp")  # statistics of a server: it answered so, or not at all
GOT = ("hrsp_1xx", "hrsp_2xx", "hrsp_3xx", "hrsp_4xx", "hrsp_other", *FAILED)
Answer = dict[str, Any]


class AwayError(Exception):
    """HAProxy does not do what it is asked, for the reason given."""


def ask(command: str, worker: int | None = None) -> str:
    """What HAProxy's master, or one of its workers, answers."""
    line = f"@!{worker} {command}\n" if worker else f"{command}\n"
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(5)
        link.connect(str(RUN / "master.sock"))
        link.sendall(line.encode())
        link.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: link.recv(65536), b"")).decode()


def workers(patience: float = PATIENCE) -> tuple[int, list[int], str]:
    """The worker that takes connections, those that only finish theirs, and a count of reloads. Raises AwayError."""
    end = time.monotonic() + patience
    while True:
        try:
            text = ask("show proc")
            new, _, old = text.partition("# old workers")
            found = [[int(pid) for pid in re.findall(r"^(\d+) +worker", part, re.MULTILINE)] for part in (new, old)]
            if found[0]:
                return found[0][0], found[1], "".join(re.findall(r" master +(.*?) +\d+d\d", text))
            reason = "no worker runs"
        except OSError as error:
            reason = str(error)
        if time.monotonic() >= end:
            raise AwayError(f"HAProxy does not answer: {reason}")
        time.sleep(POLL)


class Seen(NamedTuple):
    """A server as HAProxy runs it: its administrative state, as bits, and its weight."""

    admin: int
    weight: int


def seen() -> dict[str, Seen]:
    """Each server that HAProxy runs with."""
    lines = ask(f"show servers state {BACKEND}", workers()[0]).splitlines()[2:]
    found = (line.split() for line in lines)
    return {words[3]: Seen(int(words[6]), int(words[7])) for words in found if len(words) > 7}


def told(server: str, *orders: str) -> None:
    """Give orders about a server; HAProxy says something only when it refuses."""
    for order in orders:
        refusal = ask(f"set server {BACKEND}/{server} {order}", workers()[0]).strip()
        if refusal:
            raise AwayError(f"HAProxy refuses `set server {server} {order}`: {refusal}")


def rows(worker: int) -> list[dict[str, str]]:
    """The statistics of each server, of one worker."""
    text = ask(f"show stat {BACKEND} 4 -1", worker).lstrip("# ")
    return [row for row in csv.DictReader(text.splitlines()) if row.get("svname")]


def sessions(names: list[str]) -> int:
    """How many requests servers have in hand or in line, also of workers that an earlier reload left."""
    current, old, _ = workers()
    count = 0
    for worker in (current, *old):
        with contextlib.suppress(OSError, ValueError):  # an old one may be gone by now
            count += sum(int(row["scur"]) + int(row["qcur"]) for row in rows(worker) if row["svname"] in names)
    return count


def noted(what: str) -> dict[str, Any]:
    """By server: the configuration's line of what was admitted and not retired since, or is `retired`; or `weights`."""
    with contextlib.suppress(OSError, ValueError):
        found = json.loads((DATA / f"{what}.json").read_text())
        return found if isinstance(found, dict) else {}
    return {}


def note(what: str, lines: Mapping[str, Any]) -> None:
    """Replace what `noted` reads, so that a crash leaves the old or the new."""
    if lines != noted(what):
        put(DATA / f"{what}.json", json.dumps(lines, indent=1) + "\n", 0o644)


def put(path: Path, text: str, mode: int) -> None:
    """Write beside and rename."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with open(fresh, "w", opener=lambda name, flags: os.open(name, flags | os.O_EXCL, mode)) as file:
        os.fchmod(file.fileno(), mode)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def servers(text: str) -> dict[str, str]:
    """The line of each server in a configuration."""
    return {match[1]: match[0] for match in SERVER.finditer(text)}


def composed() -> str:
    """The configuration to run: the wanted one, whose backend comes last, and admitted servers that left it."""
    wanted = WANTED.read_text()
    kept = [line for name, line in sorted(noted(ADMITTED).items()) if name not in servers(wanted)]
    return "".join((wanted, RETIRING, *kept)) if kept else wanted


def prepare() -> None:
    """Write what is to run, if HAProxy finds it valid, and keep the state of the servers for it."""
    fresh = RUN / "haproxy.new"
    fresh.write_text(composed())
    done = subprocess.run(["haproxy", "-c", "-f", str(fresh)], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    (RUN / "servers.state").touch()  # empty: a cold start
    with contextlib.suppress(AwayError, OSError):
        save(patience=0)
    fresh.replace(RUN / "haproxy.cfg")


def save(patience: float = PATIENCE) -> None:
    """Keep the state of the servers for the next start or reload."""
    state = ask("show servers state", workers(patience)[0])
    if state.startswith("1\n"):
        put(RUN / "servers.state", state.rstrip("\n") + "\n", 0o600)


def start() -> None:
    """After a cold start, of a rebooted host say, admit every server: the health checks decide.

    Weights are as they were shifted; a slot gets nothing unless it was given some.
    """
    cold, weights = not (RUN / "servers.state").stat().st_size, shifted()
    for name, state in seen().items():
        weight = weights.get(name)
        if weight == 0:
            park(name, state)
        elif cold and (weight or not is_slot(name)):
            welcome(name, state, weight or FULL)
        elif weight:
            weigh(name, state, weight)
    save()


def is_slot(server: str) -> bool:
    """Whether a server is the second slot of an instance, INSTANCE--prev.HOST.PORT."""
    return server.partition(".")[0].endswith(SLOT)


def weigh(server: str, state: Seen, weight: int) -> None:
    """Give a server its weight, if it has another one."""
    if state.weight != weight:
        told(server, f"weight {weight}")


def welcome(server: str, state: Seen, weight: int = FULL) -> None:
    """Let a server have requests. One that comes out of maintenance is down until a health check found it up."""
    weigh(server, state, weight)
    if state.admin & MAINTENANCE:
        told(server, "state drain", "health down")
    told(server, "state ready")


def park(server: str, state: Seen) -> None:
    """Let a server have no requests, and be checked all the same, so that it is up as soon as it is to have some."""
    if state.admin & MAINTENANCE:
        told(server, "state drain", "health down")
    elif not state.admin & DRAIN:
        told(server, "state drain")


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """One call at a time changes something, and the state of the servers is kept after it.

    None does while HAProxy starts: its start gives servers what was noted, over what they are told meanwhile.
    """
    with (DATA / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        settled()
        try:
            yield
        finally:  # /run/alert-threader-edge is HAProxy's: root writes nothing there
            words = [__file__, "save"]
            subprocess.run(words, user=USER, group=USER, extra_groups=(), stderr=subprocess.DEVNULL, check=False)


def systemctl(*words: str) -> "subprocess.CompletedProcess[str]":
    """Call systemctl; never raises for what it answers."""
    return subprocess.run(["systemctl", *words], capture_output=True, text=True, check=False)


def settled() -> str:
    """How the unit of HAProxy is, once it is started, or has not been for a while."""
    end = time.monotonic() + PATIENCE
    while (state := systemctl("is-active", UNIT).stdout.strip()) == "activating" and time.monotonic() < end:
        time.sleep(POLL)
    return state


def admitting(server: str) -> str:
    """The units that admit a server later."""
    return f"alert-threader-edge-admit-{server}"


def disarm(names: Iterable[str], *kinds: str) -> None:
    """Forget that servers are to be admitted later."""
    systemctl("stop", *(f"{admitting(name)}.{kind}" for name in names for kind in kinds))


def arm(server: str, seconds: str) -> None:
    """Have a server admitted after `seconds`, and again every second until that could be done."""
    disarm([server], "timer", "service")
    name = admitting(server)
    words = ["systemd-run", "--quiet", "--collect", f"--unit={name}", f"--on-active={seconds}"]
    words += ["--timer-property=AccuracySec=100ms", "--property=Restart=on-failure", "--property=RestartSec=1"]
    done = subprocess.run([*words, __file__, "again", server], capture_output=True, text=True, check=False)
    if done.returncode:
        raise AwayError(f"{server} could not be given back in time by itself: {done.stderr.strip()}")


def drain(text: str, seconds: str, wait: str) -> Answer:
    """Out for a while. What is in maintenance, unknown, or shifted away from, gets nothing already."""
    names, end = text.split(","), time.monotonic() + float(wait)
    with alone():
        weights = shifted()
        for name, state in seen().items():
            if name in names and not state.admin & MAINTENANCE and weights.get(name) != 0:
                arm(name, seconds)
                told(name, "state drain")
    while (count := sessions(names)) and time.monotonic() < end:
        time.sleep(POLL)
    return {"state": "draining" if count else "drained", "sessions": count}


def admit(text: str) -> Answer:
    """In again; one that was retired and is not wanted, too, since a rollout goes back to where it was."""
    names = text.split(",")
    with alone():
        found_again(names)
        states, lines = seen(), servers(composed())
        disarm(names, "timer")  # and not the services, of which one may be us
        unweigh(names)
        for name in names:
            if name in states:
                welcome(name, states[name])
        note(ADMITTED, {**noted(ADMITTED), **{name: lines[name] for name in names if name in states and name in lines}})
    unknown = [name for name in names if name not in states]
    reason = f"HAProxy runs without {', '.join(unknown)}" if unknown else None
    return {"state": "unknown" if unknown else "ready", "reason": reason}


def found_again(names: Collection[str]) -> None:
    """Run again with those of the servers that were retired and are not wanted: a rollout goes back to where it was."""
    lines = servers(composed())
    former = {name: line for name, line in noted(RETIRED).items() if name in names and name not in lines}
    if former:
        note(ADMITTED, {**noted(ADMITTED), **former})
        reload()


def retire(text: str) -> Answer:
    """Out for good. What a server still has in hand is finished, by a worker that a reload leaves."""
    names = text.split(",")
    with alone():
        states, lines = seen(), servers(composed())
        former = {name: lines[name] for name in names if name in lines}
        note(RETIRED, dict([*noted(RETIRED).items(), *former.items()][-FORMER:]))
        disarm(names, "timer", "service")
        unweigh(names)
        for name in names:
            if name in states:
                weigh(name, states[name], FULL)
                told(name, "state maint")
        note(ADMITTED, {name: line for name, line in noted(ADMITTED).items() if name not in names})
        if states.keys() & set(names) - servers(composed()).keys():
            reload()
    return {"state": "retired"}


def shifted() -> dict[str, int]:
    """The weights that were shifted, and are still meant."""
    return {name: weight for name, weight in noted(WEIGHTS).items() if is_weight(weight)}


def is_weight(value: object) -> bool:
    """Whether HAProxy takes it as a weight."""
    return type(value) is int and 0 <= value <= MOST


def unweigh(names: Collection[str]) -> None:
    """Forget weights that were shifted."""
    note(WEIGHTS, {name: weight for name, weight in shifted().items() if name not in names})


def shift(text: str, back: str = "") -> Answer:
    """All weights at once. Nobody is without a server meanwhile: what is to serve is up before what served is drained.

    What was to serve already, is not up, and takes over from no other place of its instance, is not waited for.

    They are noted in between, so that whatever cuts this off there is made good by the next start.
    """
    weights = weights_in(text)
    with alone():
        found_again([name for name, weight in weights.items() if weight])
        states, lines = seen(), servers(composed())
        unknown = [name for name, weight in weights.items() if weight and name not in states]
        if unknown and not back:
            return {"state": "failed", "reason": f"HAProxy runs without {', '.join(unknown)}"}
        raised = [name for name, weight in weights.items() if weight and name in states]
        before = {name: states[name] for name in raised}
        idle = set(ill(states)) - taking_over(weights)
        try:
            for name in raised:
                welcome(name, states[name], weights[name])
            down = waited([name for name in raised if name not in idle])
        except (AwayError, OSError):
            put_back(before)
            raise
        reason = f"not up within {UP:g} s: {', '.join(down)}" if down else None
        if down and not back:
            put_back(before)
            return {"state": "failed", "reason": reason}
        disarm(weights, "timer", "service")
        keep(weights, lines)
        for name in weights.keys() & states.keys() - set(raised):
            park(name, states[name])
    return {"state": "shifted", "reason": reason}


def keep(weights: Mapping[str, int], lines: Mapping[str, str]) -> None:
    """Note what was shifted, of what HAProxy runs with; a slot that gets nothing need not outlive the settings."""
    note(WEIGHTS, {name: weight for name, weight in {**shifted(), **weights}.items() if name in lines})
    left = [name for name, weight in weights.items() if is_slot(name) and not weight]
    served = {name: line for name, line in noted(ADMITTED).items() if name not in left}
    note(ADMITTED, {**served, **{name: lines[name] for name, weight in weights.items() if weight and name in lines}})


def weights_in(text: str) -> dict[str, int]:
    """The weights that are asked for; ValueError when they are none."""
    found = json.loads(text)
    if not isinstance(found, dict) or not all(map(is_weight, found.values())):
        raise ValueError(f"no weights from 0 to {MOST} by server: {text}")
    return found


def taking_over(weights: Mapping[str, int]) -> "set[str]":
    """The servers whose instance loses another place."""
    losing = {instance_of(name) for name, weight in weights.items() if not weight}
    return {name for name in weights if instance_of(name) in losing}


def instance_of(server: str) -> str:
    """The instance that a server is, or whose second slot it is."""
    name = server.partition(".")[0]
    return name[: -len(SLOT)] if name.endswith(SLOT) else name


def ill(states: Mapping[str, Seen]) -> Collection[str]:
    """Servers that may have requests, and get none since they are not up: nobody loses anything where they stay so."""
    up = {row["svname"] for row in rows(workers()[0]) if row["status"].startswith("UP")}
    return [name for name, state in states.items() if not state.admin & (MAINTENANCE | DRAIN) and name not in up]


def waited(names: Collection[str]) -> list[str]:
    """Wait for servers to be up; those that are not in time, each with what it is."""
    end = time.monotonic() + UP
    while True:
        found = {row["svname"]: row["status"] for row in rows(workers()[0])}
        down = [f"{name} ({found.get(name, 'gone')})" for name in names if not found.get(name, "").startswith("UP")]
        if not down or time.monotonic() >= end:
            return down
        time.sleep(POLL)


def put_back(before: Mapping[str, Seen]) -> None:
    """Let servers be as they were, as far as HAProxy hears of it."""
    for name, was in before.items():
        state = "maint" if was.admin & MAINTENANCE else "drain" if was.admin & DRAIN else "ready"
        with contextlib.suppress(AwayError, OSError):
            told(name, f"state {state}", f"weight {was.weight}")


def apply() -> Answer:
    """Reload if something else is to run; a stopped HAProxy takes it when it starts."""
    state = settled()
    if state not in ("active", "reloading"):
        return {"state": "stopped", "reason": why()}
    with alone():
        running = RUN / "haproxy.cfg"
        changed = not running.exists() or running.read_text() != composed()
        if changed:
            reload()
    end = time.monotonic() + LINGER
    while (old := workers()[1]) and time.monotonic() < end:
        time.sleep(POLL)
    return {"state": "reloaded" if changed else "unchanged", "finishing": len(old)}


def reload() -> None:
    """Have new connections go to a worker with the configuration to run. Raises AwayError when it is refused."""
    (before, _, count), end = workers(), time.monotonic() + 2 * PATIENCE
    done = systemctl("reload", UNIT)
    while not done.returncode and workers()[2] == count and time.monotonic() < end:
        time.sleep(POLL)
    if workers()[0] == before:
        (RUN / "haproxy.cfg").unlink(missing_ok=True)  # it does not run with that
        raise AwayError(f"HAProxy runs on with its old configuration: {why()}")


def why() -> str:
    """What HAProxy last complained of."""
    words = ["journalctl", "--unit", UNIT, "--lines=40", "--output=cat", "--no-pager"]
    said = subprocess.run(words, capture_output=True, text=True, check=False).stdout
    alerts = [line for line in ALERT.findall(said) if not GENERAL.search(line)]
    return alerts[-1] if alerts else "it says nothing"


def again(server: str) -> Answer:
    """Admit; when that can not be done, fail, to be called again."""
    try:
        return admit(server)
    except (AwayError, OSError) as error:
        sys.exit(str(error))


def show() -> Answer:
    """What HAProxy says of every server."""
    found = rows(workers()[0])
    weights = {name: state.weight for name, state in seen().items()}
    return {"servers": {row["svname"]: row["status"] for row in found}, "weights": weights}


def counts() -> Answer:
    """Since the worker that takes connections began: [requests, failed ones] of every server."""

    def total(row: "dict[str, str]", names: "tuple[str, ...]") -> int:
        return sum(int(row.get(name) or 0) for name in names)

    return {"counts": {row["svname"]: [total(row, GOT), total(row, FAILED)] for row in rows(workers()[0])}}


VERBS: dict[str, Callable[..., "Answer | None"]] = {
    function.__name__: function
    for function in (drain, admit, retire, shift, apply, show, counts, prepare, start, save, again)
}


def main(verb: str, *words: str) -> None:
    """Do one call; a failure is an answer, too, except to systemd."""
    try:
        answer = VERBS[verb](*words)
    except (AwayError, OSError, ValueError) as error:
        if VERBS[verb] in (prepare, start, save):
            sys.exit(str(error))
        answer = {"state": "failed", "reason": str(error)}
    if answer is not None:
        print(json.dumps(answer))


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in VERBS:
        sys.exit(__doc__)
    os.umask(0o022)
    main(*sys.argv[1:])
