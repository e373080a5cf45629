"""The configuration of Prometheus on a monitor. Pure."""

from typing import Final

from deploy.settings.specs import FleetSpec, HostSpec
from monitoring.access import asked
from monitoring.scrape import alertmanagers, jobs
from monitoring.yaml_text import duration, yaml_text

RULES: Final = "/etc/alert-threader-prometheus/rules/*.yml"
PATIENCE: Final = 10.0
"""Seconds that a target has to answer, where targets are not asked more often than that."""
EVALUATED: Final = 60.0
"""Seconds between evaluations of rules, at most."""


def configuration(fleet: FleetSpec, host: HostSpec) -> str:
    """The text of prometheus.yml on `host`, a monitor of the fleet.

    What two of them say differs in the label `replica` alone, which goes from alerts: to Alertmanager they are one.
    """
    every = fleet.monitoring.prometheus.every
    return yaml_text(
        {
            "global": {
                "scrape_interval": duration(every),
                "scrape_timeout": duration(min(every, PATIENCE)),
                "evaluation_interval": duration(min(every, EVALUATED)),
                "external_labels": {"replica": host.name},
            },
            "rule_files": [RULES],
            "alerting": {
                "alert_relabel_configs": [{"action": "labeldrop", "regex": "replica"}],
                "alertmanagers": [{**asked(fleet), "static_configs": [{"targets": alertmanagers(fleet)}]}],
            },
            "scrape_configs": jobs(fleet, host),
        }
    )
