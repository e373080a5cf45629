"""`pulumi up` as `threader deploy` does it: what an interrupted demo left behind is put right first."""

import subprocess
import sys

from tools.local.stack import Stack
from tools.setup import child
from tools.setup.progress import Step


def converge(stack: Stack) -> None:
    """Converge; raises CalledProcessError. Ctrl-C is Pulumi's to answer, which undoes what is not confirmed."""
    step = Step("converge", usual=12)
    print(f"$ threader deploy --no-preview --stack {stack.name}", flush=True)
    words = [sys.executable, "-m", "deploy.cli", "deploy", "--no-preview", "--stack", stack.name]
    code = child.run(words, stack.environ())
    if code:
        raise subprocess.CalledProcessError(code, ["threader", "deploy"])
    step.done("every instance runs and is healthy")
