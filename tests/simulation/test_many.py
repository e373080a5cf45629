"""Thousands of rollouts under faults, and the proof that they would notice a mistake."""

from dataclasses import replace

import pytest

from tests.simulation.driver import many, some, told
from tests.simulation.mutations import MUTATIONS, Mutation
from tests.simulation.run import simulate
from tests.simulation.scenario import PROGRESSIVE, scenario

RUNS = 5000
UNDISTURBED = 300
"""Runs of canary and of blue-green, each without faults, but with what gates and people say."""
SOON = 1500
"""Runs within which each mistake has to be found."""


def test_no_rollout_breaks_a_promise_whatever_happens():
    result = many(RUNS)  # the same ones each time; others: make simulate ARGS="--seed N"
    print(result.statistics)
    assert not result.failures, "\n".join(told(*failure) for failure in sorted(result.failures)[:1])


@pytest.mark.parametrize("strategy", PROGRESSIVE)
def test_canary_and_blue_green_keep_their_promises_where_nothing_goes_wrong(strategy: str):
    for seed in range(UNDISTURBED):
        simulate(replace(scenario(seed, strategy=strategy), faults=()))


def test_a_seed_is_the_same_run_each_time():
    first, second = some(range(20)), some(range(20))
    assert (first.failures, str(first.statistics)) == (second.failures, str(second.statistics))


@pytest.mark.parametrize("mutation", MUTATIONS, ids=str)
def test_a_mistake_in_the_core_is_found_soon(mutation: Mutation, monkeypatch):
    mutation.put_in(monkeypatch)
    assert any(_fails(mutation, seed) for seed in range(SOON))


def _fails(mutation: Mutation, seed: int) -> bool:
    try:
        simulate(mutation.scenario(seed))
    except Exception:
        return True
    return False
