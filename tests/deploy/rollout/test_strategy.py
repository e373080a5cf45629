"""Which plan a deploy has, and why."""

import pytest

from deploy.rollout.plan import Limits
from deploy.rollout.strategy import KNOWN_AGAIN, Wish, plan_of, wish_of
from deploy.settings.specs import CanaryStep, Revert
from tests.deploy.rollout.test_progressive import HOW, fleet, shape

OLD, NEW = fleet("1-x"), fleet("2-y")
SETTINGS = {
    "strategy": "canary",
    "batch": 1.0,
    "max_unavailable": 2.0,
    "order": ["py-b"],
    "hold": "always",
    "warm": 600.0,
    "canary": [{"instances": 2.0, "percent": None, "weight": 10.0}],
    "revert": "full",
    "emergency": None,
}


@pytest.mark.parametrize(
    ("more", "why", "checks"),
    [
        ({}, None, True),
        ({"recent": [{"py-a": "9-z"}]}, None, True),
        ({"recent": [dict(NEW.instances)]}, KNOWN_AGAIN, False),
        ({"recent": [dict(NEW.instances)], "revert": Revert.FULL}, None, True),
    ],
)
def test_what_is_known_goes_without_gates(more, why, checks):
    plan, said = plan_of(OLD, NEW, frozenset(), Wish(HOW, Limits(1, 1), **more))
    assert said == why
    assert any(word.startswith("check") for word in shape(plan)) == checks


def test_the_wish_of_inputs_as_the_engine_has_them():
    values = {"settings": SETTINGS, "edges": ["h1"], "impls": {"py-b": "python"}, "slots": {"py-b": 10009.0}}
    wish = wish_of(values, ())
    assert wish.limits == Limits(1, 2, ("py-b",))
    assert wish.how.steps == (CanaryStep(2, None, 10.0),)
    assert (wish.how.hold, wish.how.warm, wish.how.edges, wish.how.slots) == (True, 600.0, True, {"py-b": 10009})
    assert wish.revert is Revert.FULL


def test_the_inputs_of_an_older_program_are_a_wish_too():
    older = {key: SETTINGS[key] for key in ("strategy", "batch", "max_unavailable", "order")}
    assert wish_of({"settings": {**older, "strategy": "rolling"}}, ()).how.strategy == "rolling"
