"""The processes of hosts: `python -m tools.fleet.boot REPORT_FD GO_FD`, specs on stdin. Started by spawn.py.

One short-lived process forks one long-lived process per host (they share its memory). Each gives itself namespaces,
reports its pid, waits for one byte (by then its link exists; end of file means: the command was killed, give up),
and runs systemd-nspawn for as long as the host lives.
"""

import gc
import json
import os
import subprocess
import sys
from pathlib import Path

from tools.fleet import cgroup, disk, firstboot, kernel, names, network
from tools.fleet.spec import BootSpec, load

REBOOT = 133
"""How nspawn ends, with --keep-unit, when the host asked for a reboot."""


def main() -> None:
    """Fork a process for each host, then go."""
    report, go = int(sys.argv[1]), int(sys.argv[2])
    specs = load(sys.stdin.readline())
    gc.freeze()  # the children share what is loaded by now
    for spec in specs:
        if os.fork() == 0:
            try:
                _live(spec, report, go)
            except BaseException as error:
                print(f"fleet: {names.host(spec.number)}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
                os._exit(1)
            os._exit(0)


def _live(spec: BootSpec, report: int, go: int) -> None:
    folder = Path(spec.folder)
    group = cgroup.of_fleet(spec.identity).child(names.host(spec.number)).make()
    (group.path / "cgroup.procs").write_text("0")
    os.setsid()
    os.umask(0o022)
    _redirect(folder / "log")
    kernel.unshare(kernel.CLONE_NEWNET)
    kernel.private_mounts()
    os.write(report, (json.dumps({"number": spec.number, "pid": os.getpid()}) + "\n").encode())
    os.close(report)
    _prepare(spec, folder)
    if not os.read(go, 1):
        raise InterruptedError("the command that started this host was killed")
    os.close(go)
    (folder / "pid").write_text(str(os.getpid()))  # only now is this a host that the next command leaves alone
    network.batch(["link set lo up", f"addr add {spec.address} dev host0", "link set host0 up"])
    while _nspawn(names.host(spec.number)) == REBOOT:
        pass


def _prepare(spec: BootSpec, folder: Path) -> None:
    if not disk.is_complete(folder):
        disk.make(folder, {"root": spec.root_mb, "var": spec.var_mb})
    disk.assemble(Path(spec.base), folder)
    firstboot.personalise(disk.ROOT, spec)
    # a cgroup2 tree where nspawn looks for one, whatever this machine has there
    kernel.mount("cgroup2", "/sys/fs/cgroup", "cgroup2")


def _redirect(log: Path) -> None:
    for fd, path, flags in ((0, "/dev/null", os.O_RDONLY), (1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND)):
        opened = os.open(path, flags, 0o644)
        os.dup2(opened, fd)
        os.close(opened)
    os.dup2(1, 2)


def _nspawn(host: str) -> int:
    options = ("--quiet", "--boot", "--register=no", "--keep-unit", "--console=read-only", "--link-journal=no")
    more = ("--resolv-conf=off", "--timezone=off", "--capability=CAP_NET_ADMIN")
    command = ("systemd-nspawn", *options, *more, f"--hostname={host}", f"--machine={host}", f"--directory={disk.ROOT}")
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    main()
