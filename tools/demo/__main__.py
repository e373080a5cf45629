"""`python -m tools.demo up` and `down`; make calls both."""

import subprocess
import sys
from typing import Annotated

import typer

from tools.demo import alert, proof, words
from tools.demo.stage import Stage
from tools.fleet.errors import FleetError
from tools.release.errors import ReleaseError

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)


@app.command()
def up(hosts: Annotated[int, typer.Option(help="How many hosts; each runs a threader.")] = 3) -> None:
    """Bring the fleet up, converge it, and prove that one incident is one thread, and that an alert becomes one."""
    stage = Stage()
    stage.hosts(hosts)
    stage.services()
    stage.artifacts()
    stage.stack()
    stage.converge()
    lines = [*proof.prove(stage.addresses(), stage.slack), proof.prove_edge(stage.edge(), stage.slack)]
    print("\n".join(lines), flush=True)
    subprocess.run([sys.executable, "-m", "deploy.cli", "status"], env=stage.pulumi.environ(), check=True)
    if stage.build_loki():
        stage.converge()
    if hosts > 1:  # a threader that is gone is told of by another one
        print(alert.prove_alert(stage.fleet, stage.slack, *stage.victim()), flush=True)
    print(words.closing(stage.slack, stage.monitoring()), flush=True)


@app.command()
def down() -> None:
    """Stop everything that the demo started; settings, state and keys of stack dev go with it."""
    Stage().remove()


def main() -> int:
    """Run; an error that is for people is its text alone."""
    try:
        app(standalone_mode=False)
    except (FleetError, ReleaseError, proof.NotProven) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"demo: {words.failed(error)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
