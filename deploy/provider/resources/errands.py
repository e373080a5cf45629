"""What a Rollout does under a lease: a deploy, going on with what was held, or going back first."""

import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from deploy.errors import ForPeople
from deploy.hosts.port import HelperPort, Times, author
from deploy.notify import Notifier, posting
from deploy.provider.fleet import given_up
from deploy.provider.resources.base import Context
from deploy.provider.resources.judging import Judge, measures
from deploy.provider.resources.sight import Sight
from deploy.provider.resources.standing import RESULT, STANDING, gone_home, held_text
from deploy.provider.resources.wishes import allowed, guard, planned, target_of
from deploy.provider.values import Properties
from deploy.rollout.conduct import CHANGED, Changed, Ending, Order, conduct, stamp, ways
from deploy.rollout.decide import Choice, Course, astray, before, choose, open_ended, resumed
from deploy.rollout.home import home_plan, still_kept
from deploy.rollout.lease import at_work, controller
from deploy.rollout.ledger import ROLLBACK
from deploy.rollout.plan import Plan, Shift, Target
from deploy.rollout.run import Run
from deploy.rollout.story import HOMEWARD, Decision, Story, latest
from deploy.rollout.strategy import limits_of, pace_of
from deploy.rollout.survey import rejections, seen_counter, slots_of
from deploy.rollout.target import Seen


class Astray(ForPeople):
    """The fleet is not as a held rollout left it."""


@dataclass(frozen=True)
class Errand:
    """What one lease is taken for: a plan from what was found to what is wanted, from stage `start` on.

    With a `decision` it goes on with a rollout, or goes back from one; `story` is that one, in whose thread people are
    told.
    """

    purpose: str
    found: Target
    wanted: Target
    plan: Plan
    decision: Decision | None = None
    start: int = 0
    story: Story | None = None

    @property
    def planned_again(self) -> bool:
        """Whether there is another plan when the fleet turned out to be another meanwhile."""
        return self.story is None


def decided(story: Story, course: Course) -> Decision:
    """What somebody decided just now of a rollout that is held; the shell may say why."""
    why = os.environ.get("THREADER_REASON") or None
    return Decision(story.id, str(course), author(), stamp(datetime.now(UTC)), story.reason or "", why)


