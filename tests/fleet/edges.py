"""An edge as a test sees it: its helper, what it sends, and a request that takes as long as the test wants."""

import http.client
import json
import shlex
from collections.abc import Mapping

from tests.fleet.deployment import Deployment
from tests.fleet.lab import Lab
from tests.fleet.threaders import Layout, prepared
from tools.local.config import host_settings
from tools.local.webhook import webhook

PORT, METRICS_PORT = 9080, 9081
HELPER = "/usr/local/lib/alert-threader/edge"
CONFIG = "/etc/alert-threader-edge/haproxy.cfg"
UNIT = "alert-threader-edge"


def behind(deployment: Deployment, edges: tuple[str, ...], layout: Layout, *impls: str) -> Deployment:
    """The stack with instances as `layout` says behind edges on `edges`; where they listen is left to the default."""
    prepared(deployment, layout, *impls)
    rows = host_settings(deployment.lab.fleet.host(name) for name in deployment.hosts)
    placed = {host for host, _ in layout.values()}
    for row in rows:
        row["roles"] = [
            *(["threader"] if row["name"] in placed else []),
            *(["edge"] if row["name"] in edges else []),
        ] or ["threader"]
    env = {name: value for name, value in deployment.config()["env"].items() if name != "BIND_HOST"}  # type: ignore[attr-defined]
    deployment.change(hosts=rows, env={**env, "DRAIN_SECONDS": "0"})
    return deployment


def url(lab: Lab, host: str) -> str:
    """Where Alertmanager would post to."""
    return f"http://{lab.address(host)}:{PORT}/alert"


def told(lab: Lab, host: str, *words: str) -> dict:
    """Call the edge's helper; its answer."""
    return json.loads(lab.sh(host, shlex.join([HELPER, *words])))


def states(lab: Lab, host: str) -> Mapping[str, str]:
    """What HAProxy says of each server."""
    return told(lab, host, "show")["servers"]


def answered(lab: Lab, host: str) -> Mapping[str, int]:
    """How many requests each server was sent since HAProxy was started or reloaded."""
    script = f"""import csv, sys; sys.argv = ["edge"]; exec(open({HELPER!r}).read().split('if __name__')[0])
print(json.dumps({{row["svname"]: int(row["stot"]) for row in rows(workers()[0])}}))"""
    return json.loads(lab.sh(host, shlex.join(["python3", "-c", script])))


def processes(lab: Lab, host: str) -> tuple[str, str]:
    """HAProxy's master, which only a start changes, and the worker, which a reload does."""
    script = f"systemctl show -p MainPID --value {UNIT}; pgrep -n -P $(systemctl show -p MainPID --value {UNIT})"
    master, worker = lab.sh(host, script).split()
    return master, worker


class Slow:
    """A webhook of which the second half is sent when the test says so: until then its server has it in hand."""

    def __init__(self, lab: Lab, host: str, alert: str = "Slow") -> None:
        self._body = json.dumps(webhook(alert, "firing")).encode()
        self._link = http.client.HTTPConnection(lab.address(host), PORT, timeout=10)
        self._link.putrequest("POST", "/alert")
        self._link.putheader("Content-Type", "application/json")
        self._link.putheader("Content-Length", str(len(self._body)))
        self._link.endheaders(self._body[:100])

    def finish(self) -> int:
        """Send the rest; the status of the answer."""
        self._link.send(self._body[100:])
        answer = self._link.getresponse()
        answer.read()
        self._link.close()
        return answer.status


def post(lab: Lab, host: str, alert: str = "Quick") -> int:
    """Post a webhook over a connection of its own; the status of the answer."""
    link = http.client.HTTPConnection(lab.address(host), PORT, timeout=10)
    link.request("POST", "/alert", json.dumps(webhook(alert, "firing")), {"Content-Type": "application/json"})
    answer = link.getresponse()
    answer.read()
    link.close()
    return answer.status
