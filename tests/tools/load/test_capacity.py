"""How much is held: rates are tried one after the other until the first that is not."""

import pytest

from tools.load.capacity import STEPS, capacity, holds, proper
from tools.load.report import Report


def came(rate, sent=100, ok=100, p99=10.0):
    return Report(sent, ok, {} if ok == sent else {"EOF": sent - ok}, rate, 5.0, p99, p99, ())


@pytest.mark.parametrize(
    ("found", "held"),
    [
        (came(500.2), True),
        (came(485.0), True),
        (came(480.0), False),
        (came(500.0, ok=99), False),
        (came(500.0, p99=1001.0), False),
    ],
)
def test_a_load_is_held_if_all_was_sent_in_time_and_answered_well_and_soon(found, held):
    assert holds(500, found) is held


def test_the_last_rate_that_was_held_is_what_is_held_and_nothing_beyond_is_tried():
    tried, said = [], []

    def attempt(rate):
        tried.append(rate)
        return came(rate, ok=100 if rate < 500 else 99)

    assert capacity(attempt, said.append) == 350
    assert tried == [100, 200, 350, 500]
    assert said[-1] == "500/s: not held: 500/s sent, failed {'EOF': 1}, p50 5 ms, p99 10 ms"


def test_nothing_or_all_may_be_held():
    assert capacity(lambda rate: came(0.0), lambda line: None) == 0
    assert capacity(came, lambda line: None) == STEPS[-1]


@pytest.mark.parametrize(("held", "rate"), [(1000, 500), (700, 350), (100, 50), (0, 0)])
def test_a_measurement_takes_500_a_second_or_half_of_what_is_held(held, rate):
    assert proper(held) == rate
