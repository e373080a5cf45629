"""What is wrong with the settings, as people read it."""

from collections.abc import Sequence
from dataclasses import dataclass


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
        sections = dict.fromkeys(section_of(finding.path) for finding in self.findings)
        docs = ", ".join(f"threader docs {section}" for section in sections if section)
        form = f" (the right form: {docs})" if docs else ""
        last = f"next: mend Pulumi.{self.stack}.yaml as suggested{form}, then: pulumi preview --stack {self.stack}"
        return "\n\n".join([head, *map(str, self.findings), last])


def section_of(path: str) -> str:
    """The section of the settings that `path` lies in: "instances" for "alert-threader:instances[1].port"; "" if none."""
    namespace, colon, rest = path.partition(":")
    section = rest.split(".")[0].split("[")[0]
    return section if colon and namespace == "alert-threader" and section.isidentifier() else ""
