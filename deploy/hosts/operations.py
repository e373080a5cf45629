"""What is changed on a host: pyinfra operations, each for one item that differs. They never write through a link."""

from collections.abc import Callable, Generator
from typing import Any, cast

from pyinfra.api import FileUploadCommand, StringCommand
from pyinfra.api import operation as untyped_operation
from pyinfra.api.command import QuoteString

from deploy.hosts.facts import python
from deploy.manifest.paths import slot_name

Commands = Generator[StringCommand | FileUploadCommand]


def operation(function: Callable[..., Commands]) -> Callable[..., Any]:
    """pyinfra's decorator, with a type."""
    return cast(Callable[..., Any], untyped_operation()(function))


@operation
def file(path: str, text: str, access: str) -> Commands:
    """Replace a file by a rename, so that it is old or new, never half; `access` is "owner:group mode".

    A package that is installed meanwhile may have taken the folder away: Debian's own scripts remove all empty ones
    below /etc/systemd/system. It is made again then.
    """
    owner, mode = access.split()
    fresh, folder = QuoteString(f"{path}.alert-threader-new"), QuoteString(path.rpartition("/")[0])
    there = ("umask 077; { [ -d", folder, "] || mkdir -m 0755", folder, "; } && rm -f", fresh)
    made = ("&& cat >", fresh, "&& chown", owner, fresh, "&& chmod", mode, fresh, "&& sync", fresh)
    yield StringCommand(*there, *made, "&& mv -fT", fresh, QuoteString(path), _stdin=text.removesuffix("\n"))


@operation
def rights(path: str, access: str) -> Commands:
    """Give a file or directory its owner and mode."""
    owner, mode = access.split()
    yield StringCommand("chown -h", owner, QuoteString(path), "&& chmod", mode, QuoteString(path))


@operation
def directory(path: str, access: str) -> Commands:
    """Make a directory, in the place of a file or link of that name where there is one."""
    owner, mode = access.split()
    name = QuoteString(path)
    yield StringCommand(
        "if [ -L", name, "] || { [ -e", name, "] && [ ! -d", name, "]; }; then rm -f", name, "; fi; mkdir -p", name
    )
    yield StringCommand("chown", owner, name, "&& chmod", mode, name)


@operation
def link(path: str, target: str) -> Commands:
    """Make a link by a rename, in the place of whatever link or file has the name; folders for it are made."""
    fresh = QuoteString(f"{path}.alert-threader-new")
    yield StringCommand("mkdir -p", QuoteString(path.rpartition("/")[0]))
    yield StringCommand("ln -sfnT", QuoteString(target), fresh, "&& mv -fT", fresh, QuoteString(path))


@operation
def absent(path: str) -> Commands:
    """Remove a file, a link, or a directory that is empty; one that is not is left to its owner."""
    name = QuoteString(path)
    yield StringCommand(
        "if [ -d", name, "] && [ ! -L", name, "]; then rmdir", name, "2>/dev/null || :; else rm -f", name, "; fi"
    )


@operation
def given_back(path: str) -> Commands:
    """Leave a folder that is not ours alone: root's, and gone with its parent where empty and of no Debian package.

    A parent as near to the root as /srv or /var/lib stays: every host has those.
    """
    name = QuoteString(path)
    yield StringCommand("[ ! -d", name, "] || [ -L", name, "] || { chown root:root", name, "&& chmod 0755", name, "; }")
    parent = path.rpartition("/")[0]
    for each in (path, parent) if parent.count("/") > 2 else (path,):
        gone = QuoteString(each)
        yield StringCommand("dpkg-query -S", gone, ">/dev/null 2>&1 || rmdir", gone, "2>/dev/null || :")


@operation
def unmasked(unit: str) -> Commands:
    """Let a unit run again that is not ours; it is not started."""
    yield StringCommand("systemctl unmask", QuoteString(unit))


@operation
def program(folder: str, sha256: str, artifact: str) -> Commands:
    """Unpack a tarball, which is at the path `artifact` on this machine, in the place of a folder."""
    parent, _, name = folder.rpartition("/")
    there = f"{parent}/.{name}.tar.gz"
    yield StringCommand("mkdir -p", QuoteString(parent))
    yield FileUploadCommand(artifact, there)
    yield python("stage", {"program": folder, "artifact": there, "sha256": sha256})


@operation
def forgotten(folder: str) -> Commands:
    """Remove a folder with all that is in it."""
    yield StringCommand("rm -rf --", QuoteString(folder))


@operation
def reload() -> Commands:
    """Let systemd read its unit files again."""
    yield StringCommand("systemctl daemon-reload")


@operation
def started(unit: str) -> Commands:
    """Start a systemd unit, also one that has failed."""
    name = QuoteString(unit)
    yield StringCommand("systemctl reset-failed", name, "2>/dev/null || :; systemctl start", name)


@operation
def stopped(unit: str) -> Commands:
    """Stop a systemd unit, and forget that it has failed."""
    name = QuoteString(unit)
    yield StringCommand("systemctl stop", name, "&& { systemctl reset-failed", name, "2>/dev/null || :; }")


@operation
def generation(request: dict[str, Any], artifact: str | None) -> Commands:
    """Stage a generation, after bringing the artifact (a path on this machine) where the host does not have it."""
    if artifact:
        yield FileUploadCommand(artifact, request["artifact"])
    yield python("stage", request)


# As `drop` of deploy/hosts/helper/slot.py does it, also where no helper is left. $1 is the name of the slot.
_NO_SLOT = """
unit=alert-threader@$1.service
folder=/var/lib/alert-threader/$1
env=/etc/alert-threader.d/$1.env
[ -e "$folder" ] || [ -L "$env" ] || exit 0
rm -f "/etc/systemd/system/multi-user.target.wants/$unit" "$folder/pending.json"
for each in "alert-threader-warm-$1.timer" "alert-threader-warm-$1.service" "alert-threader-activate-$1.service"; do
    systemctl stop "$each" 2>/dev/null || :
done
systemctl stop "$unit" 2>/dev/null || :
systemctl reset-failed "$unit" 2>/dev/null || :
rm -rf "$env" "/etc/systemd/system/$unit.d" "$folder"
systemctl daemon-reload
"""


@operation
def forget(instance: str, *, purge: bool) -> Commands:
    """Stop an instance and remove what it has here; its data only with `purge`, else it is root's until another start.

    So whoever gets the service user's number next can not read it. Its second slot goes whole.
    """
    yield StringCommand("sh", "-ec", QuoteString(_NO_SLOT), "sh", QuoteString(slot_name(instance)))
    folder = f"/var/lib/alert-threader/{instance}"
    unit = f"alert-threader@{instance}.service"
    yield StringCommand("systemctl stop", unit, "2>/dev/null || :")
    yield StringCommand("systemctl reset-failed", unit, "2>/dev/null || :")
    names = ("generations", "current", "ledger.jsonl", "pending.json", "repair-pending", *(("data",) if purge else ()))
    yield StringCommand("rm -rf", *(QuoteString(f"{folder}/{name}") for name in names), f"{folder}/.[!.]*")
    yield StringCommand("chown -Rh root:root", QuoteString(f"{folder}/data"), "2>/dev/null || :")
    yield StringCommand("rmdir", QuoteString(f"{folder}/data"), QuoteString(folder), "2>/dev/null || :")
