"""Hosts and edges that answer as told; every call is noted."""

import asyncio

from deploy.rollout.plan import Batch, Kind, Plan, Step
from deploy.rollout.port import Answer

WELL = {
    "hold": "granted",
    "drain": "drained",
    "begin": "healthy",
    "confirm": "confirmed",
    "undo": "reverted",
    "revert": "confirmed",
    "reach": "ready",
    "admit": "ready",
    "retire": "drained",
    "warm": "warm",
}
OLD, NEW = "1.0-x", "1.1-y"


def step(name, kind=Kind.ACTIVATE, before=OLD):
    """One step; an instance has a host of its own."""
    return Step(kind, name, f"host-{name}", before, "nothing" if kind is Kind.STOP else NEW, 9001, 9001)


def plan(*batches):
    """A plan of batches, each a text of instance names; one with a capital letter is to be stopped."""
    kinds = {True: Kind.STOP, False: Kind.ACTIVATE}
    made = tuple(Batch(tuple(step(name, kinds[name.isupper()]) for name in batch.split())) for batch in batches)
    steps = [each for batch in made for each in batch.steps]
    return Plan(made, {each.instance: each.host for each in steps if each.kind is not Kind.STOP})


class FakePort:
    """Answers as `answers` say of an instance and a verb, else well; gives way before each answer so that calls mix.

    `calls` are (verb, instance), those of the way back with `back` or `reject` as a third word; `surveys` are the
    answers to surveys, of which the last one stays; `asks` those to whether somebody wants it to end; `ungated` says of
    each shift whether it was one.
    """

    def __init__(self, answers=(), surveys=({},)):
        self.answers, self.surveys, self.calls, self.asks = dict(answers), list(surveys), [], []
        self.ungated = []

    async def _answer(self, verb, step, *more):
        self.calls.append((verb, step.instance, *more))
        for _ in range(len(step.instance) % 3):
            await asyncio.sleep(0)
        state = self.answers.get(step.instance, {}).get(verb, WELL[verb])
        return Answer(state, None if state == WELL[verb] else f"reason of {step.instance}")

    async def hold(self, step):
        return await self._answer("hold", step)

    async def drain(self, step, *, back=False):
        return await self._answer("drain", step, *["back"] * back)

    async def begin(self, step):
        return await self._answer("begin", step)

    async def confirm(self, step):
        return await self._answer("confirm", step)

    async def undo(self, step):
        return await self._answer("undo", step)

    async def revert(self, step, *, reject):
        return await self._answer("revert", step, *["reject"] * reject)

    async def admit(self, step, *, back, sure=True):
        return await self._answer("admit", step, *["back"] * back, *["or not"] * (not sure))

    async def reach(self, step):
        return await self._answer("reach", step)

    async def retire(self, step):
        return await self._answer("retire", step)

    async def warm(self, step, seconds):
        return await self._answer("warm", step, f"{seconds:g}")

    async def shift(self, weights, *, back=False):
        """Answered as "edge" says, one answer after the other; the last one stays."""
        self.ungated.append(back)
        self.calls.append(("shift", " ".join(f"{server}={weight}" for server, weight in weights.items())))
        await asyncio.sleep(0)
        state = self.answers.get("edge", {}).get("shift", ["shifted"])
        found = state.pop(0) if len(state) > 1 else state[0]
        return Answer(found, None if found == "shifted" else "reason of the edge")

    async def asked(self, host):
        return self.asks.pop(0) if self.asks else None

    async def survey(self, instances):
        self.calls.append(("survey", " ".join(instances)))
        await asyncio.sleep(0)
        found = self.surveys.pop(0) if len(self.surveys) > 1 else self.surveys[0]
        return {name: found.get(name) for name in instances}

    def called(self, verb):
        """The instances of which a verb was asked, in order."""
        return [call[1] for call in self.calls if call[0] == verb]

    def words(self, *verbs):
        """The calls as short texts; where no verbs are named, of those that matter in most tests."""
        unnamed = verbs or WELL.keys() - {"reach", "hold"} | {"lease", "release", "note", "shift"}
        return [" ".join(call) for call in self.calls if call[0] in unnamed]
