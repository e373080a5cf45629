"""Set-up from the first step to the last. Every step looks first and does only what is missing."""

import functools
import os

from tools.setup import apt, checkout, packages, preflight, pulumi_cli, pulumi_installer, stacks, venv
from tools.setup.environment import environment, is_offline
from tools.setup.locks import held
from tools.setup.paths import ROOT, home, state
from tools.setup.pending import find
from tools.setup.preflight import Goal
from tools.setup.progress import Step


def outer() -> dict[str, str]:
    """Return the environment for what set-up starts: under sudo with root's own HOME, see `paths.home`."""
    env = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    return {**env, "HOME": home()}


def inner() -> dict[str, str]:
    """Return the environment for programs of this checkout: `outer` and what `activate` sets."""
    return {**outer(), **environment(ROOT)}


@functools.cache
def outside() -> bool:
    """Tell whether Pulumi's own host answers; asked once."""
    return pulumi_installer.script() is not None


def set_up(goal: Goal) -> None:
    """Bring the checkout to what the goal needs. Raises SetupError with the command that comes next."""
    whole = goal is not Goal.VENV
    preflight.run(goal, find(outer(), whole), outer(), outside)
    lock = Step(".venv")
    with held(state() / "setup.lock", lock, "another make works in this checkout"):
        pending = find(outer(), whole)
        if whole:
            _packages()
        step = Step(".venv")
        step.done(venv.make(step, outer()))
        if whole:
            step = Step("pulumi")
            step.done(pulumi_cli.make(step, outer(), outside))
            first = bool(pending) or not (state() / "setup.json").exists()
            step = Step("checkout")
            step.done(checkout.make(not outside() if first else is_offline(ROOT)))
            step = Step("stacks")
            step.done(stacks.make(step, inner()))


def _packages() -> None:
    step, missing = Step("packages"), packages.missing()
    if not missing:
        step.done("nothing missing")
    elif os.geteuid() != 0:
        step.done(f"left out, they need root: {' '.join(missing)}")
    else:
        step.usual = 20.0
        apt.install(step, missing)
        step.done(f"installed {' '.join(missing)}; no service was started")
