"""What can be wrong with a host: one table of name, cause and next command, for all who tell people of it."""

import re
from dataclasses import dataclass
from typing import Final

from deploy.errors import ForPeople


@dataclass(frozen=True)
class Fault:
    """A kind of fault: `cause` and `next` are for people; {host}, {address}, {user}, {port}, {detail} get filled in."""

    name: str
    cause: str
    next: str
    signs: tuple[str, ...] = ()
    contact: bool = False
    """Whether the host could not be reached at all, so that nothing is known of it."""


# The order matters: the first fault, one of whose signs (regular expressions) is found in the message, is the one.
FAULTS: Final = (
    Fault(
        "host key changed",
        "the host's key is not the one in known_hosts: it was reinstalled, or somebody is in between",
        "ask who reinstalled it, then: ssh-keygen -R '{knownname}' && ssh {target} true",
        (r"SSH host key error", r"Host key for .* does not match"),
        contact=True,
    ),
    Fault(
        "host key unknown",
        "its host key is not in known_hosts, and unknown keys are never accepted unseen",
        "compare the fingerprint once: ssh {target} true",
        (r"No host key for", r"StrictPolicy", r"EOF when reading a line"),
        contact=True,
    ),
    Fault(
        "SSH key refused",
        "it refuses the SSH key or the user {user}",
        "ssh-copy-id {target}",
        (
            r"Authentication error",
            r"Authentication failed",
            r"No authentication methods available",
        ),
        contact=True,
    ),
    Fault(
        "SSH key unreadable",
        "the SSH key of this machine can not be used: {detail}",
        "ls -l and name the right one: pulumi config set --path 'alert-threader:hosts[N].key' FILE",
        (
            r"Invalid (private )?key",
            r"No such private key",
            r"key file .* is encrypted",
            r"Could not find SSH key",
        ),
        contact=True,
    ),
    Fault(
        "name unknown",
        "its address {address} is no name that this machine can resolve",
        "getent hosts {address}; mend the address: pulumi config set --path 'alert-threader:hosts[N].address' ADDRESS",
        (r"Could not resolve hostname", r"Name or service not known", r"nodename nor servname"),
        contact=True,
    ),
    Fault(
        "connection refused",
        "nothing listens on its port {port}: sshd is not running there",
        "start sshd on its console: systemctl start ssh",
        (r"Connection refused",),
        contact=True,
    ),
    Fault(
        "unreachable",
        "no answer on port {port} within 5 s",
        "threader doctor {host}; if it is gone for good: "
        "pulumi config set --path 'alert-threader:hosts[N].lost' true --type bool",
        (
            r"timed out",
            r"Unable to connect to port",
            r"No route to host",
            r"unreachable",
            r"Could not connect",
            r"SSH error",
            r"EOF error",
            r"banner",
        ),
        contact=True,
    ),
    Fault(
        "connection cut",
        "the SSH connection broke in the middle of a command",
        "threader doctor {host}; then the same command again, which finishes what was begun",
        (
            r"SSH session not active",
            r"Unable to open channel",
            r"Socket is closed",
            r"Connection reset",
            r"Broken pipe",
            r"connection dropped",
            r"TimeoutError",
            r"EOFError",
            r"no answer for",
        ),
        contact=True,
    ),
    Fault(
        "sudo password needed",
        "sudo asks {user} for a password, and no password is ever typed for you",
        "on the host, with visudo -f /etc/sudoers.d/{user}: {user} ALL=(root) NOPASSWD: ALL",
        (r"sudo: a password is required", r"a terminal is required to read the password", r"sudo password"),
    ),
    Fault(
        "no sudo",
        "{user} may not use sudo, or it is not installed",
        "apt-get install sudo, and let {user} use it without a password: visudo -f /etc/sudoers.d/{user}",
        (r"sudo: not found", r"sudo: command not found", r"is not in the sudoers file", r"not allowed to execute"),
    ),
    Fault(
        "disk full",
        "no space is left on its disk: {detail}",
        "ssh {target} df -h /var /etc /tmp; then: journalctl --vacuum-size=100M or apt-get clean there",
        (r"No space left on device", r"ENOSPC", r"Disk quota exceeded"),
    ),
    Fault(
        "read-only file system",
        "a file system of it is read-only, often after a disk error: {detail}",
        "ssh {target} dmesg | tail; then: mount -o remount,rw /",
        (r"Read-only file system", r"EROFS"),
    ),
    Fault(
        "no python3",
        "it has no python3, which reading and changing it needs",
        "ssh {target} apt-get install -y python3",
        (r"python3: not found", r"python3: command not found"),
    ),
    Fault(
        "no systemd",
        "systemd is not its init, and threaders run as systemd units",
        "use a host that was booted by systemd (Debian 12, 13, Ubuntu 22.04, 24.04)",
        (r"System has not been booted with systemd", r"no systemd"),
    ),
    Fault(
        "package in the way",
        "what is to be installed excludes a package that is there, and nothing of yours is removed: {detail}",
        "ssh {target} apt-get install --simulate PACKAGE names it; for the log shipper it is another syslog daemon",
        (r"Packages need to be removed but remove is disabled",),
    ),
    Fault("command failed", "a command failed there: {detail}", "threader doctor {host}"),
)


@dataclass(frozen=True)
class Place:
    """Where a fault happened, as far as people need it."""

    host: str
    address: str
    user: str = "root"
    port: int = 22


class HostFault(ForPeople):
    """Something is wrong with one host; its text names the host, the cause and the next command."""

    def __init__(self, place: Place, fault: Fault, detail: str) -> None:
        self.place, self.fault, self.detail = place, fault, detail
        super().__init__(self.text)

    @property
    def reason(self) -> str:
        """The cause alone, for tables and warnings."""
        return self._filled(self.fault.cause)

    @property
    def text(self) -> str:
        """Host, cause and next command."""
        where = f"host {self.place.host} ({self.place.address}): {self.fault.name}"
        return f"{where}: {self.reason}; next: {self._filled(self.fault.next)}"

    def _filled(self, text: str) -> str:
        place = self.place
        target = f"{place.user}@{place.address}" + (f" -p {place.port}" if place.port != 22 else "")
        known = place.address if place.port == 22 else f"[{place.address}]:{place.port}"
        return text.format(
            host=place.host,
            address=place.address,
            user=place.user,
            port=place.port,
            target=target,
            knownname=known,
            detail=self.detail,
        )


def recognise(place: Place, message: str, *, there: bool = False) -> HostFault:
    """The fault that `message` is a sign of; `there`: a command on the host said it, so that the host was reached."""
    possible = [fault for fault in FAULTS if not (there and fault.contact)]
    fault = next((fault for fault in possible if any(re.search(sign, message) for sign in fault.signs)), FAULTS[-1])
    return HostFault(place, fault, _last_line(message))


def _last_line(message: str) -> str:
    """The last line that says something, without the name of an exception's class in front of it."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return re.sub(r"^\w+(Error|Exception) +(?=\S)", "", lines[-1]) if lines else "no output"
