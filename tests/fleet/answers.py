"""What instances say of themselves."""

import time

import requests

from tests.fleet.deployment import Deployment
from tools.local.config import PORT


def health(deployment: Deployment, host: str) -> dict[str, object]:
    """The answer of the instance on a host."""
    session = requests.Session()
    session.trust_env = False
    answer = session.get(f"http://{deployment.lab.address(host)}:{PORT}/health", timeout=3)
    return {"code": answer.status_code, **answer.json()}


def versions(deployment: Deployment) -> list[str]:
    """The version that each host serves."""
    return [str(health(deployment, host)["version"]) for host in deployment.hosts]


def version_soon(deployment: Deployment, host: str, patience: float = 20.0) -> str:
    """The version that a host serves, as soon as it serves one."""
    until = time.monotonic() + patience
    while True:
        try:
            found = health(deployment, host)
            if found["code"] == 200:
                return str(found["version"])
        except requests.RequestException:
            if time.monotonic() > until:
                raise
        assert time.monotonic() < until, found
        time.sleep(0.1)
