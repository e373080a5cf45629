"""A fleet as it is: its hosts, their states, its names and locks. Reads only; `Faulty` and `Fleet` build on it."""

import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from ipaddress import IPv4Network
from pathlib import Path

from tools.fleet import cgroup, names, network, owner, ready, record, ssh, subnet
from tools.fleet.cgroup import Group
from tools.fleet.errors import FleetError
from tools.fleet.host import HostInfo
from tools.fleet.layout import Layout, Sizes
from tools.fleet.locks import Say, held


def _print(line: str) -> None:
    print(line, flush=True)


class Members:
    """`subnet_text` asks for one (`10.88.3.0/24`); by default the fleet's last one, else the first that is free."""

    def __init__(
        self, state: Path, name: str, subnet_text: str | None = None, sizes: Sizes = Sizes(), say: Say = _print
    ) -> None:
        self.state = state.absolute()
        self.name = names.fleet(name)
        self.wanted = subnet.parse(subnet_text) if subnet_text else None
        self.sizes = sizes
        self.say = say
        self.layout = Layout(self.state)

    @property
    def identity(self) -> str:
        """Eight hex digits that the fleet's links, groups and packet filters carry."""
        return record.identity(self.state)

    @property
    def network(self) -> IPv4Network:
        """The fleet's subnet. FleetError before the first `up`."""
        found = record.load(self.state)
        if found is None:
            raise FleetError(f"fleet {self.name} was never up ({self.state})", "python -m tools.fleet up 3")
        return found.subnet

    @property
    def gateway(self) -> str:
        """This machine's address in the fleet: bind a service here (Redis, a stand-in) and every host reaches it."""
        return str(names.gateway(self.network))

    @property
    def group(self) -> Group:
        """The control group that has all processes of the fleet."""
        return cgroup.of_fleet(self.identity)

    def host_group(self, number: int) -> Group:
        """The control group of one host."""
        return self.group.child(names.host(number))

    def hosts(self) -> tuple[HostInfo, ...]:
        """Return all hosts that exist, running or not, in order."""
        linked = network.links_up(self.identity)
        return tuple(self._info(number, linked) for number in self.layout.numbers())

    def host(self, name: str) -> HostInfo:
        """Return one host. FleetError if there is none of that name."""
        return self._info(self.known(name), network.links_up(self.identity))

    def known(self, name: str) -> int:
        """Return the number of an existing host. FleetError if there is none of that name."""
        number = names.number(name)
        if number not in self.layout.numbers():
            have = ", ".join(names.host(other) for other in self.layout.numbers()) or "none"
            raise FleetError(
                f"fleet {self.name} has no host {names.host(number)} (it has: {have})", "python -m tools.fleet list"
            )
        return number

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Let one command at a time change the fleet; what it made belongs to the owner of the checkout afterwards."""
        owner.folder(self.state, 0o700).chmod(0o700)
        with held(self.state / "lock", f"fleet {self.name}", self.say):
            try:
                yield
            finally:
                owner.give_all(self.state)

    def _info(self, number: int, linked: frozenset[str]) -> HostInfo:
        address, state = str(names.address(self.network, number)), self._state(number, linked)
        return HostInfo(names.host(number), address, state, "root", self.layout.client_key, self.layout.known_hosts)

    def _state(self, number: int, linked: frozenset[str]) -> str:
        group = self.host_group(number)
        if not group.populated():
            return "stopped"
        if group.frozen():
            return "frozen"
        return "running" if names.link(self.identity, number) in linked else "cut"

    def _wait(self, numbers: Iterable[int]) -> None:
        """Wait until those of `numbers` that can answer do."""
        linked = network.links_up(self.identity)
        infos = [(number, self._info(number, linked)) for number in numbers]
        for _, info in infos:
            if info.state in ("frozen", "cut"):
                self.say(f"{info.name:8} {info.address:15} {info.state}: left as it is")
        waited = [
            ready.Waited(info, self.host_group(number).populated, self.layout.log(number))
            for number, info in infos
            if info.state not in ("frozen", "cut")
        ]
        ready.wait(waited, self.say)

    def ssh(self, name: str, *command: str, user: str = "") -> "subprocess.CompletedProcess[str]":
        """Run a command on a host by ssh and return what came back."""
        return ssh.run(self.host(name), *command, user=user)
