"""What the worker can be asked to do on one host; each function is one task, its arguments come as JSON."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pyinfra.api import StringCommand
from pyinfra.api.command import QuoteString
from pyinfra.operations import server

from deploy.faults import recognise
from deploy.hosts import operations
from deploy.hosts.facts import Snapshot, asking
from deploy.hosts.facts import script as source
from deploy.hosts.machine import COMMAND_SECONDS, Machine
from deploy.manifest.items import Change
from deploy.manifest.paths import DATA_DIRECTORY, HELPER, PROGRAM_DIRECTORY, sources_path

SIMULTANEOUS = frozenset({"activate", "run", "part", "script"})
"""Tasks that only wait on the host, and may do so side by side."""
BESIDE = frozenset({"install"})
"""Tasks that wait for one another alone: a rollout need not wait for a package."""
INSTALL_SECONDS = 900
UPLOAD_SECONDS = 900
"""For a tarball of some hundred MB on a slow line."""

# What an archive has is asked of it alone.
_SOURCE = """
printf %s "$2" >"$1.alert-threader-new"
chmod 0644 "$1.alert-threader-new"
mv -fT "$1.alert-threader-new" "$1"
apt-get update -q -o APT::Update::Error-Mode=any -o Dir::Etc::SourceList="$1" -o Dir::Etc::SourceParts=- \\
    -o APT::Get::List-Cleanup=0
