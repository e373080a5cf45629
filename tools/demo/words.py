"""What the demo says at its end. Pure."""

import subprocess


def closing(slack: str) -> str:
    """The page to look at, and five commands to try."""
    return f"""
Threads as people see them:  {slack}/

Try next (after: . .venv/bin/activate):
  pulumi preview --diff                             nothing to do; edit a file on a host, and see the line
  python -m tools.fleet ssh app-1 -- systemctl stop alert-threader@py-a;  pulumi up --yes
  pulumi config set --path alert-threader:env.LOG_LEVEL debug && pulumi up --yes
  threader doctor
  python -m tools.fleet stop app-2;  pulumi preview
And back to nothing:  make demo-down"""


def failed(error: subprocess.CalledProcessError) -> str:
    """What a command that failed said last."""
    said = (error.stdout or "").strip()
    command = " ".join(map(str, error.cmd[:4]))
    return f"{command} … ended with {error.returncode}{': ' + said if said else ''}; next: threader doctor"
