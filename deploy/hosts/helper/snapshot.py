"""Prints as one line of JSON all that is ours on this host, and what standard input asks for.

One line of JSON, of which each key may be missing: {"paths", "users", "packages", "units": lists of names}.

Runs on the host, as root, from standard text in one exec; nothing of it is left there. Python 3.10, standard library.
"""

import contextlib
import csv
import glob
import grp
import hashlib
import json
import os
import pwd
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

DATA, LIMIT = "/var/lib/alert-threader", 65536
HEALTH, EDGE = "/var/lib/alert-threader-health", "/run/alert-threader-edge/admin.sock"
BOOT = "/proc/sys/kernel/random/boot_id"
LEASE, ROLLOUTS = DATA + "/lease.json", DATA + "/rollouts.jsonl"
STORIES, TOLD = DATA + "/stories", 3  # of the newest rollouts, so many
REQUEST = DATA + "/request.json"
MAINTENANCE, DRAIN = 0x23, 0x18  # bits of HAProxy's srv_admin_state, however they came to be set
UNITS = "alert-threader*"  # of units that systemd has not loaded, which are inactive, a pattern finds none
UNIT_FOLDER, PROGRAMS = "/etc/systemd/system", "/opt/alert-threader"
OURS = (
    "/etc/alert-threader.d",
    "/etc/alert-threader.d/*",
    "/etc/alert-threader-*",
    "/run/alert-threader-edge/haproxy.cfg",
    "/etc/alert-threader-*/**",
    "/run/alert-threader-*/started",
    "/run/alert-threader-*/loaded",
    "/etc/apt/sources.list.d/alert-threader-*",
    "/opt/alert-threader",
    "/etc/systemd/system/alert-threader*",
    "/etc/systemd/system/alert-threader*/*",
    "/etc/systemd/system/*.wants/alert-threader*",
    "/usr/local/lib/alert-threader",
    "/usr/local/lib/alert-threader/*",
    "/var/cache/alert-threader",
    DATA,
    DATA + "-*",
    DATA + "/*",
    DATA + "/*/generations",
)


def masked() -> list[str]:
    """The links that keep units of others from running."""
    links = [path for path in glob.glob(UNIT_FOLDER + "/*") if os.path.islink(path)]
    return [path for path in links if os.readlink(path) == os.devnull]


def programs() -> dict[str, str]:
    """The digest of the tarball from which each folder was unpacked, and after it what was changed there since.

    A file whose ctime is not newer than that of the digest, which was written last, is as it was unpacked.
    """
    found = {}
    for folder in sorted(glob.glob(PROGRAMS + "/*")):
        try:
            sealed = os.lstat(folder + "/.sha256").st_ctime_ns
            digest = text_of(folder + "/.sha256").strip()
        except OSError:
            continue
        paths = [os.path.join(base, name) for base, _, names in os.walk(folder) for name in names]
        edited = sorted(os.path.relpath(path, folder) for path in paths if os.lstat(path).st_ctime_ns > sealed)
        found[folder] = digest + (", edited by hand: " + ", ".join(edited[:5]) if edited else "")
    return found


def writable() -> list[str]:
    """The folders elsewhere that units of ours may write in, as these say themselves."""
    found = []
    for path in glob.glob(UNIT_FOLDER + "/alert-threader*.service"):
        if os.path.isfile(path):
            lines = [line for line in text_of(path).splitlines() if line.startswith("ReadWritePaths=")]
            found += [word.lstrip("-") for line in lines for word in line.partition("=")[2].split()]
    return found


def name_of(find: Callable[[int], tuple[Any, ...]], number: int) -> str:
    """The name of a user or group; its number where it has none."""
    try:
        return str(find(number)[0])
    except KeyError:
        return str(number)


def access(status: os.stat_result) -> str:
    """Rights as "owner:group mode"."""
    owner, group = name_of(pwd.getpwuid, status.st_uid), name_of(grp.getgrgid, status.st_gid)
    return f"{owner}:{group} {stat.S_IMODE(status.st_mode):04o}"


def text_of(path: str) -> str:
    """The content of a file; of one that is large or no text, its digest stands for it."""
    with open(path, "rb") as file:
        content = file.read(LIMIT + 1)
        if len(content) <= LIMIT and b"\0" not in content:
            try:
                return content.decode()
            except UnicodeDecodeError:
                pass
        return "not text: sha256 " + hashlib.sha256(content + file.read()).hexdigest()