"""
# At the cost of no package that is there. Lists are as good as new for an hour, unless what they name is gone.
_INSTALL = """
export DEBIAN_FRONTEND=noninteractive
stamp=/var/cache/alert-threader/lists
lists() { apt-get update -q && mkdir -p ${stamp%/*} && touch $stamp; }
packages() {
    apt-get install -q -y --no-install-recommends --no-remove -o DPkg::Lock::Timeout=300 \\
        -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold -- "$@"
}
if [ "$(find $stamp -mmin -60 2>/dev/null)" ] && packages "$@"; then exit 0; fi
lists
packages "$@"
"""


def snapshot(
    machine: Machine, paths: list[str], users: list[str], packages: list[str], units: Sequence[str] = ()
) -> dict[str, Any]:
    """All that is ours on the host, and the paths, users, packages and units asked for, in one exec."""
    found: dict[str, Any] = machine.fact(Snapshot, paths=paths, users=users, packages=packages, units=units)
    if not found["systemd"]:
        raise recognise(machine.place, "no systemd")
    return found


def apply(machine: Machine, changes: list[list[Any]]) -> None:
    """Do the changes, each (section, name, found, wanted), in their order, apart from what `install` does.

    Systemd is told where units changed, before any is started: also what a call that was cut off has written.
    """
    told = False
    for change in (Change(*each) for each in changes):
        if change.section == "units" and change.wanted is not None and not told:
            machine.operate(operations.reload)
            told = True
        _APPLY[change.section](machine, change)
        told = told and "/systemd/" not in change.name
    if not told and any("/systemd/" in name for _, name, *_ in changes):
        machine.operate(operations.reload)


def install(machine: Machine, changes: list[list[Any]]) -> None:
    """Tell apt of archives, keep the units of packages that come from running, and install these."""
    for section, name, _, wanted in changes:
        if section == "sources":
            machine.run(shell(_SOURCE, sources_path(name), wanted), INSTALL_SECONDS)
        elif section == "masks":
            machine.run(shell("systemctl mask --now -- $1", name), COMMAND_SECONDS)
    packages = [name for section, name, *_ in changes if section == "packages"]
    if packages:
        machine.run(shell(_INSTALL, *packages), INSTALL_SECONDS)


def stage(machine: Machine, request: dict[str, Any], artifact: str | None) -> None:
    """Stage a generation; `artifact` is a path on this machine, or None where the host has it already."""
    upload = artifact if request["artifact"] not in machine.artifacts else None
    machine.operate(operations.generation, request, upload)
    machine.artifacts.add(request["artifact"])


def forget(machine: Machine, instance: str, purge: bool) -> None:
    """Stop an instance and remove what it has on the host."""
    machine.operate(operations.forget, instance, purge=purge)


def activate(machine: Machine, words: list[str]) -> dict[str, Any]:
    """Call the helper; it answers with one line of JSON."""
    answer: dict[str, Any] = json.loads(run(machine, [HELPER, *words])[-1])
    return answer


def part(machine: Machine, request: dict[str, Any]) -> dict[str, Any]:
    """Have a part of the monitoring run what is written; the helper answers with one line of JSON."""
    answer: dict[str, Any] = json.loads(machine.run(asking("part", request), 300)[-1])
    return answer


def run(machine: Machine, words: list[str], seconds: float = 900, stdin: str = "") -> list[str]:
    """Run a command as root; its output, or the fault that its failure is a sign of."""
    return machine.run(StringCommand(*(QuoteString(word) for word in words)), seconds, stdin)


def script(machine: Machine, name: str, request: object, seconds: float) -> list[str]:
    """Run one of our scripts as root, with `request` as a line of JSON on its standard input; its output."""
    command = StringCommand("python3", "-c", QuoteString(source(name)))
    return machine.run(command, seconds, json.dumps(request))


def shell(script: str, *words: str) -> StringCommand:
    """A shell script with words as its arguments."""
    return StringCommand("sh", "-ec", QuoteString(script), "sh", *(QuoteString(word) for word in words))


def _user(machine: Machine, change: Change) -> None:
    if change.wanted is None:
        machine.operate(server.user, change.name, present=False)
    else:
        options: dict[str, Any] = {
            "system": True,
            "home": DATA_DIRECTORY,
            "shell": "/usr/sbin/nologin",
            "create_home": False,
        }
        machine.operate(server.user, change.name, **options)


def _package(machine: Machine, change: Change) -> None:
    """One that is needed no longer stays, since others may have come to need it."""


def _source(machine: Machine, change: Change) -> None:
    machine.operate(operations.absent, sources_path(change.name))


def _mask(machine: Machine, change: Change) -> None:
    machine.operate(operations.unmasked, change.name)


def _program(machine: Machine, change: Change) -> None:
    """Only folders of ours are ever removed, or replaced, with all that is in them."""
    if change.name.rpartition("/")[0] != PROGRAM_DIRECTORY or change.name.rpartition("/")[2] in ("", ".", ".."):
        raise recognise(machine.place, f"{change.name} is no folder of a program of ours", there=True)
    if change.wanted is None:
        machine.operate(operations.forgotten, change.name)
    else:
        sha256, artifact = json.loads(change.wanted)
        machine.operate(operations.program, change.name, sha256, artifact, seconds=UPLOAD_SECONDS)


def _either(make: Any) -> Callable[[Machine, Change], None]:
    def apply_one(machine: Machine, change: Change) -> None:
        if change.wanted is None:
            machine.operate(operations.absent, change.name)
        else:
            machine.operate(make, change.name, change.wanted)

    return apply_one


def _directory(machine: Machine, change: Change) -> None:
    """Folders that are ours alone have us in their names; others had, or get, files of other programs."""
    if change.wanted is None and "alert-threader" not in change.name:
        machine.operate(operations.given_back, change.name)
    else:
        _either(operations.directory)(machine, change)


def _file(machine: Machine, change: Change) -> None:
    if change.wanted is None:
        machine.operate(operations.absent, change.name)
    else:
        text, access = json.loads(change.wanted)
        machine.operate(operations.file, change.name, text, access)


def _access(machine: Machine, change: Change) -> None:
    if change.wanted is not None:
        machine.operate(operations.rights, change.name, change.wanted)


def _unit(machine: Machine, change: Change) -> None:
    machine.operate(operations.stopped if change.wanted is None else operations.started, change.name)


_APPLY: Mapping[str, Callable[[Machine, Change], None]] = {
    "users": _user,
    "sources": _source,
    "masks": _mask,
    "packages": _package,
    "directories": _directory,
    "programs": _program,
    "files": _file,
    "access": _access,
    "links": _either(operations.link),
    "units": _unit,
}
