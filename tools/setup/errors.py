"""Errors that set-up shows to people."""


class SetupError(Exception):
    """A step that cannot go on: the cause, the command that comes next, and what its log ended with."""

    def __init__(self, cause: str, after: str, log: str = "", tail: tuple[str, ...] = ()) -> None:
        super().__init__(cause)
        self.cause = cause
        self.after = after
        self.log = log
        self.tail = tail

    def text(self) -> str:
        """Return the message as it is printed."""
        lines = [f"stop: {self.cause}", *(f"  | {line}" for line in self.tail)]
        lines += [f"log:  {self.log}"] if self.log else []
        return "\n".join([*lines, f"next: {self.after}"])
