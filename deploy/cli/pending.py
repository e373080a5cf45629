"""Operations that a killed deploy left half-recorded in the state."""

import json

import typer

from deploy.cli import pulumi


def clear(stack: str) -> None:
    """Forget creations that were cut off: the next deploy finds what they began, and adopts it."""
    cut_off = creations(json.loads(pulumi.ask("stack", "export", "--stack", stack)))
    if not cut_off:
        return
    typer.echo(f"an earlier deploy was cut off while it created {', '.join(cut_off)}: what it began is taken up now")
    if pulumi.run("refresh", "--stack", stack, "--clear-pending-creates", "--yes", "--skip-preview"):
        typer.echo("the state could not be cleared of them; the deploy goes on all the same")


def creations(state: object) -> list[str]:
    """The names of resources whose creation was begun and not recorded as done, each once. Pure."""
    deployment = state.get("deployment") if isinstance(state, dict) else None
    operations = (deployment or {}).get("pending_operations") or []
    names = [each["resource"]["urn"].rpartition("::")[2] for each in operations if each["type"] == "creating"]
    return sorted(set(names))
