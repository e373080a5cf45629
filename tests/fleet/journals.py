"""Lines in the journals of hosts, and what a Loki of the fleet has of them."""

import json
import shlex
import time
import urllib.parse
import urllib.request

from tests.fleet.lab import Lab

DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
SECOND = 1_000_000_000
PAGE = 5000
"""More lines Loki gives nobody at once."""

# The journal believes the kernel, not the writer, about the unit of a line: so the writer has to be in that unit, and
# has to be there still when the journal looks.
_WRITER = """\
import json, os, socket, subprocess, sys
group, level, first, count, size = *sys.argv[1:3], *map(int, sys.argv[3:])
open(f"/sys/fs/cgroup{group}/cgroup.procs", "w").write(str(os.getpid()))
journal = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
journal.connect("/run/systemd/journal/stdout")
journal.sendall(b"run\\n\\n6\\n0\\n0\\n0\\n0\\n")
for number in range(first, first + count):
    line = {"level": level, "msg": f"line {number}", "more": "x" * size}
    journal.sendall(json.dumps(line).encode() + b"\\n")
subprocess.run(["journalctl", "--sync"], check=True)
"""


def write(lab: Lab, host: str, instance: str, first: int, count: int, size: int = 0, level: str = "info") -> None:
    """Numbered lines, as if the threader of an instance had written them."""
    group = lab.sh(host, f"systemctl show -P ControlGroup alert-threader@{instance}").strip()
    words = ["python3", "-c", _WRITER, group, level, *map(str, (first, count, size))]
    lab.sh(host, f"cd / && {shlex.join(words)}")


class Loki:
    """The Loki of a fleet, at ADDRESS:PORT, as this machine asks it."""

    def __init__(self, place: str) -> None:
        self._url = f"http://{place}"

    def lines(self, selector: str, since: float) -> list[tuple[dict[str, str], str]]:
        """Labels and text of lines since a Unix time, the oldest first."""
        found, start = [], round(since * SECOND)
        while page := self._page(selector, start):
            found += page
            start = page[-1][0] + 1
            if len(page) < PAGE:
                break
        return [(labels, text) for _, labels, text in found]

    def numbers(self, instance: str, since: float) -> list[int]:
        """The numbers of lines that `write` wrote, in the order in which Loki has them."""
        lines = self.lines(f'{{job="alert_threader", instance="{instance}"}} |= `"line `', since)
        return [int(json.loads(text)["msg"].split()[1]) for _, text in lines]

    def ready(self) -> bool:
        """Whether it answers questions."""
        try:
            self.lines('{job="nothing"}', time.time() - 1)
        except OSError:
            return False
        return True

    def _page(self, selector: str, start: int) -> list[tuple[int, dict[str, str], str]]:
        asked = {"query": selector, "start": start, "end": round((time.time() + 60) * SECOND)}
        words = urllib.parse.urlencode({**asked, "limit": PAGE, "direction": "forward"})
        with DIRECT.open(f"{self._url}/loki/api/v1/query_range?{words}", timeout=20) as answer:
            streams = json.load(answer)["data"]["result"]
        lines = [(int(when), each["stream"], text) for each in streams for when, text in each["values"]]
        return sorted(lines, key=lambda line: line[0])
