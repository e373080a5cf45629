"""Can a local fleet run on this machine?"""

import os
import subprocess
import sys
from ipaddress import IPv4Network
from pathlib import Path

from tools.fleet import subnet
from tools.fleet.errors import FleetError
from tools.setup.finding import Finding, ok, stop

TRY_SECONDS = 4.0
ELSEWHERE = "use your own hosts over SSH instead: docs/your-own-hosts.md"

MENDS = {
    "cgroup2": "boot with cgroup2 in the kernel; in a container: start it with --privileged --cgroupns=host",
    "overlay": "modprobe overlay; in a container: start it with --privileged",
    "network": "modprobe bridge veth; in a container: start it with --privileged",
}


def root() -> Finding:
    """Root is needed for hosts with their own mounts, groups and links."""
    if os.geteuid() == 0:
        return ok("root", "yes")
    text = "a local fleet needs root (cgroups, overlay and network are tried with it)"
    return stop("root", text, f"sudo make demo    (or {ELSEWHERE})")


def attempt(name: str) -> Finding:
    """Try one of `attempt.ATTEMPTS`."""
    argv = [sys.executable, "-m", "tools.setup.probes.attempt", name]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=TRY_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return stop(name, f"no answer from the kernel within {TRY_SECONDS:.0f} s", ELSEWHERE)
    if done.returncode == 0:
        return ok(name, "works")
    return stop(name, " ".join(done.stderr.split()) or "failed", f"{MENDS[name]}    (or {ELSEWHERE})")


def addresses(routes: Path = Path("/proc/net/route")) -> Finding:
    """Some part of the fleet's default range must not be routed elsewhere."""
    try:
        free = subnet.choose(None, None, {}, foreign(routes.read_text()))
    except FleetError as error:
        return stop("subnet", str(error), f"ip route    (remove the overlap, or {ELSEWHERE})")
    return ok("subnet", f"{free} is free")


def foreign(table: str) -> list[IPv4Network]:
    """Return the networks in the kernel's routing table, apart from the default and from fleets' own.

    Fleets' bridges are called fl…; `unreachable` routes are the marks that past fleets leave.
    """
    networks = []
    for line in table.splitlines()[1:]:
        device, destination, _, flags, _, _, _, mask = line.split()[:8]
        if int(mask, 16) == 0 or device.startswith("fl") or int(flags, 16) & 0x200:
            continue
        networks.append(IPv4Network((_address(destination), _address(mask))))
    return networks


def _address(little_endian: str) -> str:
    return ".".join(str(byte) for byte in reversed(bytes.fromhex(little_endian)))
