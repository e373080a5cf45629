"""The model of a host answers as the real helper does, and leaves the same behind: one script for both."""

import itertools
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.manifest.paths import HELPER
from tests.simulation.agenda import Agenda
from tests.simulation.model.home import Home
from tests.simulation.model.machine import FULL, Machine
from tests.simulation.model.release import Release
from tests.simulation.real import RealMachine

RELEASES = {
    name: [
        Release("1.0", port, 1.0, 10.0),
        Release("1.1", port, 2.0, 10.0),
        Release("1.1-bad", port, 1.0, 10.0, bad=True),
        Release("1.1-moves", other, 1.0, 10.0),
    ]
    for name, port, other in (("a", 9001, 9002), ("b", 9002, 9001))
}
KEPT_ONES = st.sampled_from(("1.0", "1.1", "1.1-bad", "gone"))
SLOTS = st.sampled_from(("a--prev", "b--prev"))
NAMES, TOKENS = st.sampled_from("ab"), st.sampled_from(("1:x", "2:y", "3:x"))
GENERATIONS = st.sampled_from(("1.0", "1.1", "1.1-bad", "1.1-moves", "gone", "-"))
PURPOSES = st.sampled_from(("deploy", "deploy", "deploy", "rollback", "undo", "reject"))
CALLS = st.one_of(
    st.tuples(st.just("lease"), TOKENS, st.just("45"), st.just("somebody"), st.just("deploy")),
    st.tuples(st.just("release"), TOKENS),
    st.tuples(st.just("begin"), NAMES, GENERATIONS, TOKENS, st.just("20"), st.just("somebody"), PURPOSES),
    st.tuples(st.just("begin"), NAMES, GENERATIONS, st.just("1:x"), st.just("20"), st.just("somebody"), PURPOSES),
    st.tuples(st.just("confirm"), NAMES, st.just("1:x")),
    st.tuples(st.just("undo"), NAMES, st.just("1:x")),
    st.tuples(st.just("keep"), NAMES, st.sampled_from(("10001", "10002")), TOKENS),
    st.tuples(st.just("drop"), SLOTS, TOKENS),
    st.tuples(st.just("warm"), SLOTS, st.sampled_from(("5", "40")), TOKENS),
    st.tuples(
        st.just("story"), TOKENS, st.sampled_from(('{"state":"running"}', '{"state":"held"}', '{"state":"done"}'))
    ),
    st.tuples(st.just("ask"), TOKENS),
    st.tuples(
        st.just("request"), st.sampled_from(('{"rollout":"r1","verb":"abort"}', '{"rollout":"r1","verb":"sing"}'))
    ),
    st.tuples(st.just("begin"), SLOTS, KEPT_ONES, st.just("1:x"), st.just("20"), st.just("somebody"), PURPOSES),
    st.tuples(st.sampled_from(("confirm", "undo")), SLOTS, st.just("1:x")),
    st.tuples(st.just("restart"), NAMES, st.just("health")),
    st.tuples(st.just("survey"), st.just("a"), st.just("b")),
)
EVENTS = st.one_of(
    st.tuples(st.just("kill switch"), NAMES),
    st.tuples(st.just("reboot"), st.just("7.3")),
    st.tuples(st.just("full"), st.sampled_from(("", FULL))),
    st.tuples(st.just("unready"), st.sampled_from(("", "HTTP 503"))),
)
GAPS = st.sampled_from((0.45, 3.17, 12.6, 31.4, 70.3))
SCRIPTS = st.lists(st.tuples(GAPS, CALLS | CALLS | CALLS | EVENTS), max_size=14)
FIRST = ((0.5, ("lease", "1:x", "45", "somebody", "deploy")),)
"""Nearly everything needs a lease."""


class Both:
    """A script as two hosts carry it out: `heard` are the answers, by the number of the call."""

    def __init__(self, agenda):
        self.agenda, self.heard, self.off = agenda, {}, False
        self.numbers = itertools.count()

    def play(self, script):
        for gap, words in script:
            self.agenda.run(lambda: False, self.agenda.now + gap)
            self.do(*words)
        self.agenda.run(lambda: False, self.agenda.now + 300)

    def do(self, verb, *words):
        number = next(self.numbers)
        if verb == "reboot":
            self.off = True
            self.agenda.after(float(words[0]), self.on)
            self.reboot(float(words[0]))
        elif verb in ("full", "unready"):
            setattr(self.machine, verb, words[0] or None)
            self.changed()
        elif self.off:
            return
        elif verb == "kill switch":
            self.kill_switch(words[0])
        else:
            self.ask(verb, *words, reply=lambda answer: self.heard.__setitem__(number, told(verb, answer)))

    def on(self):
        self.off = False


