"""Where everything of ours lies on a host: the one list of paths that the rest of the code uses."""

from typing import Final

ENV_DIRECTORY: Final = "/etc/alert-threader.d"
DATA_DIRECTORY: Final = "/var/lib/alert-threader"
LIBRARY_DIRECTORY: Final = "/usr/local/lib/alert-threader"
UNIT_DIRECTORY: Final = "/etc/systemd/system"
ARTIFACT_DIRECTORY: Final = "/var/cache/alert-threader"
HELPER: Final = f"{LIBRARY_DIRECTORY}/activate"
LEFT_BY_HELPERS: Final = (
    ARTIFACT_DIRECTORY,
    "/run/alert-threader",
    f"{DATA_DIRECTORY}/lease.json",
    f"{DATA_DIRECTORY}/rollouts.jsonl",
    f"{DATA_DIRECTORY}/request.json",
    f"{DATA_DIRECTORY}/stories",
)
"""What the helpers wrote on a host beside what instances have."""
USER: Final = "alert-threader"
NODE_PACKAGE: Final = "nodejs"
EDGE_PACKAGE: Final = "haproxy"
EDGE_DIRECTORY: Final = "/etc/alert-threader-edge"
EDGE_DATA: Final = "/var/lib/alert-threader-edge"
EDGE_HELPER: Final = f"{LIBRARY_DIRECTORY}/edge"
EDGE_UNIT: Final = "alert-threader-edge.service"
HEALTH_PROBE: Final = f"{LIBRARY_DIRECTORY}/health"
HEALTH_DATA: Final = "/var/lib/alert-threader-health"
HEALTH_DIRECTORY: Final = "/etc/alert-threader-health"
"""With what health checks ask Alertmanagers that not everybody may ask."""
PROGRAM_DIRECTORY: Final = "/opt/alert-threader"
"""Programs that came in tarballs, a folder each."""
SOURCES_DIRECTORY: Final = "/etc/apt/sources.list.d"
WATCHDOG: Final = f"{LIBRARY_DIRECTORY}/watchdog"


def instance_directory(instance: str) -> str:
    """Everything of one instance: its generations, `current`, its ledger and its data."""
    return f"{DATA_DIRECTORY}/{instance}"


SLOT: Final = "--prev"
"""How the name of an instance's second slot ends, in which the generation before goes on."""


def slot_name(instance: str) -> str:
    """The second slot of an instance."""
    return f"{instance}{SLOT}"


def generations_directory(instance: str) -> str:
    """The immutable generations of an instance, one folder each."""
    return f"{instance_directory(instance)}/generations"


def generation_directory(instance: str, generation: str) -> str:
    """One immutable generation: release, env, unit settings and their checksums."""
    return f"{generations_directory(instance)}/{generation}"


def current_link(instance: str) -> str:
    """The link whose one rename switches an instance to another generation."""
    return f"{instance_directory(instance)}/current"


def unit_name(instance: str) -> str:
    """The systemd unit that runs an instance."""
    return f"alert-threader@{instance}.service"


def timer_name(instance: str) -> str:
    """The systemd timer that checks an instance's health."""
    return f"alert-threader-health@{instance}.timer"


def server_name(instance: str, host: str, port: int) -> str:
    """What the edge calls one place at which an instance answers: two places of one instance are two servers."""
    return f"{instance}.{host}.{port}"


def sources_path(name: str) -> str:
    """The file that tells apt of a vendor's archive."""
    return f"{SOURCES_DIRECTORY}/alert-threader-{name}.sources"


def part_directory(part: str) -> str:
    """The configuration and the secrets of a part of the monitoring."""
    return f"/etc/alert-threader-{part}"


def part_unit(part: str) -> str:
    """The systemd unit that runs a part of the monitoring."""
    return f"alert-threader-{part}.service"


def part_data(part: str) -> str:
    """What a part of the monitoring has stored, as its own unit sees it."""
    return f"/var/lib/alert-threader-{part}"


def part_runtime(part: str) -> str:
    """Where a part of the monitoring notes with what it runs."""
    return f"/run/alert-threader-{part}"


def credential_path(part: str, name: str) -> str:
    """Where the unit of a part finds a secret that lies 0600 in its directory."""
    return f"/run/credentials/{part_unit(part)}/{name}"


def program_directory(part: str, sha256: str) -> str:
    """Where the tarball with that digest is unpacked."""
    return f"{PROGRAM_DIRECTORY}/{part}-{sha256[:12]}"
