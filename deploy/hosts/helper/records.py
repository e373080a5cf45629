"""records: what a host remembers in spite of crashes, and which controller may write. Used by `activate` beside it.

A file here is old or new after a crash and on a full disk, never half; one that is spoilt counts as none. The lease is
for one controller at a time: TOKEN is COUNTER:CONTROLLER, a higher one supersedes a lower one, and what was superseded
is refused for ever. How long a lease lives is measured by this host's own clock. Python 3.10, standard library only.
"""

import fcntl
import json
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

DATA, RUN = Path("/var/lib/alert-threader"), Path("/run/alert-threader")
BOOT = Path("/proc/sys/kernel/random/boot_id")
KEPT = 200  # rollouts that are remembered
STORIES = 20  # of these, so many with all that happened
ABORT = "abort"  # what can be wanted of a rollout

Answer = dict[str, Any]


def write(path: Path, text: str) -> None:
    """Replace a file so that after a crash, or when the disk is full, it holds the old or the new text."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with fresh.open("w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    sync(path.parent)


def sync(folder: Path) -> None:
    """Make sure that what was renamed in `folder` outlives a crash."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def append(path: Path, line: str) -> None:
    """Add a whole line to a file, or nothing; half a line that a crash left is ended first."""
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        size = os.fstat(handle).st_size
        ended = not size or os.pread(handle, 1, size - 1) == b"\n"
        data = f"{'' if ended else chr(10)}{line}\n".encode()
        try:
            if os.write(handle, data) < len(data):
                raise OSError(f"no room for a line in {path}")
            os.fsync(handle)
        except OSError:
            os.ftruncate(handle, size)
            raise
    finally:
        os.close(handle)


def read(path: Path) -> Answer:
    """What was written as JSON; nothing when the file is absent or spoilt."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


@contextmanager
def locked(name: str, wait: bool = True) -> Iterator[bool]:
    """Hold the lock `name`, which ends with its process; gives whether we have it, which only `wait` makes sure of."""
    RUN.mkdir(mode=0o755, parents=True, exist_ok=True)
    handle = os.open(RUN / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o644)
    have = True
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            have = False
        yield have
    finally:
        os.close(handle)


def utc() -> str:
    """Now, as RFC 3339 has it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def record(name: str, verdict: str, switch: Answer, reason: str | None = None) -> None:
    """Append one line to the instance's ledger; on a full disk only to the journal."""
    what = {key: switch.get(key) for key in ("from", "to", "by", "token", "purpose")}
    line = json.dumps({"at": utc(), "verdict": verdict, **what, "reason": reason})
    try:
        append(DATA / name / "ledger.jsonl", line)
    except OSError as error:
        print(f"{error}: {line}", file=sys.stderr)


def tell(name: str, token: str, state: str, reason: str | None = None) -> None:
    """Say how the switch `token` stands, to whoever asks with `report`."""
    with suppress(OSError):
        write(RUN / f"{name}.state", json.dumps({"token": token, "state": state, "reason": reason}))


def leave(name: str, token: str, word: str) -> None:
    """Leave an order for the switch `token`."""
    write(RUN / f"{name}.order", json.dumps({"token": token, "order": word}))


def said(name: str, token: str) -> str | None:
    """The controller's order for this switch, if there is one."""
    found = read(RUN / f"{name}.order")
    return str(found.get("order")) if found.get("token") == token else None


def rank(token: object) -> tuple[int, str]:
    """By what tokens are ordered; ValueError when it is none."""
    counter, colon, controller = str(token).partition(":")
    if not (colon and controller and counter.isascii() and counter.isdigit()):
        raise ValueError(f"{token!r} is no token: COUNTER:CONTROLLER, as in 7:3f9c1a2b")
    return int(counter), controller


def stored() -> Answer | None:
    """The lease that was granted last; None when there is none, or only a spoilt one."""
    found = read(DATA / "lease.json")
    try:
        rank(found["token"])
        float(found["renewed"]) + float(found["seconds"])
    except (LookupError, ValueError, TypeError):
        return None
    return found


def keep(lease: Answer) -> None:
    """Store a lease as renewed now."""
    now = {"renewed": time.clock_gettime(time.CLOCK_BOOTTIME), "boot": BOOT.read_text().strip()}
    write(DATA / "lease.json", json.dumps({**lease, **now}))


def live(lease: Answer) -> bool:
    """Whether its holder has it still: not given back, and renewed in time, in this boot."""
    if lease.get("released") or lease.get("boot") != BOOT.read_text().strip():
        return False
    return 0 <= time.clock_gettime(time.CLOCK_BOOTTIME) - float(lease["renewed"]) < float(lease["seconds"])


