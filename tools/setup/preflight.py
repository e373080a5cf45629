"""Everything that can be tried in five seconds, tried at once, before anything long begins."""

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from enum import Enum

from tools.setup import apt
from tools.setup.errors import SetupError
from tools.setup.finding import Finding, Level, ok, softened, table, warn
from tools.setup.paths import ROOT, cache
from tools.setup.pending import Pending
from tools.setup.probes import fleet, machine, registries
from tools.setup.progress import Step

PATIENCE_SECONDS = 4.5
SMALL_GO_MODULE = "github.com/tgummerer/clipboard@v0.0.0-20241001131231-d02d263e614e"
"""One of the modules that the CLI is built from."""

Probe = tuple[str, Callable[[], Finding]]


class Goal(Enum):
    """What the command needs."""

    FLEET = "a local fleet, and all the rest"
    SETUP = "all but the fleet, which may be elsewhere"
    VENV = ".venv alone"


def run(goal: Goal, pending: Pending, env: Mapping[str, str], outside: Callable[[], bool]) -> None:
    """Try what the goal needs and print the findings; raise SetupError when one of them stops it."""
    step = Step("preflight")
    findings = together(_basic(pending, env, outside))
    if goal is not Goal.VENV:
        local = together(_local_fleet())
        findings += softened(local) if goal is Goal.SETUP else local
    bad = [found for found in findings if found.level is not Level.OK]
    if pending or bad:
        print(table(findings), flush=True)
    step.done(f"{len(findings)} checks, {len(bad)} to look at")
    stops = [found.name for found in findings if found.level is Level.STOP]
    if stops:
        raise SetupError(f"preflight: {', '.join(stops)}", "the commands after `mend:` above, then the same again")


def together(probes: Sequence[Probe], patience: float = PATIENCE_SECONDS) -> list[Finding]:
    """Run all probes at once and return their findings in order; one that is late is a warning."""
    found: dict[str, Finding] = {}
    threads = [threading.Thread(target=_keep, args=(found, *probe), daemon=True) for probe in probes]
    for thread in threads:
        thread.start()
    end = time.monotonic() + patience
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    late = f"no answer within {patience:.0f} s"
    return [found.get(name) or warn(name, late) for name, _ in probes]


def _keep(found: dict[str, Finding], name: str, probe: Callable[[], Finding]) -> None:
    try:
        found[name] = probe()
    except Exception as error:
        found[name] = warn(name, f"could not be tried: {error}")


def _basic(pending: Pending, env: Mapping[str, str], outside: Callable[[], bool]) -> list[Probe]:
    needed = machine.COLD_BUILD_GB if pending.cli else machine.WARM_GB
    probes: list[Probe] = [
        ("python", machine.python),
        ("path", lambda: machine.place(ROOT)),
        ("disk", lambda: machine.disk(cache(), needed)),
        ("memory", lambda: machine.memory(pending.cli)),
    ]
    if pending.packages:
        probes += [("packages", lambda: lists(pending.packages)), ("apt", lambda: registries.apt(env))]
    if pending.venv:
        probes.append(("pip", lambda: registries.pip(ROOT / "requirements.lock", env)))
    if pending.cli:
        probes.append(("go proxy", lambda: registries.go_proxy(SMALL_GO_MODULE, env, lambda: not outside())))
        probes.append(("pulumi", lambda: installer(outside)))
    return probes


def _local_fleet() -> list[Probe]:
    if os.geteuid() != 0:
        return [("root", fleet.root)]
    tries: list[Probe] = [(name, lambda name=name: fleet.attempt(name)) for name in fleet.MENDS]  # type: ignore[misc]
    return [("root", fleet.root), *tries, ("subnet", fleet.addresses)]


def lists(missing: Sequence[str]) -> Finding:
    """Are the package lists here, and may we install?"""
    if os.geteuid() != 0:
        by_hand = f"sudo apt-get install --no-install-recommends {' '.join(missing)}"
        return warn("packages", f"missing, and installing them needs root: {' '.join(missing)}", by_hand)
    known = "" if apt.known(missing) else ", the package lists too"
    return ok("packages", f"to install: {' '.join(missing)}{known}")


def installer(outside: Callable[[], bool]) -> Finding:
    """Does the official installer's host answer?"""
    if outside():
        return ok("pulumi", "the official installer answers")
    return ok("pulumi", "the official installer does not answer: the CLI is built from its Go modules")
