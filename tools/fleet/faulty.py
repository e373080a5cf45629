"""Faults on demand. Every method takes a host's name (`app-2` or `2`) and returns when it is so."""

import time

from tools.fleet import disk, faults, names, network
from tools.fleet.errors import FleetError
from tools.fleet.members import Members


class Faulty(Members):
    """A fleet whose hosts can be broken and mended."""

    def stop(self, name: str) -> None:
        """Switch a host off at once, as if its power were cut; its disks stay."""
        number = self.known(name)
        with self.locked():
            self.host_group(number).kill()
            network.remove(self.identity, [number])

    def freeze(self, name: str) -> None:
        """Stop time for all processes of a host: connections open but nothing answers."""
        self.host_group(self._running(name)).freeze(True)

    def thaw(self, name: str) -> None:
        """End `freeze`."""
        self.host_group(self._running(name)).freeze(False)

    def cut(self, name: str) -> None:
        """Pull a host's network cable."""
        faults.cut(self.identity, self._running(name), True)

    def mend(self, name: str) -> None:
        """Plug it in again, and end `drop`."""
        faults.cut(self.identity, self._running(name), False)
        faults.drop(self.identity, self.known(name), 0)

    def drop(self, name: str, percent: int) -> None:
        """Lose packets of a host at random, in both directions. NotAvailableError if the kernel cannot."""
        faults.drop(self.identity, self._running(name), percent)

    def fill(self, name: str) -> None:
        """Fill a host's /var to the last byte."""
        faults.fill(self._boot_process(name))

    def empty(self, name: str) -> None:
        """End `fill`."""
        faults.empty(self._boot_process(name))

    def readonly(self, name: str) -> None:
        """Make a host's /var read-only for everything that opens a file from now on."""
        faults.read_only(self._init(name), True)

    def writable(self, name: str) -> None:
        """End `readonly`."""
        faults.read_only(self._init(name), False)

    def reboot(self, name: str, patience: float = 120.0) -> None:
        """Reboot a host in good order and wait until it is ready again; its disks stay."""
        number, before = self.known(name), self._init(name)
        faults.reboot(before)
        until, told = time.monotonic() + patience, time.monotonic()
        while self._init_or_none(number) in (None, before):
            if not self.host_group(number).populated() or time.monotonic() > until:
                raise FleetError(f"{names.host(number)}: did not come back", f"less {self.layout.log(number)}")
            if time.monotonic() - told > 5:
                told = time.monotonic()
                self.say(f"waiting for {names.host(number)} to shut down")
            time.sleep(0.05)
        self._wait([number])

    def _running(self, name: str) -> int:
        number = self.known(name)
        if not self.host_group(number).populated():
            raise FleetError(f"{names.host(number)} is stopped", f"python -m tools.fleet start {names.host(number)}")
        return number

    def _boot_process(self, name: str) -> int:
        number = self._running(name)
        pid = self.layout.pid(number)
        if pid is None or pid not in self.host_group(number).pids() or not disk.is_complete(self.layout.host(number)):
            raise FleetError(f"{names.host(number)} is half made", "python -m tools.fleet down")
        return pid

    def _init(self, name: str) -> int:
        group = self.host_group(self._running(name))
        if group.frozen():
            raise FleetError(f"{group.path.name} is frozen", f"python -m tools.fleet thaw {group.path.name}")
        return faults.init_of(group)

    def _init_or_none(self, number: int) -> int | None:
        try:
            return faults.init_of(self.host_group(number))
        except FleetError:
            return None