def describe(path: str) -> dict[str, str] | None:
    """What lies at a path, as one of link, directory or file; None when nothing does."""
    try:
        status = os.lstat(path)
        if stat.S_ISLNK(status.st_mode):
            return {"link": os.readlink(path)}
        if stat.S_ISDIR(status.st_mode):
            return {"directory": access(status)}
        if stat.S_ISREG(status.st_mode):
            return {"file": text_of(path), "access": access(status)}
        return {"file": "neither file nor directory", "access": access(status)}
    except (FileNotFoundError, NotADirectoryError):
        return None


def generation(folder: str) -> dict[str, Any]:
    """One generation: its settings and env as found, their access, and which files differ from its checksums.

    A file whose ctime is not newer than the checksums, which were written last, is as it was staged.
    """
    listed: dict[str, str] = {}
    sealed = -1
    try:
        with open(folder + "/MANIFEST.sha256") as file:
            written = os.fstat(file.fileno())
            sealed = min(written.st_mtime_ns, written.st_ctime_ns)  # a chmod of all files seals nothing anew
            for line in file:
                digest, path = line.rstrip("\n").split("  ", 1)
                listed[path] = digest
    except (OSError, ValueError):
        pass
    found: dict[str, str] = {}
    small, rights = {}, {}
    for base, folders, names in os.walk(folder):
        for path, status in there(base, folders):
            if not usable(status, 0o005, stat.S_IFDIR):
                found[os.path.relpath(path, folder)] = "no folder of a release"
        for path, status in there(base, names):
            short = os.path.relpath(path, folder)
            needed = 0o005 if short == "release/run" else 0o004 if short.startswith("release/") else 0
            unchanged = listed.get(short) if status.st_ctime_ns <= sealed else None
            with contextlib.suppress(FileNotFoundError):
                found[short] = (unchanged or digest_of(path)) if usable(status, needed) else "no file of a release"
                if base == folder and stat.S_ISREG(status.st_mode):
                    small[short], rights[short] = text_of(path), access(status)
    found.pop("MANIFEST.sha256", None)
    damaged = sorted(path for path in found.keys() | listed.keys() if found.get(path) != listed.get(path))
    return {"files": small, "access": rights, "damaged": damaged}


def there(base: str, names: list[str]) -> Iterator[tuple[str, os.stat_result]]:
    """What lies in a folder, but for what is gone by now: second slots end, and are removed, by themselves."""
    for name in names:
        path = os.path.join(base, name)
        try:
            status = os.lstat(path)
        except FileNotFoundError:
            continue
        yield path, status


def usable(status: os.stat_result, needed: int, kind: int = stat.S_IFREG) -> bool:
    """Whether it is of that kind, written by root alone, and grants the service what it needs."""
    mode = status.st_mode
    return stat.S_IFMT(mode) == kind and not status.st_uid and not mode & 0o022 and mode & needed == needed


def digest_of(path: str) -> str:
    """The SHA-256 of a file, in hex."""
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def content_of(path: str) -> dict[str, Any] | None:
    """An object in a JSON file; None when it is absent or spoilt."""
    try:
        with open(path) as file:
            found = json.load(file)
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def lines_of(path: str, count: int, most: int) -> list[dict[str, Any]]:
    """The last `count` objects in a file of JSON lines, of which only the last `most` bytes are read."""
    try:
        with open(path, "rb") as file:
            start = max(0, os.fstat(file.fileno()).st_size - most)
            file.seek(start)
            lines = file.read().decode(errors="replace").split("\n")[1 if start else 0 :]
    except OSError:
        return []
    found: list[dict[str, Any]] = []
    for line in reversed(lines):
        try:
            each = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(each, dict) and len(found) < count:
            found.append(each)
    return found[::-1]


def lease() -> dict[str, Any] | None:
    """Who has the fleet, and whether it is so still, by this host's own clock."""
    found = content_of(LEASE)
    if found is None:
        return None
    try:
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - float(found["renewed"])
        live = (
            not found.get("released") and found["boot"] == text_of(BOOT).strip() and 0 <= age < float(found["seconds"])
        )
    except (LookupError, TypeError, ValueError):
        return None
    return {**found, "live": live}


def stories() -> dict[str, Any]:
    """What the newest rollouts did, by their names; one that is spoilt is missing."""
    numbers = [name[1:-5] for name in map(os.path.basename, glob.glob(STORIES + "/r*.json"))]
    newest = sorted((int(each) for each in numbers if each.isascii() and each.isdigit()), reverse=True)[:TOLD]
    found = {f"r{number}": content_of(f"{STORIES}/r{number}.json") for number in newest}
    return {name: story for name, story in found.items() if story is not None}


