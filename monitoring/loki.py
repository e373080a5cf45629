"""Loki's configuration and the rules that look at logs. Pure."""

from typing import Any, Final

from deploy.manifest.monitoring.access import AUTHORIZATION, KEY, authority, certificate
from deploy.manifest.monitoring.part import listening
from deploy.manifest.paths import credential_path, part_data, part_directory, part_unit
from deploy.settings.addresses import alertmanager_urls, endpoint
from deploy.settings.specs import FleetSpec, HostSpec, NoSource
from monitoring.rules.rule import Group, Rule, Severity
from monitoring.yaml_text import duration, yaml_text

DATA: Final = part_data("loki")
RULES: Final = f"{part_directory('loki')}/rules"
"""Loki looks for the rules of a tenant in a folder with its name."""
TENANT: Final = "fake"
"""What Loki calls its one tenant where `auth_enabled` is false."""
SHIPPER: Final = part_unit("log-shipper")
"""The unit of the log shipper, which each host has."""
OLDEST: Final = "2024-01-01"
"""The day from which the schema holds: long before any line that is kept."""


def installed(fleet: FleetSpec) -> bool:
    """Whether the fleet has a Loki."""
    return bool(fleet.monitors) and not isinstance(fleet.monitoring.loki.source, NoSource)


def url(fleet: FleetSpec) -> str:
    """Where Loki is reached by every host; needs `installed`."""
    return f"{fleet.monitoring.scheme}://{endpoint(fleet.monitors[0].address, fleet.monitoring.loki.port)}"


def configuration(fleet: FleetSpec, host: HostSpec) -> str:
    """Loki's configuration on its host: one process, which keeps all in `DATA` for `retention_days` days."""
    kept = f"{fleet.monitoring.loki.retention_days * 24}h"
    made = {
        "auth_enabled": False,
        "analytics": {"reporting_enabled": False},
        "server": _server(fleet, host),
        "common": _common(),
        "schema_config": {"configs": [_schema()]},
        "ingester": {"wal": {"replay_memory_ceiling": "256MB"}},
        "compactor": {
            "working_directory": f"{DATA}/compactor",
            "retention_enabled": True,
            "delete_request_store": "filesystem",
        },
        "limits_config": _limits(kept),
        "ruler": _ruler(fleet),
    }
    return yaml_text(made)


LONGEST_ANSWER: Final = 256 << 20
"""Bytes: 5,000 lines, more than which nobody gets at once, of 48 KB, which is where the journal cuts them. By default a
question with an answer of more than 4 MB is never answered."""


def _server(fleet: FleetSpec, host: HostSpec) -> dict[str, Any]:
    """A push that is logged would be pushed in its turn, hence `warn`.

    Its parts speak with each other by gRPC, on loopback, although all of them are in one process.
    """
    proof = {"cert_file": certificate("loki"), "key_file": credential_path("loki", KEY)}
    return {
        "http_listen_address": listening(host.address),
        "http_listen_port": fleet.monitoring.loki.port,
        "grpc_listen_address": "127.0.0.1",
        "grpc_listen_port": fleet.monitoring.loki.grpc_port,
        "grpc_server_max_recv_msg_size": LONGEST_ANSWER,
        "grpc_server_max_send_msg_size": LONGEST_ANSWER,
        "log_level": "warn",
        **({"http_tls_config": proof} if fleet.monitoring.tls else {}),
    }


def _common() -> dict[str, Any]:
    return {
        "instance_addr": "127.0.0.1",
        "path_prefix": DATA,
        "replication_factor": 1,
        "ring": {"kvstore": {"store": "inmemory"}},
        "storage": {"filesystem": {"chunks_directory": f"{DATA}/chunks", "rules_directory": RULES}},
    }


def _schema() -> dict[str, Any]:
    index = {"prefix": "index_", "period": "24h"}
    return {"from": OLDEST, "store": "tsdb", "object_store": "filesystem", "schema": "v13", "index": index}


CATCH_UP_MB: Final = 32
"""MB a second: after it was away, hosts bring all that they kept at once."""


