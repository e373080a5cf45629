"""What an instance runs, as people read it."""

import pytest

from deploy.manifest.running import NOTHING, generation_of, running

WELL = {
    "current": "generations/1.0-a",
    "generations": {"1.0-a": {"damaged": []}},
    "pending": False,
    "repair": False,
    "unit": {"ActiveState": "active"},
}
CASES = [
    ("as activated", {}, "1.0-a"),
    ("no link", {"current": None}, NOTHING),
    ("stopped by hand", {"unit": {"ActiveState": "inactive"}}, "1.0-a (inactive)"),
    ("crashing", {"unit": {"ActiveState": "activating"}}, "1.0-a (activating)"),
    ("no unit", {"unit": None}, "1.0-a (unknown)"),
    ("an unconfirmed switch", {"pending": True}, "1.0-a (unconfirmed)"),
    ("staged anew", {"repair": True}, "1.0-a (restart pending)"),
    ("an edited release", {"generations": {"1.0-a": {"damaged": ["release/run"]}}}, "1.0-a (edited by hand)"),
    ("a generation that was removed", {"generations": {}}, "1.0-a (missing)"),
    (
        "a link to elsewhere",
        {"current": "/opt/mine", "generations": {}, "unit": {"ActiveState": "failed"}},
        "mine (current leads to /opt/mine, missing, failed)",
    ),
]


@pytest.mark.parametrize(("change", "phrase"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_phrase_names_the_generation_and_all_that_is_amiss(change, phrase):
    assert running("py-a", {"instances": {"py-a": {**WELL, **change}}}) == phrase


def test_an_instance_that_is_not_there_runs_nothing():
    assert running("py-a", {"instances": {}}) == NOTHING


@pytest.mark.parametrize("change", [case[1] for case in CASES[1:]], ids=[case[0] for case in CASES[1:]])
def test_whatever_is_amiss_differs_from_the_generation_that_is_wanted(change):
    assert running("py-a", {"instances": {"py-a": {**WELL, **change}}}) != "1.0-a"


@pytest.mark.parametrize(
    ("phrase", "generation"),
    [("1.0-a", "1.0-a"), ("1.0-a (inactive, missing)", "1.0-a"), (NOTHING, None), ("nothing (unverified: x)", None)],
)
def test_the_generation_is_found_in_a_phrase(phrase, generation):
    assert generation_of(phrase) == generation
