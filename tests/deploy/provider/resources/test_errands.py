"""What a Rollout does about one that has not ended, on hosts that are only objects."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import pytest

from deploy.manifest.items import Manifest
from deploy.provider.resources.base import Context
from deploy.provider.resources.errands import Astray, Errand, Errands
from deploy.provider.resources.rollout import RolloutResource
from deploy.provider.resources.sight import Sight
from deploy.rollout.conduct import Changed
from deploy.rollout.decide import Choice, Course
from deploy.rollout.plan import Batch, Kind, Plan, Step, Target
from deploy.rollout.story import HOMEWARD, State, told
from tests.deploy.provider.fakes import FakeEngine, FakeFleet, fault, rollout_inputs, running_instance, snapshot_of
from tests.deploy.rollout.test_stages import PLAN
from tests.deploy.rollout.test_story import STORY

NEW = rollout_inputs({"a": "1.1-y"}, {"a": "h2"})
BEFORE = Target({"a": "1.0-x"}, {"a": "h1"}, {"a": 9001})
HELD = replace(STORY, plan=PLAN, found=BEFORE, wanted=Target({"a": "1.1-y"}, {"a": "h2"}))
HOME = replace(HELD, purpose=f"{HOMEWARD} of r6", state=State.DONE, wanted=BEFORE)


def on(story=None, **instances):
    found = snapshot_of(Manifest(), {name: running_instance(each) for name, each in instances.items()})
    return {**found, "stories": {story.id: told(story)} if story else {}}


def context(**hosts):
    return Context(FakeFleet(**hosts), FakeEngine())


def old_values():
    return {**NEW, "hosts": {**NEW["hosts"], **rollout_inputs({}, {"a": "h1"})["hosts"]}}


def test_hosts_that_instances_left_are_looked_at_too():
    made = Sight(context(h1=on(a="1.0-x"), h2=on()))
    assert set(asyncio.run(made.around(old_values(), NEW, BEFORE, frozenset()))) == {"h1", "h2"}


FAILED = replace(HELD, state=State.FAILED)


@pytest.mark.parametrize(("story", "there"), [(HOME, "h1"), (FAILED, "h1"), (HELD, "h2"), (None, "h2")])
def test_what_a_way_back_brought_where_it_is_not_wanted_is_stopped_by_the_next_deploy(story, there):
    made = Sight(context(h1=on(a="1.0-x"), h2=on()))
    left = asyncio.run(made.left(old_values(), NEW, story, frozenset()))
    assert left["placement"] == {"a": there}


def test_what_does_not_run_there_any_more_is_not():
    made = Sight(context(h1=on(), h2=on()))
    assert asyncio.run(made.left(old_values(), NEW, HOME, frozenset()))["placement"] == {"a": "h2"}


@pytest.mark.parametrize(("runs", "placement"), [({"a": "1.0-x"}, {"a": "h1"}), ({}, {})])
def test_what_an_instance_runs_where_it_was_is_looked_at(runs, placement):
    was = {**old_values(), "placement": {"a": "h1"}, "instances": {"a": "1.0-w"}}
    found = asyncio.run(Sight(context(h1=on(**runs), h2=on())).found(was, NEW, frozenset()))
    assert found.placement == (placement or {"a": "h2"})
    assert found.instances == (runs or {"a": "nothing"})


def test_nothing_goes_back_half_while_a_host_can_not_be_reached():
    made = context(h1=fault("h1"), h2=on(HELD, a="1.1-y"))
    errands = Errands(made, Sight(made))
    home = errands._home("urn", old_values(), NEW, frozenset(), Choice(Course.HOME, HELD))
    with pytest.raises(Astray, match="THREADER_LOST=h1"):
        asyncio.run(home)


@pytest.mark.parametrize("now", [HOME, replace(HELD, state=State.DONE), replace(HELD, at=HELD.at + 1)])
def test_what_was_decided_of_a_rollout_that_went_on_is_not_done(now):
    made = context()
    errand = Errand("way back of r7", BEFORE, BEFORE, Plan(()), story=HELD)
    errands = Errands(made, Sight(made))
    assert errands._still(errand, {"h2": on(HELD)}) == (BEFORE, errand.plan)
    with pytest.raises(Changed, match="r7 went on"):
        errands._still(errand, {"h2": on(now)})


def test_ctrl_c_leaves_second_slots_alone_since_they_may_have_the_traffic():
    undone = []

    async def undo(step):
        undone.append(step.instance)

    steps = (Step(Kind.KEEP, "a--prev", "h2", "nothing", "1.0-x"), Step(Kind.ACTIVATE, "a", "h2", "1.0-x", "1.1-y"))
    made = RolloutResource(context())
    made._errands.running = SimpleNamespace(
        plan=Plan((Batch(steps),)), port=SimpleNamespace(undo=undo), cancelled=SimpleNamespace(set=lambda: None)
    )
    asyncio.run(made.cancel())
    assert undone == ["a"]


@pytest.mark.parametrize(("lost", "named"), [([], True), (["e1"], False)])
def test_traffic_moves_at_every_edge_or_not_at_all(lost, named):
    made = context()
    errand = Errand("deploy", BEFORE, BEFORE, PLAN)
    new = {**NEW, "edges": ["e1", "e2"], "lost": lost}
    look = Errands(made, Sight(made))._with_all_edges
    look(new, errand, frozenset())
    look(new, replace(errand, plan=Plan(())), frozenset({"e1"}))
    if named:
        with pytest.raises(Astray, match="THREADER_LOST=e1"):
            look(new, errand, frozenset({"e1"}))
    else:
        look(new, errand, frozenset({"e1"}))
