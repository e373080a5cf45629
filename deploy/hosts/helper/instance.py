"""instance: what an instance runs and how it is, and its units by name. Used by `activate` and `slot` beside it.

Python 3.10, standard library only.
"""

import errno
import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from records import DATA, read, sync

POLL = 0.1  # seconds between two looks at ports, orders and states
PROBE = 2.0  # seconds for an answer of an instance
BUSY = ("active", "activating", "deactivating")


def systemctl(*words: str) -> subprocess.CompletedProcess[str]:
    """Call systemctl; never raises for what it answers."""
    return subprocess.run(["systemctl", *words], capture_output=True, text=True, check=False)


def unit(name: str) -> str:
    """The unit that runs an instance."""
    return f"alert-threader@{name}.service"


def transient(name: str) -> str:
    """The unit that switches an instance."""
    return f"alert-threader-activate-{name}"


def alive(name: str) -> bool:
    """Whether a switch of the instance, or its settling, is under way."""
    return systemctl("is-active", transient(name)).stdout.strip() in BUSY


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
        beside(name, ".current", generation).replace(link)
    sync(DATA / name)


def beside(name: str, link: str, generation: str) -> Path:
    """A fresh link to `generation`; on a full disk the one that was laid ready for the way back, if it leads there."""
    fresh, ready = DATA / name / link, DATA / name / ".back"
    try:
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(f"generations/{generation}")
    except OSError:
        if not ready.is_symlink() or os.readlink(ready) != f"generations/{generation}":
            raise
        return ready
    return fresh


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


def text_of(path: Path) -> str | None:
    """What a file says; None when it can not be read."""
    try:
        return path.read_text(errors="replace")
    except OSError:
        return None


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    import hashlib  # most calls need none

    return hashlib.sha256(path.read_bytes()).hexdigest()


def settings(name: str) -> dict[str, Any]:
    """What the current generation says of its health, with defaults for what is missing or spoilt."""
    found = read(DATA / name / "current" / "settings.json")
    numbers = {"deadline": 30, "interval": POLL}
    given = {key: found[key] for key in numbers if isinstance(found.get(key), (int, float))}
    return {**numbers, **given, "health": str(found.get("health")), "ready": found.get("ready")}


def probe(url: str, says_ok: bool = True) -> str | None:
    """Why `url` is not well, or None: a 2xx answer, whose JSON says "status": "ok" where that is wanted.

    Nothing is followed: that another page is well says nothing of the one that was asked.
    """
    from http.client import HTTPConnection  # most calls look at nothing, and this takes as long as all the rest

    try:
        where = urlsplit(url)
        link = HTTPConnection(where.hostname or "", where.port or 80, timeout=PROBE)
        with closing(link):
            link.request("GET", url.partition(where.netloc)[2] or "/", headers={"Connection": "close"})
            answer = link.getresponse()
            if not 200 <= answer.status < 300:
                return f"HTTP {answer.status} from {url}"
            status = json.loads(answer.read(65536)).get("status") if says_ok else "ok"
    except Exception as error:  # whatever else listens there may answer anything
        return f"no healthy answer from {url}: {error}"
    return None if status == "ok" else f"{url} says status {status!r}"


def unwell(name: str, ready: bool = True) -> str | None:
    """Why what is current is not healthy, or not ready where that counts, or None."""
    want = settings(name)
    reason = probe(want["health"])
    return probe(str(want["ready"]), says_ok=False) if reason is None and ready and want["ready"] else reason


def at_once(look: Callable[[str], str | None], names: Sequence[str]) -> dict[str, str | None]:
    """What `look` finds for each name, side by side; what answers a byte a second is not waited for."""
    found: dict[str, str | None] = dict.fromkeys(names, f"no whole answer within {2 * PROBE:g} s")

    def keep(name: str) -> None:
        found[name] = look(name)

    threads = [threading.Thread(target=keep, args=(name,), daemon=True) for name in names]
    for thread in threads:
        thread.start()
    end = time.monotonic() + 2 * PROBE
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    return dict(found)


def taken(url: str) -> str | None:
    """That somebody else has the port of an instance, or None."""
    try:
        where = urlsplit(url)
        family, *_, address = socket.getaddrinfo(where.hostname, where.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family) as place:
            place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            place.bind(address)
    except (OSError, ValueError) as error:
        in_use = getattr(error, "errno", None) == errno.EADDRINUSE
        return f"another process has port {where.port}" if in_use else None
    return None


def listened(url: str, seconds: float) -> None:
    """Wait until something listens at the address of `url`, for so many seconds at most: it is looked at soon."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(OSError, ValueError):
            where = urlsplit(url)
            socket.create_connection((where.hostname or "", where.port or 80), timeout=POLL).close()
            return
        time.sleep(POLL / 2)


def wait(look: Callable[[], str | None], until: float, pause: float, halt: Callable[[], str | None]) -> str | None:
    """Look until there is no reason against it; the last one when the time is over or something halts the wait."""
    while True:
        reason = at_once(lambda _: look(), ("",))[""]
        if reason is None:
            return None
        stopped = halt()
        if stopped or time.monotonic() >= until:
            return f"{stopped}; {reason}" if stopped else reason
        time.sleep(pause)
