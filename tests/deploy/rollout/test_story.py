"""The story of a rollout, written and read back."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from deploy.rollout.plan import Batch, Check, Hold, Kind, Phase, Place, Plan, Shift, Step, Target
from deploy.rollout.story import Decision, Seen, State, Story, latest, read, told

TEXT = st.text(max_size=5)
STEPS = st.builds(Step, st.sampled_from(Kind), TEXT, TEXT, TEXT, TEXT, st.none() | st.integers(1, 9), st.integers(1, 9))
PLACES = st.lists(st.builds(Place, TEXT, TEXT, st.integers(1, 9), TEXT), max_size=2).map(tuple)
WEIGHTS = st.dictionaries(TEXT, st.integers(0, 200), max_size=2)
STAGES = st.one_of(
    st.builds(Batch, st.lists(STEPS, max_size=2).map(tuple), TEXT, st.booleans()),
    st.builds(Shift, WEIGHTS, WEIGHTS, TEXT),
    st.builds(Check, st.sampled_from(Phase), TEXT, PLACES, PLACES),
    st.builds(Hold, TEXT),
)
STORY = Story(
    id="r7",
    token="7:me",
    purpose="deploy",
    strategy="canary",
    by="me@here",
    began="2026-01-02T03:04:05Z",
    updated="2026-01-02T03:04:06Z",
    state=State.HELD,
    plan=Plan((Hold("hold"),)),
    found=Target({"a": "1"}, {"a": "h1"}),
    wanted=Target({"a": "2"}, {"a": "h1"}),
    seen=(Seen(3, "hold", "too little traffic", ({"gate": "delivery"},)),),
    decision=Decision("r6", "promote", "ann@ops", "2026-01-02T03:04:05Z", "12 of 12"),
    settings={"batch": 1},
)


@given(st.lists(STAGES, max_size=4).map(tuple))
def test_what_is_told_is_read_back_the_same(stages):
    story = replace(STORY, plan=Plan(stages, {"a": "h1"}, 60.0))
    assert read(told(story)) == story


def test_a_record_of_another_version_or_a_spoilt_one_is_none():
    assert read({}) is None
    assert read({**told(STORY), "plan": 3}) is None


def test_the_latest_is_the_one_of_the_highest_counter_that_came_furthest():
    running = replace(STORY, state=State.RUNNING, updated="2026-01-02T03:04:09Z")
    older = replace(STORY, id="r6", token="6:me", state=State.DONE)
    snapshots = {
        "h1": {"stories": {"r6": told(older), "r7": told(running)}},
        "h2": {"stories": {"r7": told(STORY), "r8": {"spoilt": True}}},
        "h3": {},
    }
    assert latest(snapshots) == STORY
    assert latest({"h3": {}}) is None
