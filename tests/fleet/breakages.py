"""What can be wrong with a host: how a test brings it about, and what a user has to read of it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.fleet.lab import Lab

Act = Callable[[Lab, str], object]


@dataclass(frozen=True)
class Breakage:
    """`breaks` and `mends` happen to `host`; `settings` are put over its own. {user}, {address}, … get filled in.

    `name` is the fault's in deploy/faults.py. The doctor finds the same, unless `doctor` names another fault.
    """

    name: str
    host: str
    cause: str
    next: str
    settings: dict[str, str] = field(default_factory=dict)
    breaks: Act = lambda lab, host: None
    mends: Act = lambda lab, host: None
    doctor: str = ""


def script(text: str) -> Act:
    """Run a script on the host."""
    return lambda lab, host: lab.sh(host, text)


def hidden(path: str) -> dict[str, Act]:
    """Take a program away."""
    return {"breaks": script(f"mv {path} {path}.away"), "mends": script(f"mv {path}.away {path}")}


FIRST = (
    Breakage(
        "SSH key refused",
        "app-1",
        "it refuses the SSH key or the user nobody",
        "ssh-copy-id nobody@{address}",
        {"user": "nobody"},
    ),
    Breakage(
        "host key changed",
        "app-2",
        "the host's key is not the one in known_hosts: it was reinstalled, or somebody is in between",
        "ask who reinstalled it, then: ssh-keygen -R '{address}' && ssh root@{address} true",
        {"known_hosts": "{files}/changed"},
    ),
    Breakage(
        "host key unknown",
        "app-3",
        "its host key is not in known_hosts, and unknown keys are never accepted unseen",
        "compare the fingerprint once: ssh root@{address} true",
        {"known_hosts": "{files}/empty"},
    ),
    Breakage(
        "unreachable",
        "app-4",
        "no answer on port 22 within 5 s",
        "threader doctor app-4; if it is gone for good: "
        "pulumi config set --path 'alert-threader:hosts[N].lost' true --type bool",
        breaks=lambda lab, host: lab.fleet.stop(host),
        mends=lambda lab, host: lab.fleet.start(host),
    ),
    Breakage(
        "connection refused",
        "app-5",
        "nothing listens on its port 22: sshd is not running there",
        "start sshd on its console: systemctl start ssh",
        breaks=script("systemctl stop ssh"),
        mends=script("systemctl start ssh"),
    ),
    Breakage(
        "disk full",
        "app-6",
        "no space is left on its disk: mkdir: cannot create directory '/var/lib/alert-threader': "
        "No space left on device",
        "ssh root@{address} df -h /var /etc /tmp; then: journalctl --vacuum-size=100M or apt-get clean there",
        breaks=lambda lab, host: lab.fleet.fill(host),
        mends=lambda lab, host: lab.fleet.empty(host),
    ),
    Breakage(
        "SSH key unreadable",
        "no-key",
        "the SSH key of this machine can not be used: No such private key file: {files}/key",
        "ls -l and name the right one: pulumi config set --path 'alert-threader:hosts[N].key' FILE",
        {"address": "192.0.2.1", "key": "{files}/key"},
    ),
    Breakage(
        "name unknown",
        "no-name",
        "its address no-such-host.invalid is no name that this machine can resolve",
        "getent hosts no-such-host.invalid; mend the address: "
        "pulumi config set --path 'alert-threader:hosts[N].address' ADDRESS",
        {"address": "no-such-host.invalid"},
    ),
)
SECOND = (
    Breakage(
        "sudo password needed",
        "app-1",
        "sudo asks askpass for a password, and no password is ever typed for you",
        "on the host, with visudo -f /etc/sudoers.d/askpass: askpass ALL=(root) NOPASSWD: ALL",
        {"user": "askpass"},
    ),
    Breakage(
        "no sudo",
        "app-2",
        "ops may not use sudo, or it is not installed",
        "apt-get install sudo, and let ops use it without a password: visudo -f /etc/sudoers.d/ops",
        {"user": "ops"},
        **hidden("/usr/bin/sudo"),
    ),
    Breakage(
        "no systemd",
        "app-3",
        "systemd is not its init, and threaders run as systemd units",
        "use a host that was booted by systemd (Debian 12, 13, Ubuntu 22.04, 24.04)",
        # its sign, as sd_booted(3) has it, is /run/systemd/system; under an empty folder the host looks like any other
        breaks=script("mount -t tmpfs none /run/systemd"),
        mends=script("umount /run/systemd"),
    ),
    Breakage(
        "read-only file system",
        "app-4",
        "a file system of it is read-only, often after a disk error: "
        "mkdir: cannot create directory '/var/lib/alert-threader': Read-only file system",
        "ssh root@{address} dmesg | tail; then: mount -o remount,rw /",
        breaks=lambda lab, host: lab.fleet.readonly(host),
        mends=lambda lab, host: lab.fleet.writable(host),
    ),
    Breakage(
        "no python3",
        "app-5",
        "it has no python3, which reading and changing it needs",
        "ssh root@{address} apt-get install -y python3",
        **hidden("/usr/bin/python3"),
    ),
    Breakage(
        "connection cut",
        "app-6",
        "the SSH connection broke in the middle of a command",
        "threader doctor app-6; then the same command again, which finishes what was begun",
        mends=lambda lab, host: lab.fleet.mend(host),
        doctor="unreachable",
    ),
)