def edge() -> dict[str, Any] | None:
    """How the load balancer here sees its servers; None where there is none, or none that answers."""
    if not os.path.exists(EDGE):
        return None
    try:
        states = [line.split() for line in haproxy("show servers state").splitlines()[2:]]
        rows = list(csv.DictReader(haproxy("show stat -1 4 -1").lstrip("# ").splitlines()))
        sessions = {row["svname"]: int(row["scur"] or 0) + int(row["qcur"] or 0) for row in rows}
        servers = {}
        for words in (words for words in states if len(words) > 7):
            bits = int(words[6])
            admin = "maint" if bits & MAINTENANCE else "drain" if bits & DRAIN else "ready"
            more = {"sessions": sessions.get(words[3], 0), "weight": int(words[7])}
            servers[words[3]] = {"admin": admin, "up": words[5] != "0", **more}
    except (OSError, LookupError, TypeError, ValueError):
        return None
    return {"servers": servers}


def haproxy(command: str) -> str:
    """What HAProxy answers."""
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(2)
        link.connect(EDGE)
        link.sendall(command.encode() + b"\n")
        return b"".join(iter(lambda: link.recv(65536), b"")).decode()


def instance(folder: str) -> dict[str, Any]:
    """What an instance has here; its unit is filled in later."""
    link = folder + "/current"
    current = os.readlink(link) if os.path.islink(link) else None
    generations = {}
    for path in sorted(glob.glob(folder + "/generations/*")):
        if os.path.isdir(path) and not os.path.islink(path):
            generations[os.path.basename(path)] = generation(path)
    return {
        "current": current,
        "generations": generations,
        "pending": os.path.exists(folder + "/pending.json"),
        "repair": os.path.exists(folder + "/repair-pending"),
        "ledger": lines_of(folder + "/ledger.jsonl", 30, 2**16),
        "health": content_of(f"{HEALTH}/{os.path.basename(folder)}.json"),
        "unit": None,
    }


def units(names: list[str]) -> dict[str, dict[str, str]]:
    """The state of each unit, and of all of ours that systemd knows, in one call."""
    words = ["systemctl", "show", "--property=Id,ActiveState,SubState,UnitFileState,ActiveEnterTimestamp", *names]
    words.append(UNITS)
    try:
        shown = subprocess.run(words, capture_output=True, text=True, check=False).stdout
    except OSError:
        return {}
    blocks = [dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in shown.split("\n\n")]
    return {block["Id"]: block for block in blocks if "Id" in block}


def passwd(name: str) -> dict[str, Any] | None:
    """A user's entry, or None."""
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return {"uid": entry.pw_uid, "home": entry.pw_dir, "shell": entry.pw_shell}


def packages(names: list[str]) -> dict[str, str]:
    """The state of each Debian package that has one; "installed" is the good one."""
    if not names:
        return {}
    words = ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\\n", *names]
    try:
        output = subprocess.run(words, capture_output=True, text=True, check=False).stdout
    except OSError:
        return {}
    return dict(line.split(" ", 1) for line in output.splitlines() if " " in line)


def main() -> None:
    """Answer one request."""
    asked: Mapping[str, Any] = json.loads(sys.stdin.readline() or "{}")
    paths = {*asked.get("paths", ()), *writable(), *masked()}
    for pattern in OURS:
        paths.update(path.rstrip("/") for path in glob.glob(pattern, recursive=True))
    paths -= {LEASE, ROLLOUTS, STORIES, REQUEST}  # which have keys of their own, or are asked for by rollouts
    found = {path: describe(path) for path in sorted(paths)}
    instances = {}
    for path in sorted(glob.glob(DATA + "/*")):
        if os.path.isdir(path) and not os.path.islink(path) and os.path.isdir(path + "/generations"):
            instances[os.path.basename(path)] = instance(path)
    states = units([*(f"alert-threader@{name}.service" for name in instances), *asked.get("units", ())])
    for name, value in instances.items():
        value["unit"] = states.get(f"alert-threader@{name}.service")
    answer = {
        "paths": {path: what for path, what in found.items() if what},
        "programs": programs(),
        "packages": packages(asked.get("packages", ())),
        "users": {name: passwd(name) for name in asked.get("users", ())},
        "units": {name: state["ActiveState"] for name, state in states.items() if "ActiveState" in state},
        "instances": instances,
        "artifacts": sorted(glob.glob("/var/cache/alert-threader/*.tar.gz")),
        "systemd": os.path.isdir("/run/systemd/system"),
        "boot": text_of(BOOT).strip(),
        "lease": lease(),
        "rollouts": lines_of(ROLLOUTS, 40, 2**21),
        "stories": stories(),
        "edge": edge(),
    }
    print(json.dumps(answer, separators=(",", ":")))


if __name__ == "__main__":
    main()
