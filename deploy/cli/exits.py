"""The exit codes of `threader`, which are part of its interface."""

from enum import IntEnum


class Code(IntEnum):
    """What a script learns from the exit code."""

    OK = 0
    FAILED = 1
    USAGE = 2
    UNHEALTHY = 3
    """The fleet, or a part of it, is not as it should be: an instance is unhealthy, a host does not answer."""
    ROLLED_BACK = 3
    """A deploy failed, and all instances are back on what they ran before."""
    HELD = 4
    """A rollout waits for a person."""
    UNDONE = 5
    """A deploy failed, and not by being rolled back: nothing was activated, or not all could go back."""
    INTERRUPTED = 130


DEPLOYS = "Exit codes: 0 done, 3 rolled back, 4 held, 5 failed; 1 and 2: nothing was begun."
"""Of the verbs that deploy or go on with a deploy, and of `rollout`, which tells how one went."""
EPILOG = (
    "Exit codes: 0 done, 1 failed, 2 used wrongly, 3 the fleet is not as it should be, 130 interrupted. Of deploy, "
    "rolling, canary, bluegreen, promote, abort and rollout: 0 done, 3 rolled back, 4 held, 5 failed."
)
