import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.settings.errors import SettingsError
from deploy.settings.load import load
from deploy.settings.once import VARIABLES
from deploy.settings.specs import Hold, RolloutSpec, Strategy

ROLLOUT = {"strategy": "all-at-once", "batch": 2, "max_unavailable": 3, "wait": 5, "keep": 7}
SPEC = RolloutSpec(strategy=Strategy.ALL_AT_ONCE, batch=2, max_unavailable=3, wait=5.0, keep=7)
HOST = {"name": "app-1", "address": "10.99.0.11", "roles": ["threader", "edge"]}


def loaded(environ, rollout=ROLLOUT, redis="redis://10.99.0.1"):
    config = {
        "hosts": [HOST],
        "instances": [{"name": "py-a", "impl": "python", "port": 9009}],
        "release": {"version": "1.0.0", "python": "dist/p.tar.gz"},
        "secrets": {"SLACK_BOT_TOKEN": "xoxb-1", **({"REDIS_URL": redis} if redis else {})},
        **({"rollout": rollout} if rollout is not None else {}),
    }
    return load(config, secret_keys=frozenset({"secrets"}), environ=environ, stack="dev")


def rollout_of(environ, **changes):
    return loaded(environ, **changes).rollout


def refused(environ, **changes):
    with pytest.raises(SettingsError) as error:
        loaded(environ, **changes)
    return error.value


def test_without_a_word_the_settings_hold():
    assert rollout_of({"THREADER_BATCH": "", "PATH": "/bin"}) == SPEC


def test_what_the_shell_says_is_read_as_settings_are_and_the_rest_stays():
    shell = {
        "THREADER_STRATEGY": "rolling",
        "THREADER_BATCH": "4",
        "THREADER_MAX_UNAVAILABLE": "4",
        "THREADER_WAIT": "1.5",
        "THREADER_HOLD": "always",
        "THREADER_DECISION": "r7:abort",
    }
    assert rollout_of(shell) == RolloutSpec(
        strategy=Strategy.ROLLING,
        batch=4,
        max_unavailable=4,
        wait=1.5,
        keep=7,
        hold=Hold.ALWAYS,
        decision="r7:abort",
        standing=Strategy.ALL_AT_ONCE,
    )


def test_the_shell_is_heard_where_the_stack_says_nothing_of_rollouts():
    assert rollout_of({"THREADER_WAIT": "3"}, rollout=None) == RolloutSpec(wait=3.0)


def test_the_stacks_own_strategy_is_not_another_one_for_once():
    assert rollout_of({"THREADER_STRATEGY": "all-at-once"}) == SPEC


def test_an_emergency_is_rolling_without_gates_and_holds_and_keeps_its_reason():
    found = rollout_of({"THREADER_EMERGENCY": "Slack is on fire"}, rollout={"strategy": "canary", "hold": "always"})
    assert (found.strategy, found.hold, found.gates) == (Strategy.ROLLING, Hold.NEVER, ())
    assert (found.emergency, found.standing, found.slotted) == ("Slack is on fire", Strategy.CANARY, True)


def test_an_emergency_is_said_aloud_and_a_canary_without_synthetic_alerts_too():
    (loud,) = loaded({"THREADER_EMERGENCY": "fire"}, rollout={"strategy": "canary"}).notes
    assert loud == "this deploy is an emergency (fire): no gate looks at what is new, and nobody is asked"
    (lacking,) = loaded({"THREADER_STRATEGY": "canary"}).notes
    assert lacking.startswith("there is no SYNTHETIC_KEY")
    assert loaded({"THREADER_STRATEGY": "rolling"}, rollout={"strategy": "canary"}).notes == ()


def test_a_strategy_with_second_slots_needs_for_once_what_it_always_needs():
    assert rollout_of({"THREADER_STRATEGY": "blue-green"}).slotted
    assert "secrets.REDIS_URL" in str(refused({"THREADER_STRATEGY": "blue-green"}, redis=None))


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
    ({"THREADER_HOLD": "allways"}, "environment THREADER_HOLD", "unknown choice"),
    ({"THREADER_DECISION": "promote"}, "environment THREADER_DECISION", "has to be ROLLOUT:promote"),
    ({"THREADER_EMERGENCY": " "}, "environment THREADER_EMERGENCY", "is empty"),
    ({"THREADER_EMERGENCY": "xoxb-1"}, "environment THREADER_EMERGENCY", "a secret in plain text"),
    ({"THREADER_EMERGENCY": "why " * 60}, "environment THREADER_EMERGENCY", "is longer than 200 characters"),
    (
        {"THREADER_EMERGENCY": "fire", "THREADER_STRATEGY": "canary"},
        "environment THREADER_STRATEGY",
        "THREADER_EMERGENCY is set, and such a deploy has rolling",
    ),
    (
        {"THREADER_EMERGENCY": "fire", "THREADER_HOLD": "always"},
        "environment THREADER_HOLD",
        "THREADER_EMERGENCY is set, and such a deploy has never",
    ),
]


@pytest.mark.parametrize(("shell", "where", "why"), MISTAKES)
def test_a_mistake_is_told_as_one_of_the_settings(shell, where, why):
    text = str(refused(shell))
    assert where in text
    assert why in text
    assert "next: " in text
    assert "suggestion: the form: threader docs rollout" in text


def test_all_mistakes_are_told_at_once():
    assert len(refused({"THREADER_BATCH": "many", "THREADER_WAIT": "a while"}).findings) == 2


def test_an_emergency_is_no_setting_of_a_stack():
    assert "rollout.emergency" in str(refused({}, rollout={"emergency": "always"}))


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(list(VARIABLES.values())), st.text(max_size=12)))
def test_whatever_the_shell_says_it_is_a_spec_or_a_mistake(shell):
    try:
        spec = rollout_of(shell)
    except SettingsError:
        return
    assert 1 <= spec.batch <= spec.max_unavailable
    assert spec.keep == SPEC.keep
