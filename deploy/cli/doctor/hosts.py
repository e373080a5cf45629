"""What is tried on a host: contact, the rights of root, python3, systemd, room on its disks."""

from collections.abc import Mapping
from typing import Any, Final

from deploy.cli.doctor.finding import Finding
from deploy.cli.look import Asks, on_each, script
from deploy.faults import FAULTS, HostFault, recognise
from deploy.hosts.client import Connection, place

SECONDS: Final = 30
LITTLE_ROOM: Final = "are free on"
OLD_PYTHON: Final = "Python 3."


def examine(connections: Mapping[str, Connection]) -> list[Finding]:
    """All findings of all hosts; they are examined at the same time, one command on each."""
    answers: dict[str, list[Finding] | HostFault] = on_each(connections, _examine)
    return [
        each
        for host, answer in answers.items()
        for each in ([contact_fault(host, answer)] if isinstance(answer, HostFault) else answer)
    ]


async def _examine(hosts: Asks, connection: Connection) -> list[Finding]:
    words = ["sh", "-c", script("examine.sh")]
    lines: list[str] = await hosts.ask(connection, "run", words=words, seconds=SECONDS)
    where = place(connection)
    contact = Finding(where.host, "SSH", True, f"{where.user}@{where.address} port {where.port}")
    return [contact, *(read(line, connection) for line in lines if line.count("\t") == 2)]


def contact_fault(host: str, fault: HostFault) -> Finding:
    """A fault that kept everything else from being tried."""
    what = "SSH" if fault.fault.contact else "root" if "sudo" in fault.fault.name else "commands"
    return Finding(host, what, False, fault.text, fault.fault.name)


def read(line: str, connection: Connection) -> Finding:
    """The finding that a line of examine.sh tells. Pure."""
    name, verdict, said = line.split("\t")
    if verdict == "ok":
        return Finding(connection["host"], name, True, said)
    fault = _fault(said, connection)
    return Finding(connection["host"], name, False, fault.text, fault.fault.name)


def _fault(said: str, connection: Connection) -> HostFault:
    where = place(connection)
    if LITTLE_ROOM in said:
        return HostFault(where, _named("disk full"), f"only {said}")
    if said.startswith(OLD_PYTHON):
        return HostFault(where, _named("command failed"), f"{said} is older than 3.10")
    return recognise(where, said)


def _named(name: str) -> Any:
    return next(fault for fault in FAULTS if fault.name == name)