def _limits(kept: str) -> dict[str, Any]:
    """Lines that waited on a host are taken as long as they would be kept; no label is added to ours."""
    return {
        "retention_period": kept,
        "reject_old_samples_max_age": kept,
        "ingestion_rate_mb": CATCH_UP_MB,
        "ingestion_burst_size_mb": 2 * CATCH_UP_MB,
        "per_stream_rate_limit": f"{CATCH_UP_MB}MB",
        "per_stream_rate_limit_burst": f"{2 * CATCH_UP_MB}MB",
        "discover_service_name": [],
        "discover_log_levels": False,
        "allow_structured_metadata": False,
    }


def _ruler(fleet: FleetSpec) -> dict[str, Any]:
    """The rules, and whom they tell; alerts lead to Grafana's view of the lines where people know its address."""
    grafana, client = fleet.monitoring.grafana, _client(fleet)
    shown = {"external_url": grafana.external_url, "datasource_uid": "loki"} if grafana.external_url else {}
    return {
        "storage": {"type": "local", "local": {"directory": RULES}},
        "rule_path": f"{DATA}/rules",
        "poll_interval": "15s",
        "evaluation_interval": duration(fleet.monitoring.prometheus.every),
        "alertmanager_url": ",".join(alertmanager_urls(fleet)),
        **({"alertmanager_client": client} if client else {}),
        "enable_alertmanager_v2": True,
        "enable_api": True,
        **shown,
        "ring": {"kvstore": {"store": "inmemory"}},
    }


def _client(fleet: FleetSpec) -> dict[str, str]:
    """How the ruler asks Alertmanagers. Of basic authentication it takes no file, but of any other header it does."""
    tls = {"tls_ca_path": authority("loki")} if fleet.monitoring.tls else {}
    login = {"type": "Basic", "credentials_file": credential_path("loki", AUTHORIZATION)}
    return {**tls, **(login if fleet.monitoring.basic_auth else {})}


def rule_files(fleet: FleetSpec) -> dict[str, str]:
    """The rules as files of Loki's ruler, which lie in `RULES`/`TENANT`: name, and text."""
    return {f"{group.name}.yml": yaml_text(group.content(fleet)) for group in groups(fleet)}


def groups(fleet: FleetSpec) -> tuple[Group, ...]:
    """The rules whose expressions are LogQL."""
    return (Group("logs", (_error_spike(), _logs_missing(fleet))),)


ERRORS_A_MINUTE: Final = 5
"""More than these of one instance are a spike."""
SILENT: Final = "15m"
"""Three signs of life of a log shipper that did not come."""


def _error_spike() -> Rule:
    errors = 'count_over_time({job="alert_threader", level="error"}[1m])'
    return Rule(
        name="ThreaderLogErrorSpike",
        expr=f"sum by (instance, impl, host) ({errors}) > {ERRORS_A_MINUTE}",
        severity=Severity.WARNING,
        summary="Alert threader {{ $labels.instance }} on {{ $labels.host }} logs many errors",
        description='It logged {{ $value | printf "%.0f" }} errors within a minute; '
        f"more than {ERRORS_A_MINUTE} are a spike.",
        dashboard="logs",
    )


def _logs_missing(fleet: FleetSpec) -> Rule:
    """Without it, an instance whose lines do not arrive would look like one that logs no errors."""
    own = f'job="alert_threader_fleet", unit="{SHIPPER}"'
    each = (f'absent_over_time({{{own}, host="{host.name}"}}[{SILENT}])' for host in fleet.hosts if not host.lost)
    return Rule(
        name="HostLogsMissing",
        expr=f"sum by (host) ({' or '.join(each)})",
        for_=300,
        severity=Severity.WARNING,
        summary="No logs arrive from host {{ $labels.host }}",
        description="Its log shipper says how it is every 5 minutes, and nothing of that has come to Loki for longer "
        f"than {SILENT}. Lines wait on the host meanwhile, and no alert looks at them.",
        dashboard="logs",
    )
