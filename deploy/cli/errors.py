"""Errors of the command line, and how any error is put to people."""

from deploy.cli.exits import Code
from deploy.errors import ForPeople


class CliError(ForPeople):
    """Something that a verb can not do: the cause, the command that comes next, and the exit code."""

    def __init__(self, cause: str, after: str, code: Code = Code.FAILED) -> None:
        super().__init__(f"{cause}; next: {after}")
        self.code = code


def said(error: BaseException) -> str:
    """The text of an error as it is printed, with the next command on a line of its own."""
    return f"error: {on_lines(str(error))}"


def on_lines(text: str) -> str:
    """A text with its next command on a line of its own."""
    return text.replace("; next: ", "\nnext: ").replace(" next: ", "\nnext: ") if "\nnext: " not in text else text
