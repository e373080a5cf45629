"""The cases. Each gets the target (`setup` or `demo`) and raises CaseError when the target does not work there."""

import shutil

from tools.matrix.clone import Case, CaseError, fresh

LONG = "a folder with spaces/" + "x" * 60 + "/" + "y " * 30 + "y"
"""Well over 120 characters with the temporary folder before it."""
NOBODY = 65534
MOST_LINES = 40


def long_path(target: str) -> None:
    """A path with spaces and of more than 120 characters."""
    with fresh(LONG, target=target) as clone:
        clone.make(target)


def private_umask(target: str) -> None:
    """Umask 077."""
    with fresh(umask=0o077, target=target) as clone:
        clone.make(target)


def sudo(target: str) -> None:
    """`sudo make` in the clone of a user who is not root."""
    with fresh(user=NOBODY, target=target) as clone:
        clone.make(target)
        clone.check_clean()


def sudo_interrupted(target: str) -> None:
    """The same, interrupted: nothing of root's is left either."""
    with fresh(user=NOBODY, target=target) as clone:
        for line in (1, 4, 12):
            clone.interrupted(line, 1.0, target)
            clone.check_clean()


def no_venv(target: str) -> None:
    """`rm -rf .venv`, then again."""
    with fresh(target=target) as clone:
        clone.make(target)
        shutil.rmtree(clone.folder / ".venv")
        clone.make(target)


def moved(target: str) -> None:
    """The checkout is moved after set-up; `.venv` has absolute paths."""
    with fresh("before/fleet") as clone:
        clone.make("setup")
        clone.folder = clone.folder.rename(clone.folder.parent.parent / "after")
        clone.make(target)
        if target == "demo":
            clone.make("demo-down")


def twice_at_once(target: str) -> None:
    """Two checkouts at the same time."""
    with fresh("one", target=target) as one, fresh("two", target=target) as two:
        runs = [(clone, clone.start(target)) for clone in (one, two)]
        for clone, run in runs:
            clone.finish(run, target)


def interrupted_everywhere(target: str) -> None:
    """Ctrl-C after each line that it prints, then again to the end."""
    with fresh(target=target) as clone:
        for line in range(1, MOST_LINES):
            if not clone.interrupted(line, 0.3, target):
                break
        clone.make(target)


def test_before_and_between(target: str) -> None:
    """The fleet tests before the demo, and between two demos."""
    with fresh(target=target) as clone:
        clone.make("test", "ARGS=-m fleet -x")
        clone.make(target)
        clone.make("test", "ARGS=-m fleet -x")
        said = clone.make(target)
        if target == "demo" and "unchanged" not in said:
            raise CaseError(f"the second demo found something to change:\n{said[-2000:]}")


CASES: dict[str, Case] = {
    "long-path": long_path,
    "umask": private_umask,
    "sudo": sudo,
    "sudo-interrupted": sudo_interrupted,
    "no-venv": no_venv,
    "moved": moved,
    "two-at-once": twice_at_once,
    "interrupted": interrupted_everywhere,
    "order": test_before_and_between,
}