def told(verb, answer):
    """What matters of an answer: the words of a reason do not."""
    if verb == "survey":
        return {name: bool(why) for name, why in answer.items()}
    return (answer["state"], bool(answer.get("request"))) if verb == "ask" else answer["state"]


class Modelled(Both):
    def __init__(self):
        super().__init__(Agenda())
        self.machine = Machine("h", self.agenda, edge=False)
        self.machine.draw = lambda least, most: 0.0
        self.reboot, self.changed = self.machine.reboot, self.machine.changed

    def kill_switch(self, name):
        self.machine.home(name).kill_switch()

    def ask(self, *words, reply):
        self.machine.ask("run", {"words": [HELPER, *words]}, lambda lines: reply(json.loads(lines[0])))

    def found(self, name):
        home = self.machine.home(name)
        return {
            "current": home.current,
            "pending": home.pending and home.pending["to"],
            "runs": home.service.release.name if home.service else None,
            "ledger": [
                {key: line[key] for key in ("verdict", "from", "to", "token", "purpose")} for line in home.ledger
            ],
        }

    @property
    def lease(self):
        return self.machine.records.lease


class Real(Both):
    def __init__(self, root):
        super().__init__(Agenda())
        self.machine = RealMachine(root, self.agenda)
        self.reboot, self.kill_switch = self.machine.reboot, self.machine.kill_switch
        self.found = self.machine.found

    def changed(self):
        """Its helper looks again and again."""

    def ask(self, *words, reply):
        self.machine.ask(list(words), reply)

    @property
    def lease(self):
        return self.machine.lease


def outcome(host, script):
    for name, releases in RELEASES.items():
        for release in releases:
            host.machine.stage(name, release)
    host.play((*FIRST, *script))
    lease = host.lease and {key: host.lease[key] for key in ("token", "released")}
    return {
        "heard": host.heard,
        "lease": lease,
        **{name: host.found(name) for name in (*RELEASES, "a--prev", "b--prev")},
    }


def passed_by(model, real):
    """The helper looks ten times a second: what a word that came early ended at once it never saw healthy."""
    for number, answer in real.items():
        if model.get(number) == "healthy" and answer in ("confirmed", "reverted"):
            model[number] = answer


def differences(script):
    with TemporaryDirectory() as root:
        model, real = outcome(Modelled(), script), outcome(Real(Path(root)), script)
    passed_by(model["heard"], real["heard"])
    return {key: (model[key], real[key]) for key in model if model[key] != real[key]}


def begin(name, generation, token="1:x", purpose="deploy"):
    return ("begin", name, generation, token, "20", "somebody", purpose)


def deployed(name, generation):
    return (0.45, begin(name, generation)), (3.17, ("confirm", name, "1:x")), (0.45, ("survey", "a", "b"))


