"""What is on a host, in lists that can be compared."""

import json
import shlex

from tests.fleet.lab import Lab

OURS = (
    "/etc/alert-threader.d",
    "/etc/systemd/system",
    "/usr/local/lib",
    "/var/lib/alert-threader",
    "/var/cache/alert-threader",
)
EVERYTHING = ("/",)
PASSING = ("/proc", "/sys", "/dev", "/run", "/tmp", "/var/tmp", "/var/log", "/var/lib/systemd", "/var/lib/private")
"""What changes by itself."""

SCRIPT = """
import hashlib, json, os, stat, sys
tops, without, found = json.loads(sys.argv[1]), set(json.loads(sys.argv[2])), {}
def look(path):
    try:
        status = os.lstat(path)
    except OSError:
        return
    kind = stat.S_IFMT(status.st_mode)
    what = [oct(status.st_mode), status.st_uid, status.st_gid]
    if stat.S_ISLNK(status.st_mode):
        what.append(os.readlink(path))
    elif stat.S_ISREG(status.st_mode):
        what.append(hashlib.sha256(open(path, "rb").read()).hexdigest() if status.st_size < 1 << 20 else status.st_size)
    found[path] = [what, [status.st_ino, status.st_mtime_ns, status.st_ctime_ns]]
for top in tops:
    look(top)
    for base, folders, files in os.walk(top):
        folders[:] = [each for each in folders if os.path.join(base, each) not in without]
        for name in folders + files:
            look(os.path.join(base, name))
print(json.dumps(found))
"""


def _found(lab: Lab, host: str, tops: tuple[str, ...], without: tuple[str, ...] = ()) -> dict[str, list]:
    words = ["python3", "-c", SCRIPT, json.dumps(tops), json.dumps(without)]
    return json.loads(lab.sh(host, shlex.join(words)))


def content(lab: Lab, host: str, *leave: str) -> dict[str, object]:
    """Type, mode, owner and content of all that is ours on a host, but for names in `leave`, and what is below them."""
    found = _found(lab, host, OURS)
    return {path: what for path, (what, _) in found.items() if not {*path.split("/")} & {*leave}}


def exact(lab: Lab, host: str) -> dict[str, object]:
    """The same with inodes and times, and the processes and ledgers: equal only if nothing at all was done."""
    return {**_found(lab, host, (*OURS, "/run/alert-threader")), **processes(lab, host)}


def everything(lab: Lab, host: str) -> dict[str, object]:
    """Content of the whole host, with users and units."""
    units = lab.sh(host, "systemctl list-units --all --no-legend --plain --full 'alert*' | awk '{print $1, $3}'")
    files = _found(lab, host, EVERYTHING, PASSING)
    return {**{path: what for path, (what, _) in files.items()}, "units": units}


def processes(lab: Lab, host: str) -> dict[str, str]:
    """Main process of each threader and its state."""
    shown = lab.sh(host, "systemctl show -p Id,MainPID,ActiveState,NRestarts 'alert-threader@*'")
    blocks = [dict(line.split("=", 1) for line in block.splitlines()) for block in shown.strip().split("\n\n") if block]
    return {block["Id"]: f"{block['ActiveState']} {block['MainPID']} {block['NRestarts']}" for block in blocks}


def changed(before: dict, after: dict) -> list[str]:
    """The names of what differs."""
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
