"""How a deploy went: by the stack's outputs where Pulumi succeeded, else by what its resources said. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from deploy.cli.exits import Code
from deploy.errors import parted
from deploy.rollout.execute import BACK, DEGRADED

HELD: Final = "held "
ABORTED: Final = "aborted "


@dataclass(frozen=True)
class Outcome:
    """The exit code, what is said, and the command that comes next."""

    code: Code
    text: str
    after: str


def of_outputs(outputs: Mapping[str, Any], stack: str) -> Outcome:
    """How a deploy went with which Pulumi had no trouble."""
    said, after = str(outputs.get("rollout") or ""), f"threader status --stack {stack}"
    if said.startswith(HELD):
        text, command = parted(said)
        return Outcome(Code.HELD, text, command or f"threader promote --stack {stack}")
    return Outcome(Code.ROLLED_BACK if said.startswith(ABORTED) else Code.OK, said, after)


def of_errors(errors: Sequence[str], stack: str) -> Outcome:
    """How a deploy went that Pulumi calls failed, by the errors of its resources, which it has shown already."""
    after = f"threader status --stack {stack}"
    if any(DEGRADED in error for error in errors):
        return Outcome(Code.UNDONE, "the deploy failed, and not all could go back, as shown above", after)
    if any(BACK in error for error in errors):
        why = f"threader rollout --why --stack {stack}"
        return Outcome(Code.ROLLED_BACK, "the deploy was rolled back, as shown above", why)
    return Outcome(Code.UNDONE, "the deploy failed, as shown above", after)
