"""Monitors that answer what a Prometheus, a Loki and Alertmanagers would, by the queries that they are asked."""

import json
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from tests.deploy.cli.acting import Acting
from tests.deploy.cli.conftest import outputs

INSTANCES = ("py-a", "py-b", "py-c")


def alert(name, severity, **more):
    return {
        "fingerprint": f"{name}-{more.get('instance', '')}",
        "startsAt": more.pop("since", "2026-11-23T11:40:00.000Z"),
        "labels": {"alertname": name, "severity": severity, **more},
        "annotations": {"summary": f"{name} said", "runbook_url": f"docs/runbooks/{name}.md"},
    }


WATCHDOG = alert("Watchdog", "none")


def series(value, **labels):
    return {"metric": labels, "value": [1, str(value)]}


def each_instance(*values):
    return [series(value, instance=name) for name, value in zip(INSTANCES, values, strict=True)]


# By a part of the expression; the first that fits is the answer.
ANSWERS = {
    "sum(up{": [series(3)],
    "count(up{": [series(0)],
    "ALERTS": [series(0)],
    "max by (instance) (up{": each_instance(1, 1, 1),
    'sum by (instance) (rate(http_requests_total{path="/alert",code': each_instance(0, 0.0625, "NaN"),
    "sum by (instance) (rate(http_requests_total": each_instance(0.25, 1.5, 0),
    'code=~"5.."': [series(0.0125)],
    "sum(rate(http_requests_total": [series(1.75)],
    "sum by (instance, le)": each_instance(0.0421, 6.5, "NaN"),
    "histogram_quantile": [series(1.2345)],
    "haproxy_backend_http_responses_total": [series(0.99937)],
    "round(sum by (instance) (increase(threader_messages_total": each_instance(12, 3, 0),
    "threader_messages_total": [series(15)],
    "threader_errors_total": [series(2)],
    "haproxy_backend_active_servers": [series(2, host="app-1")],
    "node_cpu": [series(0.42, host=f"app-{n}") for n in (1, 2, 3)],
    "node_memory": [series(0.85, host=f"app-{n}") for n in (1, 2, 3)],
    "node_filesystem": [series(0.031, host=f"app-{n}") for n in (1, 2, 3)],
    'level="error"': [series(4)],
}


@dataclass
class Monitor(Acting):
    """A monitor; `panels` are what is answered, `alerts` by address, `down` are addresses that do not answer."""

    snapshot: dict = field(default_factory=dict)
    panels: dict = field(default_factory=lambda: dict(ANSWERS))
    alerts: dict = field(default_factory=lambda: {"10.0.0.1:9093": [WATCHDOG], "10.0.0.2:9093": [WATCHDOG]})
    down: set = field(default_factory=set)
    asked: list = field(default_factory=list)

    def answer(self, task, words=(), name=None, request=None, **_):
        if task == "run":
            assert words == ["true"]
            return []
        assert (task, name) == ("script", "get")
        return [json.dumps([self._one(url) for url in request["urls"]])]

    def _one(self, url):
        place, path = urlsplit(url).netloc, urlsplit(url).path
        self.asked.append(url)
        if place in self.down:
            return {"why": "[Errno 111] Connection refused"}
        if path == "/api/v2/alerts":
            return {"found": self.alerts[place]}
        query = parse_qs(urlsplit(url).query)["query"][0]
        found = next((answer for part, answer in self.panels.items() if part in query), [])
        return found if isinstance(found, dict) else {"found": {"data": {"result": found}}}


def monitored(world, *, loki=True, grafana=False):
    """Put monitors on the first two hosts of the world; the first of them is returned."""
    world.outputs = outputs()
    for host in ("app-1", "app-2"):
        world.outputs["inventory"]["hosts"][host]["roles"] = ["threader", "monitor"]
    world.outputs["monitoring"] = {
        "hosts": ["app-1", "app-2"],
        "prometheus": {"host": "app-1", "address": "127.0.0.1:9090"},
        "alertmanagers": {"app-1": "10.0.0.1:9093", "app-2": "10.0.0.2:9093"},
        "loki": {"host": "app-1", "address": "10.0.0.1:3100"} if loki else None,
        "grafana": {"host": "app-1", "address": "127.0.0.1:3000"} if grafana else None,
    }
    world.hosts["app-1"], world.hosts["app-2"] = Monitor(), Monitor()
    return world.hosts["app-1"]
