"""What `make VERB` does."""

import os
from collections.abc import Callable, Sequence

from tools.setup import checks, child, clean, leftovers, lock
from tools.setup.paths import ROOT, cache
from tools.setup.preflight import Goal
from tools.setup.steps import inner, set_up

Words = Sequence[str]


def module(*words: str) -> int:
    """Run a module in `.venv` with the checkout's environment."""
    return child.run([ROOT / ".venv" / "bin" / "python", "-m", *words], inner())


def setup(_: Words) -> int:
    """Everything but the fleet."""
    set_up(Goal.SETUP)
    print(f"cache: {cache()}\nnext: make demo    or: . .venv/bin/activate && threader --help")
    return 0


def demo(words: Words) -> int:
    """Bring the fleet of stack dev up."""
    set_up(Goal.FLEET)
    return module("tools.demo", "up", *words)


def demo_down(words: Words) -> int:
    """Take the demo down and say what stays."""
    set_up(Goal.VENV)
    code = module("tools.demo", "down", *words)
    print(leftovers.report())
    return code


def test(words: Words) -> int:
    """All tests, with fleets of their own; files side by side, since most tests of hosts wait."""
    set_up(Goal.FLEET)
    return module("pytest", "-m", "", "-n", "3", "--dist", "loadfile", "--no-loadscope-reorder", *words)


def test_fast(words: Words) -> int:
    """The tests that need neither a fleet nor the Pulumi CLI."""
    set_up(Goal.VENV)
    return module("pytest", "-m", checks.FAST, *words)


def test_kill(words: Words) -> int:
    """SIGKILL of `pulumi up` at ten moments."""
    return _test_more("THREADER_KILLS", "10", "tests/fleet/test_kill.py", *words)


def test_many(words: Words) -> int:
    """A fleet of 20 hosts; prints how long it takes."""
    return _test_more("THREADER_MANY", "20", "-s", "tests/fleet/test_many_hosts.py", *words)


def test_rolling(words: Words) -> int:
    """A rolling update that goes wrong: each implementation, first, in the middle and last."""
    return _test_more("THREADER_ALL", "1", "tests/fleet/test_rolling.py", *words)


def test_boundaries(words: Words) -> int:
    """A rollout broken at each of its boundaries, in each way; prints a table."""
    return _test_more("THREADER_ALL", "1", "tests/fleet/test_boundaries.py", *words)


def test_load(words: Words) -> int:
    """Load at the edge during rollouts and reloads, at the rate that suits this machine."""
    return _test_more("THREADER_ALL", "1", "tests/fleet/test_load.py", *words)


def test_strategies(words: Words) -> int:
    """All strategies under load, with idle edges, and broken at each stage; keeps the figures."""
    files = [f"tests/fleet/test_{name}.py" for name in ("strategies", "idle_edges", "cut_strategies")]
    return _test_more("THREADER_ALL", "1", *files, *words)


def simulate(words: Words) -> int:
    """Rollouts under faults in a simulated world."""
    set_up(Goal.VENV)
    return module("tests.simulation", *words)


def bench(words: Words) -> int:
    """How long it takes to go back; prints a table and keeps the figures."""
    set_up(Goal.FLEET)
    return module("bench", *words)


def _test_more(name: str, value: str, *words: str) -> int:
    """Tests that a variable makes more thorough, unless the user has set it."""
    set_up(Goal.FLEET)
    os.environ.setdefault(name, value)
    return module("pytest", "-m", "", *words)


def test_monitoring(words: Words) -> int:
    """Everything about monitoring; then what tests of rules cover, and how many mistakes they find."""
    set_up(Goal.SETUP)
    code = module("pytest", "-m", "", *(words or ("tests/monitoring",)))
    return max(code, module("tools.monitoring"))


def test_matrix(words: Words) -> int:
    """The order and path cases, in fresh clones."""
    set_up(Goal.FLEET)
    return module("tools.matrix", *words)


def check(_: Words) -> int:
    """Lint, types, fast tests."""
    set_up(Goal.VENV)
    return checks.check(lambda words: module(*words))


def release(words: Words) -> int:
    """Build the release artifacts: all of them, or what the arguments say; options alone are those of `build`."""
    set_up(Goal.VENV)
    return module("tools.release", *release_words(words))


def release_words(words: Words) -> Words:
    """The words of `python -m tools.release`."""
    return words if words and not words[0].startswith("-") else ("build", *words)


def lock_requirements(_: Words) -> int:
    """Resolve requirements.txt anew."""
    lock.compile_lock()
    return 0


def clean_up(_: Words) -> int:
    """Remove what can be made again."""
    print(clean.remove())
    return 0


VERBS: dict[str, Callable[[Words], int]] = {
    "setup": setup,
    "demo": demo,
    "demo-down": demo_down,
    "test": test,
    "test-fast": test_fast,
    "test-kill": test_kill,
    "test-many": test_many,
    "test-rolling": test_rolling,
    "test-boundaries": test_boundaries,
    "test-load": test_load,
    "test-strategies": test_strategies,
    "simulate": simulate,
    "bench": bench,
    "test-monitoring": test_monitoring,
    "test-matrix": test_matrix,
    "check": check,
    "release": release,
    "lock": lock_requirements,
    "clean": clean_up,
}
