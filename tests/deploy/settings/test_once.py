import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.settings.errors import SettingsError
from deploy.settings.once import VARIABLES, for_once
from deploy.settings.specs import RolloutSpec, Strategy

SPEC = RolloutSpec(strategy=Strategy.ALL_AT_ONCE, batch=2, max_unavailable=3, wait=5.0, keep=7)


def test_without_a_word_the_settings_hold():
    assert for_once(SPEC, {"THREADER_BATCH": "", "PATH": "/bin"}, "dev") is SPEC


def test_what_the_shell_says_is_read_as_settings_are_and_the_rest_stays():
    shell = {
        "THREADER_STRATEGY": "rolling",
        "THREADER_BATCH": "4",
        "THREADER_MAX_UNAVAILABLE": "4",
        "THREADER_WAIT": "1.5",
    }
    assert for_once(SPEC, shell, "dev") == RolloutSpec(
        strategy=Strategy.ROLLING, batch=4, max_unavailable=4, wait=1.5, keep=7
    )


MISTAKES = [
    ({"THREADER_BATCH": "many"}, "environment THREADER_BATCH", "value:      many"),
    ({"THREADER_BATCH": "0"}, "environment THREADER_BATCH", "has to be"),
    ({"THREADER_BATCH": "4"}, "environment THREADER_BATCH", "has to be at most max_unavailable, which is 3"),
    (
        {"THREADER_MAX_UNAVAILABLE": "1"},
        "alert-threader:rollout.batch",
        "has to be at most max_unavailable, which is 1",
    ),
    ({"THREADER_WAIT": "a while"}, "environment THREADER_WAIT", "has to be a number of seconds"),
    ({"THREADER_STRATEGY": "rollin"}, "environment THREADER_STRATEGY", "unknown strategy"),
    ({"THREADER_STRATEGY": "canary"}, "environment THREADER_STRATEGY", "not available"),
]


@pytest.mark.parametrize(("shell", "where", "why"), MISTAKES)
def test_a_mistake_is_told_as_one_of_the_settings(shell, where, why):
    with pytest.raises(SettingsError) as refused:
        for_once(SPEC, shell, "dev")
    text = str(refused.value)
    assert where in text
    assert why in text
    assert "next: " in text


def test_all_mistakes_are_told_at_once():
    with pytest.raises(SettingsError) as refused:
        for_once(SPEC, {"THREADER_BATCH": "many", "THREADER_WAIT": "a while"}, "dev")
    assert len(refused.value.findings) == 2


@given(st.dictionaries(st.sampled_from(list(VARIABLES.values())), st.text(max_size=12)))
def test_whatever_the_shell_says_it_is_a_spec_or_a_mistake(shell):
    try:
        spec = for_once(SPEC, shell, "dev")
    except SettingsError:
        return
    assert 1 <= spec.batch <= spec.max_unavailable
    assert spec.keep == SPEC.keep
