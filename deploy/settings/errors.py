"""What is wrong with the settings, as people read it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

NAMESPACE: Final = "alert-threader"
SECTIONS: Final = (
    "hosts",
    "instances",
    "release",
    "rollout",
    "health",
    "edge",
    "env",
    "secrets",
    "digest_key",
    "monitoring",
    "hooks",
    "protect",
)
"""The keys of the stack config, in the order in which mistakes are told."""

_MOST_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake: `path` as Pulumi writes it ("alert-threader:instances[1].port"), `value` masked when secret."""

    path: str
    value: str
    reason: str
    suggestion: str = ""

    def __str__(self) -> str:
        lines = [self.path, f"  value:      {self.value}", f"  reason:     {self.reason}"]
        return "\n".join([*lines, f"  suggestion: {self.suggestion}"] if self.suggestion else lines)


class SettingsError(Exception):
    """The settings of a stack are wrong; `findings` are all the mistakes, and str() is the block to print."""

    def __init__(self, findings: Sequence[Finding], *, stack: str) -> None:
        self.findings, self.stack = tuple(findings), stack
        super().__init__(self._text())

    def _text(self) -> str:
        count = len(self.findings)
        head = f"settings of stack {self.stack}: {count} mistake{'' if count == 1 else 's'}"
        wrong = {section_of(finding.path) for finding in self.findings}
        docs = [f"threader docs {section}" for section in SECTIONS if section in wrong]
        form = (
            f" (the right form: {', '.join(docs) if len(docs) <= _MOST_NAMED else 'threader docs SECTION'})"
            if docs
            else ""
        )
        file = f"Pulumi.{self.stack.rpartition('/')[2]}.yaml"
        last = f"next: mend {file} as suggested{form}, then: pulumi preview --stack {self.stack}"
        return "\n\n".join([head, *map(str, self.findings), last])


def section_of(path: str) -> str:
    """The section that `path` lies in: "instances" for "alert-threader:instances[1].port"; "" if in none of ours."""
    namespace, _, rest = path.partition(":")
    section = rest.partition(".")[0].partition("[")[0]
    return section if namespace == NAMESPACE and section in SECTIONS else ""
