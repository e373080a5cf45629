"""One fleet a session, and one stack on it that tests share; each file starts from it converged."""

import os

import pytest

from bench.table import Figure, keep
from tests.fleet.deployment import Deployment
from tests.fleet.lab import MAIN, SPARE, Lab, obstacle, session

DEPLOYED = '/"verdict": "confirmed".*"purpose": "deploy"/p'
"""The lines of a ledger that reject and pin nothing."""


@pytest.fixture(scope="session")
def lab():
    if reason := obstacle():
        pytest.skip(reason)
    with session() as made:
        made.start(len(MAIN + SPARE))
        yield made


@pytest.fixture(scope="session")
def shared(lab: Lab) -> Deployment:
    """The shared stack, whatever its state."""
    return Deployment(lab, "main").make()


@pytest.fixture(scope="module")
def converged(lab: Lab, shared: Deployment) -> Deployment:
    """The shared stack with its usual config, converged."""
    lab.whole(*MAIN)
    for host in MAIN:
        # Files come in any order: what one of them rejected or pinned is not the next one's.
        lab.sh(host, f"sed -i -n '{DEPLOYED}' /var/lib/alert-threader/*/ledger.jsonl 2>/dev/null || :")
    shared.reset()
    shared.apply().good()
    return shared


@pytest.fixture(scope="module")
def spare(lab: Lab):
    """Makes deployments on hosts that nothing was ever done to."""
    lab.whole(*SPARE)
    lab.blank(*SPARE)
    return lambda name, hosts=SPARE: Deployment(lab, name, hosts).make()


@pytest.fixture(scope="module")
def tell(request):
    """Prints, whatever pytest hides."""
    manager = request.config.pluginmanager.getplugin("capturemanager")

    def say(text: str) -> None:
        with manager.global_and_fixture_disabled():
            print(f"\n  {text}", end="", flush=True)

    return say


@pytest.fixture(scope="module")
def note(tell):
    """Prints how long something took, and keeps it in bench/results where all is tried (THREADER_ALL=1)."""
    figures: list[Figure] = []

    def say(text: str, seconds: float, limit: float | None = None) -> None:
        figures.append(Figure(text, seconds, limit))
        tell(figures[-1].row())

    yield say
    if figures and os.environ.get("THREADER_ALL"):
        tell(f"kept in {keep(figures)}")