def superseded(found: Answer | None) -> Answer:
    """What a controller is told that may not write."""
    if found is None:
        return {"state": "superseded", "counter": 0, "reason": "this host knows of no lease"}
    counter, _ = rank(found["token"])
    verb = "had" if found.get("released") else "has"
    what = f"{found.get('by')} {verb} the fleet for a {found.get('purpose')} (r{counter}) since {found.get('since')}"
    return {"state": "superseded", "counter": counter, "reason": what}


def lease(token: str, seconds: str, by: str, purpose: str) -> Answer:
    """Take or renew the lease, for so many seconds."""
    mine = rank(token)
    with locked(".lease"):
        found = stored()
        theirs = rank(found["token"]) if found else (-1, "")
        if found and mine != theirs and mine[0] <= theirs[0]:  # equal ones would be two rollouts of one name
            return superseded(found)
        if found and mine[1] != theirs[1] and live(found):
            return {"state": "held", "lease": found}
        since = found["since"] if found and mine == theirs and "since" in found else utc()
        wanted = {"token": token, "by": by, "purpose": purpose, "since": since, "seconds": float(seconds)}
        keep({**wanted, "released": False})
        return {"state": "granted"}


def release(token: str) -> Answer:
    """Give the lease back."""
    with locked(".lease"):
        found = stored()
        if not found or found["token"] != token:
            return superseded(found)
        write(DATA / "lease.json", json.dumps({**found, "released": True}))
        return {"state": "released"}


@contextmanager
def writing(token: str) -> Iterator[Answer | None]:
    """While this lasts nobody else gets the lease; gives None, or what to answer a controller that may not write.

    A lease that has only expired is still its holder's; writing renews it, as well as a full disk allows.
    """
    with locked(".lease"):
        found = stored()
        if not found or found["token"] != token or found.get("released"):
            yield superseded(found)
        else:
            with suppress(OSError):
                keep(found)
            yield None


def note(text: str) -> Answer:
    """Add one record to the list of rollouts."""
    try:
        record = json.loads(text)
    except ValueError as error:
        return {"state": "failed", "reason": f"no JSON: {error}"}
    if not isinstance(record, dict):
        return {"state": "failed", "reason": "a record is a JSON object"}
    path = DATA / "rollouts.jsonl"
    with locked(".rollouts"):
        lines = path.read_text(errors="replace").splitlines() if path.exists() else []
        lines.append(json.dumps(record, separators=(",", ":")))
        write(path, "".join(f"{line}\n" for line in lines[-KEPT:] if line))
    return {"state": "noted"}


# --- what a rollout did, and what is wanted of it


def object_in(text: str) -> Answer:
    """The JSON object in a text; ValueError when it is none."""
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError("no JSON object")
    return found


def stories() -> list[Path]:
    """The stories that are kept here, the oldest first."""
    found = [path for path in (DATA / "stories").glob("r*.json") if re.fullmatch(r"r\d+", path.stem, re.ASCII)]
    return sorted(found, key=lambda path: int(path.stem[1:]))


def newest() -> Answer:
    """The story of the newest rollout; nothing where there is none."""
    found = stories()
    return read(found[-1]) if found else {}


def story(token: str, text: str | None = None) -> Answer:
    """Replace the story of the rollout `token`; without `text` it is read from standard input."""
    told = json.dumps(object_in(sys.stdin.read() if text is None else text), separators=(",", ":"))
    with writing(token) as refusal:
        if refusal:
            return refusal
        write(DATA / "stories" / f"r{rank(token)[0]}.json", told + "\n")
        for path in stories()[:-STORIES]:
            path.unlink()
    return {"state": "written"}


def requested(counter: int) -> Answer | None:
    """What somebody wants of the rollout with this counter, or None."""
    found = read(DATA / "request.json")
    return found if found.get("rollout") == f"r{counter}" and found.get("verb") == ABORT else None


def ask(token: str) -> Answer:
    """What somebody wants of the rollout `token`."""
    return {"state": "asked", "request": requested(rank(token)[0])}


def request(text: str) -> Answer:
    """Leave what somebody wants of a rollout, which is told when it asks. The last word counts."""
    wanted = object_in(text)
    if wanted.get("verb") != ABORT or not re.fullmatch(r"r\d+", str(wanted.get("rollout")), re.ASCII):
        return {"state": "failed", "reason": f"no request: {ABORT} of a rollout such as r7"}
    write(DATA / "request.json", json.dumps({"at": utc(), **wanted}))
    return {"state": "requested"}
