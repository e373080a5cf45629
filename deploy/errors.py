"""The errors that people see as their text alone: what is wrong, why, and the next command."""


class ForPeople(Exception):  # noqa: N818 - a base class: what is raised has a name of its own
    """An error whose text is all that a user needs; `--debug` adds the traceback."""
