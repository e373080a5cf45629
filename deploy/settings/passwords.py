"""The password with which the parts of the monitoring are asked."""

from collections.abc import Mapping
from typing import Final

from deploy.settings.environment import Environment
from deploy.settings.report import Report
from deploy.settings.specs import MONITORING_PASSWORD, FleetSpec
from deploy.settings.variables import encrypt

LONGEST: Final = 72
"""Bytes of a password that bcrypt looks at."""


def check_password(section: object, shared: Environment, report: Report) -> None:
    """Who asks for a user's name has a password that everybody can ask with."""
    if not isinstance(section, Mapping) or section.get("basic_auth") is None:
        return
    path, found = ("secrets", MONITORING_PASSWORD), shared.secrets.get(MONITORING_PASSWORD)
    if MONITORING_PASSWORD not in shared.given:
        report.add(path, None, "is missing: monitoring.basic_auth needs a password", encrypt(MONITORING_PASSWORD))
    elif found is not None and (reason := mistake(found.value)):
        report.add(path, found.value, reason, encrypt(MONITORING_PASSWORD), secret=True)


def mistake(password: str) -> str | None:
    """What is wrong with a password; None if nothing is."""
    if not password.strip():
        return "is empty"
    if password != password.strip():
        return "begins or ends with a space, which Prometheus would leave out"
    return f"is longer than {LONGEST} bytes, all that bcrypt looks at" if len(password.encode()) > LONGEST else None


def in_the_clear(fleet: FleetSpec) -> list[str]:
    """What to say once of a password that everybody on the way can read."""
    if not fleet.monitoring.basic_auth or fleet.monitoring.tls:
        return []
    return [
        "monitoring.basic_auth without monitoring.tls: the password goes through the network as it is; "
        "next: threader docs monitoring"
    ]
