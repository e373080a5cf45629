"""The plain `pyinfra` command with our operations, on a stack of a test."""

import subprocess
import sys

from tests.fleet.deployment import PATIENCE, Deployment
from tools.setup.paths import ROOT


def pyinfra(deployment: Deployment, operation: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run deploy/ops/OPERATION.py; its output, which must show neither a secret nor a traceback."""
    command = [sys.executable, "-m", "pyinfra", "deploy/inventory.py", f"deploy/ops/{operation}.py", *words]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**deployment.stack.environ(), "PULUMI_STACK": deployment.stack.name},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert "Traceback" not in done.stdout, done.stdout
    assert [what for what, value in deployment.lab.secrets.items() if value in done.stdout] == []
    return done


def good(done: subprocess.CompletedProcess[str]) -> str:
    """What it said, unless it failed."""
    assert done.returncode == 0, done.stdout
    return done.stdout
