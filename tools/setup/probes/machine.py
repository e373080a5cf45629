"""Is this machine big enough, and is the checkout in a place that works?"""

import os
import shutil
import sys
from pathlib import Path

from tools.setup.finding import Finding, ok, stop, warn

GB = 1024**3
COLD_BUILD_GB = 6.0
"""Go's caches while the Pulumi CLI is built (3.5 GB), the base root file system, `.venv`, and some air."""
WARM_GB = 1.5
BUILD_MEMORY_GB = 2.5
LEAST_MEMORY_GB = 0.7
LONGEST_PATH = 1024


def python() -> Finding:
    """Say which Python runs set-up and goes into `.venv`; bootstrap has made sure that it is recent enough."""
    return ok("python", f"{sys.version.split()[0]} at {getattr(sys, '_base_executable', sys.executable)}")


def disk(folder: Path, needed_gb: float) -> Finding:
    """Free space where the cache, or the checkout, lies."""
    free = shutil.disk_usage(folder).free / GB
    text = f"{free:.1f} GB free in {folder}, {needed_gb:.1f} needed"
    if free >= needed_gb:
        return ok("disk", text)
    return stop("disk", text, "make room, or XDG_CACHE_HOME=/a/bigger/disk make ...")


def memory(build: bool, meminfo: Path = Path("/proc/meminfo")) -> Finding:
    """Memory that is available now; building the Pulumi CLI is what needs most."""
    fields = dict(line.split(":", 1) for line in meminfo.read_text().splitlines())
    available = int(fields["MemAvailable"].split()[0]) * 1024 / GB
    text = f"{available:.1f} GB available"
    if available < LEAST_MEMORY_GB:
        return stop("memory", f"{text}, {LEAST_MEMORY_GB} needed", "stop something, or add swap")
    if build and available < BUILD_MEMORY_GB:
        return warn("memory", f"{text}, building the Pulumi CLI likes {BUILD_MEMORY_GB}", "add swap if it is killed")
    return ok("memory", text)


def place(root: Path) -> Finding:
    """The checkout's path: spaces and length are fine, a colon would break PATH."""
    path = str(root)
    if any(bad in path for bad in ":\n\"'\\$`"):
        return stop(
            "path", f"{path!r} has a colon, a quote, a dollar, a backslash or a newline in it", "move the checkout"
        )
    if len(os.fsencode(path)) > LONGEST_PATH:
        return stop("path", f"{len(path)} characters are too many ({LONGEST_PATH} are fine)", "move the checkout")
    if not os.access(root, os.W_OK):
        return stop("path", f"{path} cannot be written", f"sudo chown -R {os.getuid()} {path}")
    return ok("path", f"{len(path)} characters")
