"""Webhooks that threaders accepted, counted in the journals of their hosts: one that two of them took is there twice.

Threaders have to log at debug level. Synthetic alerts are marked, and do not count.
"""

import shlex
from collections.abc import Sequence

from tests.fleet.lab import Lab

_CURSOR = "journalctl --sync; journalctl -q -n 1 -o cat --show-cursor | sed -n 's/^-- cursor: //p'"
_COUNT = """\
import json, subprocess, sys
words = ["journalctl", "-q", "-o", "cat", "--after-cursor", sys.argv[1], "-u", "alert-threader@*"]
subprocess.run(["journalctl", "--sync"], check=True)
found = 0
for line in subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines():
    if line.startswith("{"):
        told = json.loads(line)
        taken = told["msg"] == "request" and told["method"] == "POST" and 200 <= told["code"] < 300
        found += taken and not told.get("synthetic")
    elif line.startswith("Suppressed "):
        sys.exit(line)
print(found)
"""


class Accepted:
    """Counts from now on, on hosts."""

    def __init__(self, lab: Lab, hosts: Sequence[str]) -> None:
        self._lab = lab
        self._cursors = {host: lab.sh(host, _CURSOR).strip() for host in hosts}

    def count(self) -> int:
        """How many were accepted since."""
        words = {host: shlex.join(["python3", "-c", _COUNT, cursor]) for host, cursor in self._cursors.items()}
        return sum(int(self._lab.sh(host, script)) for host, script in words.items())