class Errands:
    """What is done for one Rollout; `running` is what is under way."""

    def __init__(self, context: Context, sight: Sight) -> None:
        self.context, self._sight = context, sight
        self.running: Run | None = None

    async def ended(self, urn: str, old: Properties | None, new: Properties, without: frozenset[str]) -> Properties:
        """See to a rollout that has not ended, then bring about what is wanted; the outputs that say how that went."""
        engine, story = self.context.engine, await self._sight.quiet(urn, new, without)
        await self._sight.settled(urn, old, new, without)
        snapshots = await self._sight.reached(new, without)
        choice = choose(story, target_of(new), new.get("decision"))
        if choice.story and choice.course is Course.STAY:
            return self._held(urn, choice.story.plan, choice.story.id, choice.story.reason)
        if choice.story and choice.course in (Course.PROMOTE, Course.RETRY):
            return await self._resume(urn, old, new, without, choice)
        if choice.story:
            engine.progress(urn, gone_home(choice.story, choice.course))
            await self._home(urn, old, new, without, choice)
            if choice.course is Course.ABORT:
                engine.warn(urn, f"{choice.story.id} is aborted, as {author()} decided")
                return {RESULT: f"aborted ({choice.story.id})", "plan": []}
            snapshots = await self._sight.reached(new, without)
        old = await self._sight.left(old, new, latest(snapshots), without)
        found = await self._sight.found(old, new, without)
        plan, why = planned(found, new, without, snapshots)
        if why:
            engine.warn(urn, why)
        if not plan.stages:
            return {RESULT: (old or {}).get(RESULT), "plan": []}
        guard(plan, new, snapshots)
        emergency = new["settings"].get("emergency")
        purpose = f"deploy (emergency: {emergency})" if emergency else "deploy"
        return await self._done(urn, old, new, Errand(purpose, found, target_of(new), plan), without)

    async def _done(
        self, urn: str, old: Properties | None, new: Properties, errand: Errand, without: frozenset[str]
    ) -> Properties:
        """Bring about what is wanted; the outputs that say how that went."""
        ending = await self._conduct(urn, old, new, errand, without)
        if ending.held:
            return self._held(urn, errand.plan, ending.rollout, ending.held.reason)
        went = f", which went on with {errand.story.id}" if errand.story else ""
        return {RESULT: f"done ({ending.rollout}{went})", "plan": list(errand.plan.lines())}

    def _held(self, urn: str, plan: Plan, rollout: str, reason: str | None) -> Properties:
        """The outputs of a rollout that is held, which a person is told."""
        text = held_text(rollout, reason)
        self.context.engine.warn(urn, text)
        return {RESULT: text, STANDING: f"held {rollout}", "plan": list(plan.lines())}

    async def _resume(
        self, urn: str, old: Properties | None, new: Properties, without: frozenset[str], choice: Choice
    ) -> Properties:
        """Go on with what was held, from where it was."""
        story = choice.story
        assert story is not None
        snapshots = await self._sight.around(old, new, before(story), without)
        lacking = astray(story, Seen(snapshots, without).state, without)
        if lacking:
            raise Astray(f"{story.id} can not go on: {lacking}; next: threader abort, then threader deploy")
        start = resumed(story, choice.course)
        decision = decided(story, choice.course)
        errand = Errand(story.purpose, story.found, story.wanted, story.plan, decision, start, story)
        return await self._done(urn, old, new, errand, without)

    async def _home(
        self, urn: str, old: Properties | None, new: Properties, without: frozenset[str], choice: Choice
    ) -> None:
        """Bring the fleet back to what it ran before a rollout that has not ended."""
        story = choice.story
        assert story is not None
        wanted = before(story)
        snapshots = await self._sight.around(old, new, wanted, without)
        silent = {*wanted.placement.values()} - snapshots.keys()
        missed = sorted(host for host in silent if not given_up(host, host in new["lost"]))
        if missed:
            after = (
                f"next: threader doctor or, if they are gone for good: THREADER_LOST={','.join(missed)} threader deploy"
            )
            raise Astray(f"{story.id} can not go back while {', '.join(missed)} can not be reached; {after}")
        without |= silent
        wanted = still_kept(wanted, new["instances"], snapshots)
        edges = tuple(edge for edge in new["edges"] if edge not in without)
        found = Seen(snapshots, without, edges).target(wanted)
        plan = home_plan(found, wanted, slots_of(snapshots), without, limits_of(new["settings"]), edges=bool(edges))
        abort = choice.course is Course.ABORT
        decision = decided(story, Course.ABORT) if abort else None
        purpose = ROLLBACK if abort else f"{HOMEWARD} of {story.id}"
        errand = Errand(purpose, found, wanted, plan, decision, story=story)
        await self._conduct(urn, old, new, errand, without)

    async def _conduct(
        self, urn: str, old: Properties | None, new: Properties, errand: Errand, without: frozenset[str]
    ) -> Ending:
        snapshots = await self._sight.reached(new, without)
        self._with_all_edges(new, errand, without)
        if errand.purpose.startswith("deploy") and not errand.decision:
            allowed(errand.plan, rejections(snapshots))
        connections, settings = {**(old or new)["hosts"], **new["hosts"]}, new["settings"]
        edges = tuple(edge for edge in new["edges"] if edge not in without)
        port = HelperPort(self.context.fleet.call, connections, edges, Times.of(settings), errand.purpose)
        scope = {step.host for step in errand.plan.steps} | {*new["placement"].values(), *edges}
        seen = measures(self.context.fleet, new, edges)
        order = Order(
            purpose=errand.purpose,
            by=author(),
            strategy=settings["strategy"],
            found=errand.found,
            wanted=errand.wanted,
            scope=frozenset(scope - without),
            seen=seen_counter(snapshots.values()),
            hosts=ways(new["hosts"]),
            edges=tuple(new["edges"]),
            settings=settings,
            decision=errand.decision,
            start=errand.start,
            unsure=errand.story is not None or at_work(snapshots.values()),
            taken=seen.lease_taken,
            thread=errand.story.thread if errand.story else None,
            herald=self._herald(urn, new, errand),
        )
        run = Run(errand.plan, port, lambda text: self.context.engine.progress(urn, text), pace_of(settings))
        run = replace(run, judge=Judge(settings, seen, run))

        async def look() -> tuple[Target, Plan]:
            await self._sight.unreachable(new)
            if not errand.planned_again:
                return self._still(errand, await self._sight.reached(new, without))
            await self._sight.settled(urn, old, new, without)
            again, now = await self._sight.found(old, new, without), await self._sight.reached(new, without)
            if (story := latest(now)) and open_ended(story):
                raise Changed(f"{CHANGED}: {story.id} has not ended; next: threader status")
            return again, allowed(planned(again, new, without, now)[0], rejections(now))

        self.running = run
        try:
            return await conduct(order, run, port, controller(), lambda: datetime.now(UTC), look)
        finally:
            self.running = None

    def _with_all_edges(self, new: Properties, errand: Errand, without: frozenset[str]) -> None:
        """Traffic moves at every edge or not at all: one that kept it where it was would send to what is going."""
        silent = [edge for edge in new["edges"] if edge in without and not given_up(edge, edge in new["lost"])]
        if silent and any(isinstance(stage, Shift) for stage in errand.plan.stages):
            after = (
                f"next: threader doctor; if they are gone for good: THREADER_LOST={','.join(silent)} threader deploy"
            )
            raise Astray(f"nothing was activated: edges do not answer, on {', '.join(silent)}; {after}")

    def _herald(self, urn: str, new: Properties, errand: Errand) -> Notifier | None:
        """Who tells people, where the stack says whom."""
        if not new.get("notify"):
            return None
        thread = errand.story.thread if errand.story else None
        return Notifier(posting(new["notify"]), lambda text: self.context.engine.warn(urn, text), thread)

    def _still(self, errand: Errand, snapshots: Properties) -> tuple[Target, Plan]:
        """The same plan; raises Changed where somebody else has decided on that rollout meanwhile."""
        if errand.story is None or latest(snapshots) != errand.story:
            about = errand.story.id if errand.story else "another rollout"
            raise Changed(f"{CHANGED}: {about} went on; next: threader status")
        return errand.found, errand.plan
