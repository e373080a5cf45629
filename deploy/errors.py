"""The errors that people see as their text alone: what is wrong, why, and the next command."""


class ForPeople(Exception):  # noqa: N818 - a base class: what is raised has a name of its own
    """An error whose text is all that a user needs; `--debug` adds the traceback."""


def parted(text: str) -> tuple[str, str]:
    """What is wrong and why, and the next command; that is empty where the text of an error names none."""
    cause, _, after = text.partition("; next: ")
    return cause, after
