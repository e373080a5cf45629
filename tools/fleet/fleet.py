"""The library: a fleet of real hosts, its life and its faults. All methods block, and all errors are FleetError."""

import os
from ipaddress import IPv4Network
from pathlib import Path

from tools.fleet import base, cgroup, claims, disk, limits, names, network, owner, packages, proxied, record, ssh
from tools.fleet import faults as fault
from tools.fleet.errors import FleetError
from tools.fleet.faulty import Faulty
from tools.fleet.firstboot import forget
from tools.fleet.host import HostInfo
from tools.fleet.spawn import spawn
from tools.fleet.spec import BootSpec


class Fleet(Faulty):
    """The fleet whose state folder is `state`. Another state folder is another fleet, whatever the name."""

    def up(self, count: int) -> tuple[HostInfo, ...]:
        """Bring up hosts 1 to `count`, blank, with sshd answering; those that run already are left as they are."""
        self._require(count)
        with self.locked():
            made_of = base.ensure(self.say)
            self._machine_side(self._settled(count))
            missing = [number for number in range(1, count + 1) if not self._whole(number)]
            self._replace(missing, made_of)
            self._wait(range(1, count + 1))
            self._proxy_answers()
        return self.hosts()

    def down(self) -> None:
        """Stop and remove everything that this state folder started; keys and the subnet's number are kept."""
        if not (self.state.is_dir() or self.group.path.is_dir() or network.links(self.identity)):
            return
        with self.locked():
            self.group.kill()
            fault.forget_drops(self.identity)
            network.remove_all(self.identity)
            forget(self.layout.hosts)

    def start(self, name: str) -> None:
        """Switch a stopped host on again, with the disks it had."""
        number = self.known(name)
        with self.locked():
            if not self.host_group(number).populated():
                self._machine_side(self.network)
                spawn([self._spec(number, base.ensure(self.say))])
            self._wait([number])

    def _require(self, count: int) -> None:
        if os.geteuid() != 0:
            raise FleetError("the local fleet needs root (mounts, network namespaces, control groups)", "sudo -i")
        packages.require()
        room = names.capacity(self.wanted) if self.wanted else names.MAX_HOSTS
        if not 1 <= count <= room:
            raise FleetError(f"{count} hosts: must be from 1 to {room}", "python -m tools.fleet up 3")

    def _settled(self, count: int) -> IPv4Network:
        """Return the fleet's subnet; it cannot change while hosts run in it."""
        now = record.load(self.state)
        if now and self.group.populated():
            if self.wanted not in (None, now.subnet):
                raise FleetError(
                    f"fleet {self.name} runs in {now.subnet}, not in {self.wanted}", "python -m tools.fleet down"
                )
            return now.subnet
        self.group.kill()  # what a killed command or a deleted state folder may have left, perhaps at another address
        network.remove_all(self.identity)
        return claims.claim(self.state, self.wanted, self.say).subnet

    def _machine_side(self, net: IPv4Network) -> None:
        network.raise_bridge(self.identity, net)
        proxied.ensure(self.identity, str(names.gateway(net)), self.sizes.apt_port, self.state / "apt-proxy.log")

    def _proxy_answers(self) -> None:
        proxied.answering(self.identity, self.gateway, self.sizes.apt_port, self.state / "apt-proxy.log")

    def _whole(self, number: int) -> bool:
        """Tell whether a host runs and its folder belongs to it."""
        pids = self.host_group(number).pids()
        return self.layout.pid(number) in pids and disk.is_complete(self.layout.host(number))

    def _replace(self, numbers: list[int], made_of: Path) -> None:
        limits.raise_inotify(cgroup.hosts_on_machine() + len(numbers), self.say)
        ssh.ensure_key(self.layout.client_key, f"fleet-{self.name}")
        owner.folder(self.layout.keys, 0o700)
        for number in numbers:
            self.host_group(number).kill()
            forget(self.layout.host(number))
            owner.folder(self.layout.host(number))
            ssh.ensure_key(self.layout.host_key(number), names.host(number))
        owner.write(self.layout.known_hosts, ssh.known_hosts(self.layout.keys, self.network))
        owner.write(self.layout.ssh_config, ssh.config(self.hosts()))
        spawn([self._spec(number, made_of) for number in numbers])

    def _spec(self, number: int, made_of: Path) -> BootSpec:
        net = self.network
        return BootSpec(
            identity=self.identity,
            number=number,
            base=str(made_of),
            folder=str(self.layout.host(number)),
            root_mb=self.sizes.root_mb,
            var_mb=self.sizes.var_mb,
            address=f"{names.address(net, number)}/{net.prefixlen}",
            gateway=str(names.gateway(net)),
            apt_port=self.sizes.apt_port,
            host_key=str(self.layout.host_key(number)),
            client_key=self.layout.client_key.with_name("key.pub").read_text(),
        )
