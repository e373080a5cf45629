"""What the ruler of a real Loki posts to Alertmanager, with its templates rendered."""

import re
import time
from pathlib import Path

from monitoring import loki
from tests.deploy.hosts.alertmanager import Alertmanager
from tests.monitoring.loki.fleets import FLEET
from tests.monitoring.loki.server import Server

ERRORS = {"job": "alert_threader", "instance": "py-a", "impl": "python", "host": "app-1", "level": "error"}
PATIENCE = 40.0


def posted(folder: Path) -> dict[str, list[dict]]:
    """The alerts that a stand-in for Alertmanager took, by name: every rule is made to fire now, without its wait."""
    rules = {name: re.sub(r"for: \d+[smh]", "for: 1s", text) for name, text in loki.rule_files(FLEET).items()}
    with Alertmanager() as manager, Server(folder, FLEET, rules, manager.url) as server:
        until, found = time.monotonic() + PATIENCE, {}
        server.push(ERRORS, [time.time() - number for number in range(7)])
        while found.keys() != _names() and time.monotonic() < until:
            time.sleep(0.2)
            found = {name: [each for each in manager.firing if _is(each, name)] for name in _names()}
            found = {name: alerts for name, alerts in found.items() if alerts}
        assert manager.refused == []
    return found


def rendered(alert: dict) -> bool:
    """Whether every template of it was filled in."""
    texts = [*alert["annotations"].values(), *alert["labels"].values()]
    return bool(texts) and not any("{{" in text or "<no value>" in text or "error" in text[:7] for text in texts)


def _names() -> set[str]:
    return {rule.name for group in loki.groups(FLEET) for rule in group.rules}


def _is(alert: dict, name: str) -> bool:
    return alert["labels"]["alertname"] == name
