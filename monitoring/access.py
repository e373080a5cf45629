"""How parts of the monitoring ask each other: by TLS, and with a password, if the settings say so. Pure."""

import base64
import hmac
from collections.abc import Iterator
from functools import cache
from types import MappingProxyType
from typing import Any, Final

import bcrypt

from deploy.manifest.monitoring.access import (
    AUTHORIZATION,
    CA,
    CERT,
    KEY,
    PASSWORD,
    WEB,
    Access,
    authority,
    certificate,
)
from deploy.manifest.paths import credential_path
from deploy.settings.specs import MONITORING_PASSWORD, FleetSpec
from monitoring.yaml_text import yaml_text

HEALTH: Final = "health"
"""What has the files of health checks, of all instances of a host."""
_HAVE: Final = MappingProxyType(
    {
        "prometheus": (CERT, KEY, WEB, CA, PASSWORD),
        "alertmanager": (CERT, KEY, WEB),
        "blackbox-exporter": (CERT, KEY, WEB),
        "node-exporter": (CERT, KEY, WEB),
        "loki": (CERT, KEY, CA, AUTHORIZATION),
        "grafana": (CERT, KEY, CA, PASSWORD),
        "log-shipper": (CA,),
        "watchdog": (CA, PASSWORD),
        HEALTH: (CA, PASSWORD),
    }
)
"""The least that each needs: who is asked has the certificate and its key, who asks has the authority and the password.
Loki asks nobody for a password, since it can not."""
_PUBLIC: Final = (CERT, CA)
_COST: Final = 10
"""2 to the power of this many rounds, some 50 ms: the toolkit remembers whom it let in."""


def access(fleet: FleetSpec, part: str, key: str) -> Access:
    """What a part has; `key` makes the salt of the password's digest, so that it is the same at each look."""
    found = {name: text for name, text in _texts(fleet, part, key) if name in _HAVE[part]}
    return Access(
        {name: text for name, text in found.items() if name in _PUBLIC},
        {name: text for name, text in found.items() if name not in _PUBLIC},
    )


def _texts(fleet: FleetSpec, part: str, key: str) -> Iterator[tuple[str, str]]:
    wanted = fleet.monitoring
    if wanted.tls:
        yield from ((CERT, wanted.tls.cert), (CA, wanted.tls.ca), (KEY, wanted.tls.key.value))
    if wanted.basic_auth:
        user, password = wanted.basic_auth.user, fleet.secrets[MONITORING_PASSWORD].value
        yield PASSWORD, password
        yield AUTHORIZATION, base64.b64encode(f"{user}:{password}".encode()).decode()
    if WEB in _HAVE[part] and (wanted.tls or wanted.basic_auth):
        yield WEB, _web(fleet, part, key)


def _web(fleet: FleetSpec, part: str, key: str) -> str:
    """The web.config.file of a part."""
    wanted, made = fleet.monitoring, dict[str, Any]()
    if wanted.tls:
        made["tls_server_config"] = {"cert_file": certificate(part), "key_file": credential_path(part, KEY)}
    if wanted.basic_auth:
        user = wanted.basic_auth.user
        made["basic_auth_users"] = {user: digest(fleet.secrets[MONITORING_PASSWORD].value, user, key)}
    return yaml_text(made)


@cache
def digest(password: str, user: str, key: str) -> str:
    """The bcrypt digest of a password.

    Its salt, which is there to be read, follows from nothing of the password: else it would be a way to try passwords
    without bcrypt's rounds.
    """
    salt = hmac.digest(key.encode(), f"monitoring.basic_auth {user}".encode(), "sha256")[:16]
    return bcrypt.hashpw(password.encode(), b"$2b$%02d$%s" % (_COST, _letters(salt))).decode()


_BASE64: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_BCRYPT: Final = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def _letters(salt: bytes) -> bytes:
    """Base64 with the letters of bcrypt."""
    return base64.b64encode(salt).rstrip(b"=").translate(bytes.maketrans(_BASE64, _BCRYPT))


def asked(fleet: FleetSpec, *, name: str | None = None, login: bool = True) -> dict[str, Any]:
    """The keys of Prometheus' configuration with which it asks a part.

    `name` is what is in the certificate, where the part is asked at another address; without `login` none is told.
    """
    wanted, part, found = fleet.monitoring, "prometheus", dict[str, Any]()
    if wanted.tls:
        named = {"server_name": name} if name else {}
        found |= {"scheme": wanted.scheme, "tls_config": {"ca_file": authority(part), **named}}
    if wanted.basic_auth and login:
        user, file = wanted.basic_auth.user, credential_path(part, PASSWORD)
        found["basic_auth"] = {"username": user, "password_file": file}
    return found
