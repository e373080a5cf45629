"""A host that keeps generations, and does what the helper on it is told to do."""

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, field

from deploy.manifest.paths import EDGE_HELPER, HELPER
from tests.deploy.rollout.records import PLACES, both, snapshots

SETTINGS = {
    "strategy": "rolling",
    "batch": 1,
    "max_unavailable": 1,
    "drain": 5.0,
    "confirm_within": 30.0,
    "deadline": 8.0,
}
HOSTS = {f"app-{n}": {"address": f"10.0.0.{n}", "user": "ops", "port": 2222} for n in (1, 2)}


def two(rollouts, **more):
    """Records with the settings and the hosts that the fleet has."""
    return [{**line, "settings": {**line["settings"], **SETTINGS, **more}, "hosts": HOSTS} for line in rollouts]


REMEMBERED = two([*both(1, "1.0.0"), *both(2, "1.0.1")])


def put(world, rollouts=REMEMBERED, runs="1.0.1", kept=("1.0.0",), **more):
    """Let the hosts run a release, keep others, and remember rollouts."""
    found = snapshots(runs, kept, rollouts, **more)
    world.hosts = {host: Acting({**found[host], "rollouts": list(rollouts)}) for host in PLACES.values()}
    return world


REQUESTED = {"request": "requested"}


@dataclass
class Acting:
    """Its snapshot, how each verb of the helper is answered where not well, and what was said to the helpers."""

    snapshot: dict
    answers: dict = field(default_factory=dict)
    sick: dict = field(default_factory=dict)
    older: dict = field(default_factory=dict)
    then: Callable = lambda: None  # what comes of a request
    said: list = field(default_factory=list)

    def answer(self, task, words=(), **_):
        if task == "snapshot":
            return copy.deepcopy(self.snapshot)
        if words[0] == "sh":
            return self._shown(*words[3:])
        if words[0] == "python3":  # the script that undoes what is not confirmed
            for instance in self.snapshot["instances"].values():
                instance["pending"] = False
            return [json.dumps(list(words[3:]))]
        assert words[0] in (HELPER, EDGE_HELPER), words
        self.said.append(tuple(words[1:]))
        return [json.dumps(self._helped(*words[1:]))]

    def _shown(self, name, *words):
        """A look, or a story that is not among the latest."""
        if name == "look":
            sick = {each: self.sick.get(each) for each in self.snapshot["instances"]}
            return [json.dumps(self.snapshot), json.dumps(sick)]
        return [json.dumps(self.older.get(words[0]))]

    def _helped(self, verb, *words):
        if verb == "note":
            self.snapshot["rollouts"].append(json.loads(words[0]))
        if verb == "request":
            self.then()
        if verb == "survey":
            return dict.fromkeys(words)
        if verb in self.answers:
            return self.answers[verb]
        if verb == "begin":
            generation = None if words[1] == "-" else f"generations/{words[1]}"
            self.snapshot["instances"][words[0]]["current"] = generation
        states = {"lease": "granted", "begin": "healthy", "confirm": "confirmed", "undo": "reverted"} | REQUESTED
        return {"state": states.get(verb, "done")}

    def did(self, *verbs):
        """What was said to the helper, of some verbs."""
        return [words for words in self.said if words[0] in verbs]
