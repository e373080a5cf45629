"""An Alertmanager for a test: Debian's own on a host of the fleet, or the stand-in where apt has none."""

import time

import requests

from tests.deploy.hosts import alertmanager
from tests.fleet.lab import Lab
from tools.fleet.errors import FleetError

RECEIVED = "alertmanager_alerts_received_total"


class Real:
    """Debian's Alertmanager on a host, with the config that the package brings."""

    def __init__(self, lab: Lab, host: str) -> None:
        self._lab, self._host = lab, host
        lab.sh(host, "apt-get update -qq && apt-get install -qq -y --no-install-recommends prometheus-alertmanager")
        self.url = f"http://{lab.address(host)}:9093"
        self._wait()

    def firing(self) -> int:
        """How often it took an alert that had not ended."""
        return self._received("firing")

    def resolved(self) -> int:
        """How often it took the end of one."""
        return self._received("resolved")

    def alerts(self) -> list[dict]:
        """What is firing now."""
        return self._get("/api/v2/alerts").json()

    def off(self) -> None:
        """Be away."""
        self._lab.sh(self._host, "systemctl stop prometheus-alertmanager")

    def on(self) -> None:
        """Be back."""
        self._lab.sh(self._host, "systemctl start prometheus-alertmanager")
        self._wait()

    def _received(self, status: str) -> int:
        lines = self._get("/metrics").text.splitlines()
        return int(
            next(line.split()[1] for line in lines if line.startswith(f'{RECEIVED}{{status="{status}",version="v2"'))
        )

    def _get(self, path: str) -> requests.Response:
        session = requests.Session()
        session.trust_env = False
        return session.get(f"{self.url}{path}", timeout=5)

    def _wait(self) -> None:
        until = time.monotonic() + 20
        while True:
            try:
                self._get("/-/ready").raise_for_status()
            except requests.RequestException:
                assert time.monotonic() < until, f"no Alertmanager at {self.url}"
                time.sleep(0.1)
            else:
                return


class StandIn:
    """The strict stand-in, on this machine."""

    def __init__(self, lab: Lab) -> None:
        self._server = alertmanager.Alertmanager(lab.fleet.gateway).__enter__()
        self.url = self._server.url

    def firing(self) -> int:
        return len(self._server.firing)

    def resolved(self) -> int:
        return len(self._server.resolved)

    def alerts(self) -> list[dict]:
        over = [alert["labels"] for alert in self._server.resolved]
        return [alert for alert in self._server.firing if alert["labels"] not in over]

    def off(self) -> None:
        self._server.broken = True

    def on(self) -> None:
        self._server.broken = False


def start(lab: Lab, host: str) -> Real | StandIn:
    """The real one if it can be had."""
    try:
        return Real(lab, host)
    except FleetError:
        return StandIn(lab)
