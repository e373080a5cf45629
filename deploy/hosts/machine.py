"""One connected host: how it is asked and told, and what it said."""

import os
import re
import socket
import time
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from paramiko import SSHException
from pyinfra.api import StringCommand
from pyinfra.api.exceptions import PyinfraError
from pyinfra.api.host import Host

from deploy.faults import HostFault, Place, recognise
from deploy.manifest.paths import LIBRARY_DIRECTORY

COMMAND_SECONDS: Final = 120
LINK_SECONDS: Final = 20
"""A cut link is noticed within this time, also while nothing is sent."""

_HELPER: Final = re.compile(rf"{re.escape(LIBRARY_DIRECTORY)}/(\w+) (\w+)")
_FAILURES: Final = (PyinfraError, SSHException, OSError, EOFError, ValueError, IndexError)


class Machine:
    """A connected host. Every exec is counted, and logged where THREADER_LOG says."""

    def __init__(self, host: Host, place: Place) -> None:
        self.host, self.place = host, place
        self.artifacts: set[str] = set()
        """Artifacts that were brought there since we are connected."""
        self._said: list[str] = []
        self._raised = False
        """Whether the last exec ended by an error of the connection, and not by what the host said."""
        self._execute = host.run_shell_command
        host.run_shell_command = self._kept
        _tune(host)

    @property
    def sudo(self) -> bool:
        """Whether commands need sudo to be root."""
        return self.place.user != "root"

    def fact(self, fact: type[Any], **arguments: object) -> Any:
        """A fact read as root; raises HostFault."""
        self._said.clear()
        self._raised = False
        more = {"_sudo": self.sudo, "_timeout": COMMAND_SECONDS, "_ignore_errors": True}
        try:
            found = self.host.get_fact(fact, **arguments, **more)
        except _FAILURES as error:
            raise self._fault(f"{type(error).__name__} {error}") from error
        if not found:
            raise self._fault("")
        return found

    def operate(self, operation: Any, *arguments: object, seconds: float = COMMAND_SECONDS, **more: object) -> None:
        """Do one operation as root, now; raises HostFault."""
        self._said.clear()
        self._raised = False
        try:
            operation(*arguments, **more, _sudo=self.sudo, _timeout=seconds)
        except _FAILURES as error:
            raise self._fault(f"{type(error).__name__} {error}") from error

    def run(self, command: StringCommand, seconds: float, stdin: str = "") -> list[str]:
        """Run a command as root, beside others if need be; its output. Raises HostFault."""
        more = {"_stdin": stdin} if stdin else {}
        try:
            status, output = self._counted(command, _sudo=self.sudo, _timeout=seconds, **more)
        except _FAILURES as error:
            raise recognise(self.place, f"{type(error).__name__} {error}") from error
        if not status:
            said = f"{output.stdout}\n{output.stderr}"
            cut = self._cut(said)
            raise recognise(self.place, f"{cut}{said}", there=not cut)
        return list(output.stdout_lines)

    def _fault(self, otherwise: str) -> HostFault:
        said = "\n".join(self._said) or otherwise
        cut = self._cut(said)
        there = bool(self._said) and not cut and not self._raised
        return recognise(self.place, cut + said, there=there)

    def _cut(self, said: str) -> str:
        """A command on a link that breaks just ends, with no status and no word: the link itself tells why.

        Of several commands on it some end before the link knows: so what fails without a word was cut off, too.
        """
        up = self.host.connector.client.get_transport().is_active()
        return "" if up and said.strip() else "SSH session not active\n"

    def _kept(self, *words: Any, **more: Any) -> Any:
        """As `_counted`; pyinfra keeps neither the output nor the error of an operation, so this does."""
        try:
            status, output = self._counted(*words, **more)
        except Exception as error:
            self._said.append(f"{type(error).__name__} {error}")
            self._raised = True
            raise
        self._said.extend(output.stderr_lines if status else [*output.stdout_lines[-5:], *output.stderr_lines])
        return status, output

    def _counted(self, *words: Any, **more: Any) -> Any:
        begun = time.monotonic()
        status, output = self._execute(*words, **more)
        if path := os.environ.get("THREADER_LOG"):
            _log(path, self.place.host, time.monotonic() - begun, status, asked(str(words[0])))
        return status, output


def _tune(host: Host) -> None:
    """Send small commands at once, and notice a cut link."""
    line = host.connector.client.get_transport().sock
    if isinstance(line, socket.socket):
        line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        tuning = {"NODELAY": 1, "KEEPIDLE": 5, "KEEPINTVL": 5, "KEEPCNT": 3, "USER_TIMEOUT": LINK_SECONDS * 1000}
        for name, value in tuning.items():
            line.setsockopt(socket.IPPROTO_TCP, getattr(socket, f"TCP_{name}"), value)


def asked(command: str) -> str:
    """What a command asks a helper of ours for, such as edge-shift; "-" for any other, which may hold secrets. Pure."""
    found = _HELPER.search(command)
    return f"{found[1]}-{found[2]}" if found else "-"


def _log(path: str, host: str, seconds: float, status: bool, what: str) -> None:
    stamp = datetime.now().astimezone().isoformat(timespec="milliseconds")
    with Path(path).open("a") as file:
        file.write(f"{stamp} pid={os.getppid()} exec host={host} seconds={seconds:.3f} ok={status} what={what}\n")
