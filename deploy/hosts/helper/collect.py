"""Prints, as base64 text, a .tar.gz of what there is to know of this host: collect FOLDER LINES

FOLDER is the folder in the archive, LINES how many lines of each journal there are. Of env files only the names of
variables are there; their values are masked wherever else they turn up, except those known to be no secrets.
Reads only, and writes nothing to a disk, which may be full. Runs on the host, as root; Python 3.10, standard library.
"""

import base64
import contextlib
import glob
import io
import json
import os
import re
import socket
import subprocess
import sys
import tarfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator

DATA, HEALTH = "/var/lib/alert-threader", "/var/lib/alert-threader-health"
LIBRARY, EDGE = "/usr/local/lib/alert-threader", "/run/alert-threader-edge/admin.sock"
LIMIT = 2_000_000  # bytes of one file of the archive; what is before them is left out
SHORTEST = 4  # characters; a shorter value is in half of all words
NO_NAME = "(a line that is no variable)"
PLAIN = re.compile(  # the variables of a threader that are no secrets, so that masking leaves a journal readable
    "SLACK_(CHANNEL|API_URL|TIMEOUT|MAX_WAIT)|ENVIRONMENT|INSTANCE|THREAD_(STORE|STORE_FILE|TTL_DAYS)|REDIS_KEY_PREFIX|"
    "SYNTHETIC_CHANNEL|BIND_(HOST|PORT)|MAX_BODY_BYTES|DRAIN_SECONDS|SHUTDOWN_TIMEOUT|LOG_LEVEL"
)
SHOWN = (
    "Id,LoadState,ActiveState,SubState,Result,UnitFileState,MainPID,NRestarts,ExecMainCode,ExecMainStatus,"
    "ActiveEnterTimestamp,InactiveEnterTimestamp,MemoryCurrent,TasksCurrent,FragmentPath,DropInPaths,NeedDaemonReload"
)
VERSIONS = "python3 --version; node --version; systemctl --version | head -n 1; haproxy -v | head -n 1"
MACHINE = {
    "system.txt": f"cat /etc/os-release; uname -a; uptime; {VERSIONS}; sha256sum {LIBRARY}/*",
    "disk.txt": "df -h; df -i; mount",
    "memory.txt": "free -m; cat /proc/meminfo",
    "listening.txt": "ss -lntup",
    "units.txt": f"systemctl list-units --all 'alert-threader*'; systemctl list-timers --all 'alert-threader*'; "
    f"systemctl --failed; systemctl show -p {SHOWN} 'alert-threader*'",
    "files.txt": f"ls -lAR {DATA} --ignore=release; ls -lA {LIBRARY} /var/cache/alert-threader /etc/alert-threader.d",
}
COPIED = ("lease.json", "rollouts.jsonl", "request.json")
OF_INSTANCE = ("ledger.jsonl", "pending.json", "current/settings.json", "current/unit.conf")


def sh(script: str) -> str:
    """What a shell script says, its complaints included."""
    done = subprocess.run(["sh", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.stdout.decode(errors="replace")


def text_of(path: str) -> str:
    """A file, or why there is none."""
    try:
        with open(path, errors="replace") as file:
            return file.read()
    except OSError as error:
        return f"{error}\n"


def variables(path: str) -> Iterator[tuple[str, str]]:
    """The variables of an env file, as they are written and as they are meant; a line that is none has NO_NAME."""
    for line in text_of(path).splitlines():
        name, equals, value = line.strip().partition("=")
        if not (equals and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name)):
            name, value = NO_NAME, line.strip()
        bare = value[1:-1] if value[:1] in ("'", '"') else value
        yield name, bare
        yield name, re.sub(r'\\([\\"`$])', r"\1", bare)


def secrets() -> dict[str, str]:
    """What must not be told, each with what stands for it."""
    found = {}
    for path in glob.glob(f"{DATA}/*/generations/*/env") + glob.glob("/etc/alert-threader.d/*.env"):
        for name, value in variables(path):
            with contextlib.suppress(ValueError):
                password = urllib.parse.urlsplit(value).password or ""
                found.update(dict.fromkeys((password, urllib.parse.unquote(password)), f"[{name}]"))
            if not PLAIN.fullmatch(name):
                found.update(dict.fromkeys((value, json.dumps(value)[1:-1]), f"[{name}]"))
    return {word: instead for word, instead in found.items() if len(word) >= SHORTEST}


def masked(text: str, words: dict[str, str]) -> str:
    """The text with no secret in it; the longest goes first, since it may hold a shorter one."""
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, words[word])
    return text


