"""What the demo says at its end. Pure."""

import subprocess
from collections.abc import Mapping
from typing import Any, Final

NO_GRAFANA: Final = "not installed here, set monitoring.grafana.source"


def closing(slack: str, monitoring: Mapping[str, Any]) -> str:
    """The pages to look at, and commands to try."""
    return f"""
Threads as people see them:  {slack}/
{addresses(monitoring)}

Try next (after: . .venv/bin/activate):
  pulumi preview --diff                             nothing to do; edit a file on a host, and see the line
  python -m tools.fleet ssh app-1 -- systemctl stop alert-threader@py-a;  pulumi up --yes
  pulumi config set --path alert-threader:env.LOG_LEVEL debug && pulumi up --yes
  make release ARGS="--version 1.1.0"               and then docs/walkthrough.md: rolling, canary, blue-green, back
  threader monitor
  threader doctor
  python -m tools.fleet stop app-2;  pulumi preview
And back to nothing:  make demo-down"""


def addresses(monitoring: Mapping[str, Any]) -> str:
    """Where the monitoring is, once `threader monitor --open` runs; what has no page says so."""
    grafana = "http://localhost:3000/" if monitoring.get("grafana") else NO_GRAFANA
    return f"""\
While `threader monitor --open` runs:
  Prometheus    http://localhost:9090/
  Alertmanager  http://localhost:9093/api/v2/alerts    (Debian's has no web page)
  Grafana       {grafana}"""


def failed(error: subprocess.CalledProcessError) -> str:
    """What a command that failed said last."""
    said = (error.stdout or "").strip()
    command = " ".join(map(str, error.cmd[:4]))
    return f"{command} … ended with {error.returncode}{': ' + said if said else ''}; next: threader doctor"
