"""The command line `threader` on a stack of a test."""

import subprocess
import sys

from tests.fleet.deployment import PATIENCE, Deployment
from tools.setup.paths import ROOT


def threader(deployment: Deployment, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `threader WORDS --stack …`; its output, which must show neither a secret nor a traceback."""
    command = [sys.executable, "-m", "deploy.cli", *words, "--stack", deployment.stack.name]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=deployment.stack.environ(),
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
