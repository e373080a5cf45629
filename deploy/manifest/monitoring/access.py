"""What a part has so that it is asked, and asks others, by TLS and with a password, where the settings say so. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from deploy.manifest.paths import credential_path, part_directory

CERT: Final = "tls.crt"
CA: Final = "ca.crt"
KEY: Final = "tls_key"
WEB: Final = "web.yml"
"""The web.config.file of programs of the exporter-toolkit: it has the digest of the password, and so is a secret."""
PASSWORD: Final = "monitoring_password"  # noqa: S105 - the name of a file
AUTHORIZATION: Final = "monitoring_authorization"
"""User and password as HTTP's header has them."""


@dataclass(frozen=True)
class Access:
    """Files in the directory of a part, by name: those that everybody may read, and secrets, which are credentials."""

    files: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)

    def words(self, part: str) -> tuple[str, ...]:
        """What tells a program of the exporter-toolkit how it is to be asked."""
        return (f"--web.config.file={credential_path(part, WEB)}",) if WEB in self.secrets else ()

    @property
    def scheme(self) -> str:
        """With which word the address of the part begins."""
        return "https" if CERT in self.files else "http"


ANYBODY: Final = Access()
"""Plain HTTP, and nobody is asked who it is."""


def asking(address: str, *, tls: bool, user: str | None) -> dict[str, str]:
    """How parts are asked on a monitor at an address, for `deploy/hosts/helper/get.py`.

    With what the monitor's own Prometheus has there, so that no secret goes anywhere.
    """
    part = "prometheus"
    trust = {"ca": authority(part), "name": address} if tls else {}
    login = {"user": user, "password": f"{part_directory(part)}/{PASSWORD}"} if user else {}
    return {**trust, **login}


def certificate(part: str) -> str:
    """Where a part finds its certificate."""
    return f"{part_directory(part)}/{CERT}"


def authority(part: str) -> str:
    """Where a part finds whom it trusts."""
    return f"{part_directory(part)}/{CA}"
