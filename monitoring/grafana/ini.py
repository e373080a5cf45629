"""grafana.ini: Grafana's own settings. What is not said here is as Grafana has it."""

import io
from configparser import RawConfigParser
from typing import Final

from deploy.manifest.monitoring.access import KEY, certificate
from deploy.manifest.paths import credential_path
from deploy.settings.specs import FleetSpec

DATA: Final = "/var/lib/alert-threader-grafana"
PASSWORD: Final = "/run/credentials/alert-threader-grafana.service/admin_password"  # noqa: S105 - a path
"""Where the unit finds the administrator's password. Without it Grafana does not start, rather than with a known one;
it is taken when Grafana starts for the first time, and kept by Grafana from then on."""


def configuration(fleet: FleetSpec, provisioning: str, home: str) -> str:
    """The text of grafana.ini: it answers on loopback only, tells nobody of itself, and lets nobody sign up.

    `provisioning` is the folder of datasources and providers, `home` the file of the dashboard that is shown first.
    """
    grafana, scheme = fleet.monitoring.grafana, fleet.monitoring.scheme
    proof = {"cert_file": certificate("grafana"), "cert_key": credential_path("grafana", KEY)}
    sections = {
        "paths": {
            "data": DATA,
            "logs": f"{DATA}/log",
            "plugins": f"{DATA}/plugins",
            "provisioning": provisioning,
        },
        "server": {
            "protocol": scheme,
            "http_addr": "127.0.0.1",
            "http_port": str(grafana.port),
            "root_url": grafana.external_url or f"{scheme}://localhost:{grafana.port}/",
            **(proof if fleet.monitoring.tls else {}),
        },
        "analytics": {
            "reporting_enabled": "false",
            "check_for_updates": "false",
            "check_for_plugin_updates": "false",
            "feedback_links_enabled": "false",
        },
        "security": {
            "admin_user": "admin",
            "admin_password": f"$__file{{{PASSWORD}}}",
            "disable_gravatar": "true",
        },
        "users": {"allow_sign_up": "false", "allow_org_create": "false"},
        "auth.anonymous": {"enabled": "false"},
        "snapshots": {"external_enabled": "false"},
        "news": {"news_feed_enabled": "false"},
        # Rules are Prometheus's and Loki's; Grafana shows what they say, and evaluates none of its own.
        "unified_alerting": {"execute_alerts": "false"},
        "dashboards": {"default_home_dashboard_path": home},
        "log": {"mode": "console", "level": "info"},
    }
    return _text(sections)


def _text(sections: dict[str, dict[str, str]]) -> str:
    """Values are taken as they are: `$` and `%` mean nothing to the writer."""
    parser = RawConfigParser(interpolation=None)
    parser.read_dict(sections)
    written = io.StringIO()
    parser.write(written, space_around_delimiters=True)
    return written.getvalue().rstrip("\n") + "\n"
