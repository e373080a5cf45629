"""Errors meant for people: what, why, and the next command to type."""


class FleetError(Exception):
    """Something a person can mend. `next_step` is a command or a short instruction; it may be empty."""

    exit_code = 1

    def __init__(self, message: str, next_step: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.message}\nnext: {self.next_step}" if self.next_step else self.message


class NotAvailableError(FleetError):
    """This machine's kernel cannot do it (exit code 3), so a test may skip it."""

    exit_code = 3

    def __init__(self, reason: str) -> None:
        super().__init__(f"not available here: {reason}")
