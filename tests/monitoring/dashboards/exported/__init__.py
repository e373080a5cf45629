"""What each program exports: a metric and its labels on each line.

The lists were recorded from running programs of Debian 12, and a Loki 3.7.8, of which only what panels ask is here.
Histograms are there as their series. node_systemd_unit_state was added by hand: it needs a systemd.
"""

from pathlib import Path

from deploy.hosts.helper.health import Limits, State
from deploy.hosts.helper.health import metrics as checked
from threader.metrics import Metrics

TARGET = {"job", "instance", "host", "impl", "probe"}
"""The labels that Prometheus gives to what it scrapes."""
OWN = {"up": set(), "scrape_duration_seconds": set(), "ALERTS": {"alertname", "alertstate", "severity"}}
"""What Prometheus makes itself."""
SWITCHES = {"threader_switches_total": {"verdict"}}
"""What hosts count of their ledgers, beside the health check."""


def exported():
    """Each metric that can be asked for, with its labels."""
    found = {name: {*labels} for name, labels in _recorded()}
    made = Metrics("py-a", "test")
    made.requests.labels("POST", "/alert", "200").inc()
    made.duration.labels("POST", "/alert").observe(1)
    for text in (made.text().decode(), checked("py-a", State(at="x", healthy=True), Limits("h", "python", "/m"), 0.0)):
        for name, labels in _series(text):
            found.setdefault(name, set()).update(labels)
    return {**found, **OWN, **SWITCHES}


def _recorded():
    for path in sorted(Path(__file__).parent.glob("*.txt")):
        for line in path.read_text().splitlines():
            name, *labels = line.split()
            yield name, labels


def _series(text):
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, _, rest = line.partition(" ")[0].partition("{")
            yield name, [each.partition("=")[0] for each in rest.rstrip("}").split(",") if each]
