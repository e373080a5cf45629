"""Thousands of rollouts under faults, and the proof that they would notice a mistake."""

import pytest

from tests.simulation.driver import many, some, told
from tests.simulation.mutations import MUTATIONS, Mutation
from tests.simulation.run import simulate

RUNS = 5000
SOON = 400
"""Runs within which each mistake has to be found; the slowest took 168 when this was written."""


def test_no_rollout_breaks_a_promise_whatever_happens():
    result = many(RUNS)  # the same ones each time; others: make simulate ARGS="--seed N"
    print(result.statistics)
    assert not result.failures, "\n".join(told(*failure) for failure in sorted(result.failures)[:1])


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
