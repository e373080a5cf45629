"""All that Grafana is told on its host: by files alone, so that nothing of it is kept anywhere else. Pure.

Not run: no Grafana server could be had here. Tests hold the files against what the documentation of the Grafana that is
meant (`monitoring.dashboards.build.GRAFANA`) says, field by field; that it starts with them, and how it looks, nobody
saw.
"""

from typing import Final

from deploy.settings.specs import FleetSpec
from monitoring.dashboards import HOME, dashboards
from monitoring.grafana import ini, sources

CONFIG: Final = "/etc/alert-threader-grafana"
"""The folder of Grafana's configuration."""
PROVISIONING: Final = f"{CONFIG}/provisioning"
DASHBOARDS: Final = f"{CONFIG}/dashboards"


def provisioning(fleet: FleetSpec) -> dict[str, str]:
    """The text of each file by its path, for the first monitor of a fleet; ValueError where there is none.

    None of them is secret: the administrator's password is read from a credential of the unit.
    """
    return {
        f"{CONFIG}/grafana.ini": ini.configuration(fleet, PROVISIONING, f"{DASHBOARDS}/{HOME}.json"),
        f"{PROVISIONING}/datasources/alert-threader.yaml": sources.datasources(fleet),
        f"{PROVISIONING}/dashboards/alert-threader.yaml": sources.provider(DASHBOARDS),
        **{f"{DASHBOARDS}/{name}": text for name, text in dashboards(fleet).items()},
    }