LEASE_2 = ("lease", "2:y", "45", "somebody", "deploy")
BOTH_RUN = (*deployed("a", "1.0"), *deployed("b", "1.0"))
KEPT = ((0.45, ("keep", "a", "10001", "1:x")), (0.45, begin("a--prev", "1.0")), (3.17, ("confirm", "a--prev", "1:x")))
WARM, SURVEY = ("warm", "a--prev", "5", "1:x"), ("survey", "a", "a--prev")
CASES = {
    "confirmed": deployed("a", "1.1"),
    "nobody confirms": ((0.45, begin("a", "1.1")), (31.4, ("confirm", "a", "1:x"))),
    "undone when healthy": (*BOTH_RUN, (0.45, begin("a", "1.1")), (3.17, ("undo", "a", "1:x"))),
    "undone while it waits": (*BOTH_RUN, (0.45, begin("a", "1.1-bad")), (3.17, ("undo", "a", "1:x"))),
    "unhealthy": (*BOTH_RUN, (0.45, begin("a", "1.1-bad"))),
    "not there": (*BOTH_RUN, (0.45, begin("a", "gone"))),
    "stopped": (*BOTH_RUN, (0.45, begin("a", "-")), (3.17, ("confirm", "a", "1:x"))),
    "a stop that nobody confirms": (*BOTH_RUN, (0.45, begin("a", "-"))),
    "a way back needs no word": (*BOTH_RUN, (0.45, begin("a", "1.1", purpose="undo")), (0.45, ("undo", "a", "1:x"))),
    "a second one at once": (*BOTH_RUN, (0.45, begin("a", "1.1")), (0.45, begin("a", "1.0"))),
    "two that trade ports": (
        *BOTH_RUN,
        (0.45, begin("a", "1.1-moves")),
        (0.45, begin("b", "1.1-moves")),
        (3.17, ("confirm", "a", "1:x")),
        (0.45, ("confirm", "b", "1:x")),
    ),
    "trading ports, one is confirmed and the other is not": (
        *BOTH_RUN,
        (0.45, begin("a", "1.1-moves")),
        (0.45, begin("b", "1.1-moves")),
        (3.17, ("confirm", "a", "1:x")),
    ),
    "a port that is not free": (*BOTH_RUN, (0.45, begin("a", "1.1-moves"))),
    "killed while it waits": (*BOTH_RUN, (0.45, begin("a", "1.1")), (3.17, ("kill switch", "a"))),
    "killed, then undone": (
        *BOTH_RUN,
        (0.45, begin("a", "1.1")),
        (3.17, ("kill switch", "a")),
        (12.6, ("undo", "a", "1:x")),
    ),
    "undone before it begins": (
        *BOTH_RUN,
        (0.45, ("lease", "2:x", "45", "somebody", "deploy")),
        (0.45, ("undo", "a", "2:x")),
        (0.45, begin("a", "1.1", "2:x")),
    ),
    "a boot in between": (
        *BOTH_RUN,
        (0.45, begin("a", "1.1")),
        (3.17, ("reboot", "7.3")),
        (12.6, ("undo", "a", "1:x")),
    ),
    "a boot that nobody asks about": (*BOTH_RUN, (0.45, begin("a", "1.1")), (3.17, ("reboot", "7.3"))),
    "a word for another switch": (
        *BOTH_RUN,
        (0.45, begin("a", "1.1")),
        (3.17, ("lease", "3:x", "45", "somebody", "deploy")),
        (0.45, ("confirm", "a", "3:x")),
    ),
    "a boot after it was confirmed": (*deployed("a", "1.1"), (0.45, ("reboot", "7.3")), (12.6, ("undo", "a", "1:x"))),
    "a full disk": (*BOTH_RUN, (0.45, ("full", FULL)), (0.45, begin("a", "1.1")), (3.17, ("release", "1:x"))),
    "a disk that is full before it is confirmed": (
        *BOTH_RUN,
        (0.45, begin("a", "1.1")),
        (3.17, ("full", FULL)),
        (0.45, ("confirm", "a", "1:x")),
    ),
    "a store that is gone holds up nobody": (*BOTH_RUN, (0.45, ("unready", "HTTP 503")), *deployed("a", "1.1")),
    "a store that goes away is to blame, and not the release": (
        *BOTH_RUN,
        (0.45, begin("a", "1.1")),
        (0.45, ("unready", "HTTP 503")),
    ),
    "a higher lease": (
        *BOTH_RUN,
        (70.3, ("lease", "2:y", "45", "somebody", "deploy")),
        (0.45, begin("a", "1.1")),
        (0.45, begin("a", "1.1", "2:y")),
        (3.17, ("confirm", "a", "1:x")),
        (0.45, ("confirm", "a", "2:y")),
    ),
    "a lease that is held": ((0.45, ("lease", "2:y", "45", "somebody", "deploy")),),
    "an equal counter": ((70.3, ("lease", "1:y", "45", "somebody", "deploy")),),
    "a lease after a boot": ((0.45, ("reboot", "7.3")), (12.6, ("lease", "2:y", "45", "somebody", "deploy"))),
    "given back": (
        (0.45, ("release", "1:x")),
        (0.45, begin("a", "1.0")),
        (0.45, ("lease", "2:y", "45", "s", "deploy")),
    ),
    "a second slot": (*BOTH_RUN, *KEPT, (0.45, ("survey", "a", "a--prev"))),
    "a slot over a boot": (*BOTH_RUN, *KEPT, (0.45, ("reboot", "7.3")), (12.6, ("survey", "a", "a--prev"))),
    "a slot that nobody confirmed over a boot": (*BOTH_RUN, *KEPT[:2], (0.45, ("reboot", "7.3"))),
    "a slot that is dropped": (*BOTH_RUN, *KEPT, (0.45, ("drop", "a--prev", "1:x")), *KEPT),
    "a slot that is dropped while it is switched": (*BOTH_RUN, *KEPT[:2], (0.45, ("drop", "a--prev", "1:x"))),
    "a slot of what runs later": (*BOTH_RUN, *KEPT, *deployed("a", "1.1"), *KEPT),
    "a slot of what is not confirmed": (*BOTH_RUN, (0.45, begin("a", "1.1")), (3.17, KEPT[0][1])),
    "a slot without a lease": (*BOTH_RUN, (0.45, ("release", "1:x")), *KEPT, (0.45, ("drop", "a--prev", "1:x"))),
    "a slot on a full disk": (*BOTH_RUN, (0.45, ("full", FULL)), *KEPT),
    "a warm slot": (*BOTH_RUN, *KEPT, (0.45, WARM), (12.6, ("release", "1:x"))),
    "a warm slot while somebody has the fleet": (*BOTH_RUN, *KEPT, (0.45, WARM), (12.6, SURVEY), (12.6, SURVEY)),
    "a warm slot while a rollout is held": (
        *BOTH_RUN,
        *KEPT,
        (0.45, WARM),
        (0.45, ("story", "1:x", '{"state":"held"}')),
        (70.3, SURVEY),
        (70.3, LEASE_2),
        (0.45, ("story", "2:y", '{"state":"done"}')),
    ),
    "a warm slot over a boot": (*BOTH_RUN, *KEPT, (0.45, WARM), (0.45, ("reboot", "7.3")), (12.6, SURVEY)),
    "a warm slot that is kept again": (*BOTH_RUN, *KEPT, (0.45, WARM), *KEPT, (70.3, SURVEY)),
    "a warm slot on a full disk": (*BOTH_RUN, *KEPT, (0.45, ("full", FULL)), (0.45, WARM), (70.3, SURVEY)),
    "nothing to keep warm": (*BOTH_RUN, (0.45, WARM)),
    "what is asked": (
        (0.45, ("ask", "1:x")),
        (0.45, ("request", '{"rollout":"r1","verb":"abort"}')),
        (0.45, ("ask", "1:x")),
        (0.45, ("ask", "2:y")),
        (0.45, ("lease", "1:x", "45", "somebody", "deploy")),
    ),
    "a story of a rollout that is over": ((70.3, LEASE_2), (0.45, ("story", "1:x", '{"state":"done"}'))),
    "a health check": (
        *BOTH_RUN,
        (0.45, ("restart", "a", "h")),
        (3.17, begin("a", "1.1")),
        (3.17, ("restart", "a", "h")),
    ),
}


@pytest.mark.parametrize("script", CASES.values(), ids=CASES)
def test_the_model_does_what_the_helper_does(script):
    assert differences(script) == {}


@settings(max_examples=100, deadline=None, derandomize=True)
@given(SCRIPTS)
def test_it_does_so_whatever_comes(script):
    assert differences(script) == {}


DRIFTS = {
    "it confirms whenever it is told to": ("_said", lambda home, token: home.order.get("order")),
    "a boot settles nothing": ("boot", lambda home: home._start()),
    "whoever fails is to blame": ("_blame", lambda home, pending: "failed"),
    "a switch that is killed leaves everything as it is": ("kill_switch", lambda home: home.reboot()),
    "what a boot forgot is lost": ("_remembered", lambda home, token: home._lost(token)),
}


@pytest.mark.parametrize(("name", "instead"), DRIFTS.values(), ids=DRIFTS)
def test_a_model_that_drifts_is_noticed(name, instead, monkeypatch):
    monkeypatch.setattr(Home, name, instead)
    assert any(differences(script) for script in CASES.values())
