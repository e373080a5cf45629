"""`pulumi up`, made visible: on a terminal Pulumi's own display, elsewhere its lines."""

import subprocess

from tools.local.stack import Stack
from tools.setup.progress import Step


def converge(stack: Stack) -> None:
    """Converge; raises CalledProcessError."""
    step = Step("converge", usual=12)
    print(f"$ pulumi up --yes --stack {stack.name}", flush=True)
    done = stack.pulumi("up", "--yes", "--suppress-outputs", "--suppress-progress")
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, ["pulumi", "up"])
    step.done("every instance runs and is healthy")
