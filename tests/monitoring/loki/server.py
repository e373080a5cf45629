"""A throw-away Loki on loopback: the real program with our configuration, in a temporary folder, on free ports."""

import json
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable
from http.client import HTTPResponse
from pathlib import Path

import yaml

from deploy.settings.specs import FleetSpec
from monitoring import loki
from tools.loki.build import program

PATIENCE = 60.0
SECOND = 1_000_000_000
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
Labels = dict[str, str]


class Server:
    """Answers at `url` while it is entered; `rules` are the ruler's files, posted to the Alertmanager at `told`.

    Without rules it has tenants, none of which sees the lines of another one. `moved` makes of its configuration one
    that finds its files, `asking` asks it.
    """

    def __init__(
        self,
        folder: Path,
        fleet: FleetSpec,
        rules: dict[str, str] | None = None,
        told: str = "",
        moved: Callable[[str], str] = str,
        asking: urllib.request.OpenerDirector = DIRECT,
    ) -> None:
        self.folder, self._asking, (port, grpc) = folder, asking, _free_ports(2)
        self.url = f"{fleet.monitoring.scheme}://127.0.0.1:{port}"
        text = moved(loki.configuration(fleet, fleet.monitors[0]))
        for old, new in ((loki.DATA, folder / "data"), (loki.RULES, folder / "rules")):
            text = text.replace(str(old), str(new))
        made = yaml.safe_load(text)
        made["server"] |= {"http_listen_address": "127.0.0.1", "http_listen_port": port, "grpc_listen_port": grpc}
        made["ruler"] |= {"alertmanager_url": told, "evaluation_interval": "1s", "poll_interval": "1s"}
        made["auth_enabled"] = not rules
        self.config = folder / "loki.yaml"
        self.config.write_text(yaml.safe_dump(made))
        place = folder / "rules" / loki.TENANT
        place.mkdir(parents=True)
        for name, content in (rules or {}).items():
            (place / name).write_text(content)

    def __enter__(self) -> "Server":
        with (self.folder / "said").open("a") as said:
            words = [program(), f"-config.file={self.config}"]
            self._process = subprocess.Popen(words, stdout=said, stderr=said, cwd=self.folder)
        try:
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def push(self, labels: Labels, moments: Iterable[float], tenant: str = loki.TENANT, text: str = "line") -> None:
        """Lines of one stream, at Unix times."""
        values = [[str(round(moment * SECOND)), f"{text} {number}"] for number, moment in enumerate(moments)]
        body = json.dumps({"streams": [{"stream": labels, "values": values}]}).encode()
        with self._ask("push", tenant, body):
            pass

    def query(self, expression: str, moment: float, tenant: str = loki.TENANT) -> list[tuple[Labels, float]]:
        """What an expression gives at a Unix time."""
        words = urllib.parse.urlencode({"query": expression, "time": str(round(moment * SECOND))})
        with self._ask(f"query?{words}", tenant) as answer:
            found = json.load(answer)["data"]["result"]
        return [(each["metric"], float(each["value"][1])) for each in found]

    def lines(self, selector: str, since: float) -> list[str]:
        """The texts of lines since a Unix time, as many as anybody gets at once."""
        asked = {"query": selector, "start": round(since * SECOND), "end": round(time.time() * SECOND), "limit": 5000}
        with self._ask(f"query_range?{urllib.parse.urlencode(asked)}", loki.TENANT) as answer:
            streams = json.load(answer)["data"]["result"]
        return [text for stream in streams for _, text in stream["values"]]

    def _ask(self, path: str, tenant: str, body: bytes | None = None) -> HTTPResponse:
        head = {"Content-Type": "application/json", "X-Scope-OrgID": tenant}
        return self._asking.open(urllib.request.Request(f"{self.url}/loki/api/v1/{path}", body, head), timeout=20)

    def _wait(self) -> None:
        """Until it takes lines and answers questions; it calls itself ready only much later."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                self.push({"job": "start"}, [time.time()])
                if self.query('count_over_time({job="start"}[1m])', time.time()):
                    return
            except (OSError, urllib.error.URLError) as error:
                assert time.monotonic() < until, f"{error}\n{(self.folder / 'said').read_text()[-2000:]}"
            time.sleep(0.2)


def _free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports
