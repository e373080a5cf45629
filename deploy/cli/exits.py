"""The exit codes of `threader`, which are part of its interface."""

from enum import IntEnum


class Code(IntEnum):
    """What a script learns from the exit code."""

    OK = 0
    FAILED = 1
    USAGE = 2
    UNHEALTHY = 3
    """The fleet, or a part of it, is not as it should be: an instance is unhealthy, a host does not answer."""
    INTERRUPTED = 130


EPILOG = "Exit codes: 0 done, 1 failed, 2 used wrongly, 3 the fleet is not as it should be, 130 interrupted."