def answer(url: str) -> str:
    """What an address answers."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=2) as said:
            return f"{url}: {said.status} {said.read(2000).decode(errors='replace')}\n"
    except urllib.error.HTTPError as error:
        return f"{url}: {error.code} {error.read(2000).decode(errors='replace')}\n"
    except Exception as error:  # whatever listens there may answer anything
        return f"{url}: {error}\n"


def answers(name: str) -> str:
    """What an instance says of its health and of being ready."""
    try:
        settings = json.loads(text_of(f"{DATA}/{name}/current/settings.json"))
        return "".join(answer(settings[key]) for key in ("health", "ready") if key in settings)
    except (ValueError, TypeError) as error:
        return f"nothing is activated, or its settings are spoilt: {error}\n"


def edge(order: str) -> str:
    """What the edge's admin socket answers."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(2)
        try:
            line.connect(EDGE)
            line.sendall(f"{order}\n".encode())
            return b"".join(iter(lambda: line.recv(65536), b"")).decode(errors="replace")
        except OSError as error:
            return f"{error}\n"


def instance(name: str, lines: int) -> Iterator[tuple[str, Callable[[], str]]]:
    """The files of one instance."""
    units = (f"alert-threader@{name}", f"alert-threader-activate-{name}", f"alert-threader-health@{name}")
    journal = " ".join(f"-u {unit}.service" for unit in units)
    yield "journal.txt", lambda: sh(f"journalctl --no-pager -o short-iso -n {lines} {journal}")
    yield "variables.txt", lambda: "".join(sorted({f"{key}\n" for key, _ in variables(f"{DATA}/{name}/current/env")}))
    yield "answers.txt", lambda: answers(name)
    yield "health.json", lambda: text_of(f"{HEALTH}/{name}.json")
    for path in OF_INSTANCE:
        yield os.path.basename(path), lambda path=path: text_of(f"{DATA}/{name}/{path}")  # type: ignore[misc]


def everything(lines: int) -> Iterator[tuple[str, Callable[[], str]]]:
    """The files of the archive."""
    for name, script in MACHINE.items():
        yield name, lambda script=script: sh(script)  # type: ignore[misc]
    for name in COPIED:
        yield name, lambda name=name: text_of(f"{DATA}/{name}")  # type: ignore[misc]
    for path in sorted(glob.glob(f"{DATA}/stories/*.json")):
        yield f"stories/{os.path.basename(path)}", lambda path=path: text_of(path)  # type: ignore[misc]
    if os.path.exists(EDGE):
        yield "edge/servers.txt", lambda: edge("show servers state")
        yield "edge/stat.txt", lambda: edge("show stat")
        yield "edge/haproxy.cfg", lambda: text_of(f"{os.path.dirname(EDGE)}/haproxy.cfg")
        yield "edge/journal.txt", lambda: sh(f"journalctl --no-pager -n {lines} -u alert-threader-edge.service")
    for path in sorted(glob.glob(f"{DATA}/*/generations")):
        name = os.path.basename(os.path.dirname(path))
        for file, content in instance(name, lines):
            yield f"{name}/{file}", content


def archive(folder: str, lines: int) -> bytes:
    """The archive."""
    words, made = secrets(), io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        for name, content in everything(lines):
            data = masked(content(), words).encode()[-LIMIT:]
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size, member.mode, member.mtime = len(data), 0o600, int(time.time())
            tar.addfile(member, io.BytesIO(data))
    return made.getvalue()


if __name__ == "__main__":
    print(base64.encodebytes(archive(sys.argv[1], int(sys.argv[2]))).decode(), end="")
