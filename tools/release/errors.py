"""What people are told when a release cannot be built."""

from __future__ import annotations


class ReleaseError(Exception):
    """The name, the cause, and what to type next."""

    def __init__(self, what: str, cause: str, next_command: str) -> None:
        super().__init__(f"{what}: {cause}\nnext: {next_command}")
