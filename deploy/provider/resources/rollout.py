"""The Rollout resource: which generation every instance runs. It alone starts, restarts and stops threaders."""

import asyncio
from typing import Final

from deploy.errors import ForPeople
from deploy.provider.resources.base import UNVERIFIED, WITHOUT, Resource
from deploy.provider.resources.errands import Errands
from deploy.provider.resources.sight import Sight
from deploy.provider.resources.standing import RESULT, STANDING, as_held, due, standing
from deploy.provider.resources.survey import renamed
from deploy.provider.resources.wishes import refused, remembered, target_of
from deploy.provider.values import Properties
from deploy.rollout.lease import at_work
from deploy.rollout.plan import Kind
from deploy.rollout.story import latest
from deploy.rollout.strategy import plan_of, wish_of

CANCEL_SECONDS: Final = 8.0
"""How long an undo on Ctrl-C may take: CI systems kill 7 to 10 s after their first signal."""


class Unreachable(ForPeople):
    """Nothing was activated, since a host does not answer."""


class RolloutResource(Resource):
    """The activation of all instances, as one transaction."""

    names = ("instances", "placement", "ports", "hosts", "edges", "lost")

    def diff(self, old: Properties, new: Properties) -> dict[str, str]:
        """What is wanted and not found; and a rollout that has not ended, where somebody decided or it was cut off."""
        return {**super().diff(old, new), **due(old, new.get("decision"))}

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self._sight = Sight(self.context)
        self._errands = Errands(self.context, self._sight)

    @property
    def busy(self) -> bool:
        """Whether a switch is under way."""
        return self._errands.running is not None

    async def create(self, urn: str, new: Properties) -> tuple[str, Properties]:
        """Adopt what runs as wanted, activate the rest."""
        return "rollout", await self._converge(urn, None, new)

    async def read(self, urn: str, old: Properties) -> Properties | None:
        """What every instance runs; what a host that does not answer ran last is said to be unverified."""
        edges = await self._sight.edges(old)
        phrases = await asyncio.gather(*(self._sight.phrase(name, old, edges) for name in old["instances"]))
        found, snapshots = dict(zip(old["instances"], phrases, strict=True)), await self._sight.reached(old)
        story, alive = latest(snapshots), at_work(snapshots.values())
        stands = standing(story, alive, target_of(old))
        if story and stands == f"held {story.id}":
            found = as_held(found, story)
        return {**old, "instances": found, **remembered(snapshots), STANDING: stands}

    async def update(self, urn: str, old: Properties, new: Properties) -> Properties:
        """Bring every instance to its generation, or all of them back."""
        return await self._converge(urn, old, new)

    async def delete(self, urn: str, old: Properties) -> None:
        """Touch no host: a rename of this resource must not stop the fleet; each Instance stops its own."""

    async def preview(self, urn: str, old: Properties | None, new: Properties) -> Properties:
        """Print the plan, made from what the refresh found, and what of it will be refused."""
        if old:
            found = target_of({**old, "placement": renamed(old, new)})
            plan, why = plan_of(found, target_of(new), frozenset(new["lost"]), wish_of(new, old.get("recent", ())))
            if plan.stages:
                head = f"rollout, {new['settings']['strategy']}{f' ({why})' if why else ''}:"
                self.context.engine.note(urn, "\n".join((head, *plan.lines())))
            for refusal in refused(plan, old.get("rejected", {})):
                self.context.engine.warn(urn, refusal)
            if old.get(STANDING):
                self.context.engine.warn(urn, f"the last rollout: {old.get(RESULT) or old[STANDING]}")
        return new

    async def cancel(self) -> None:
        """Undo the switches that are not confirmed yet, within `CANCEL_SECONDS`; later the hosts do it themselves."""
        run = self._errands.running
        if run:
            run.cancelled.set()
            # second slots may have the traffic: they go with the rollout's own way back, or before the next one
            steps = [step for step in run.plan.steps if step.kind is not Kind.KEEP]
            undone = asyncio.gather(*(run.port.undo(step) for step in steps))
            await asyncio.wait([undone], timeout=CANCEL_SECONDS)

    async def _converge(self, urn: str, old: Properties | None, new: Properties) -> Properties:
        engine, lost = self.context.engine, frozenset(new["lost"])
        dead = await self._sight.unreachable(new)
        if dead and new["settings"]["unreachable"] != "skip":
            raise Unreachable(f"nothing was activated: {'; '.join(fault.text for fault in dead.values())}; {WITHOUT}")
        without = lost | dead.keys() | await self._sight.left_silent(old, new)
        ended = await self._errands.ended(urn, old, new, without)
        for fault in dead.values():
            engine.warn(urn, f"skipped until it answers again: {fault.text}")
        skipped = {host: fault.reason for host, fault in dead.items()}
        outputs = {**new, **remembered(await self._sight.reached(new, without)), **ended}
        return {**outputs, **({UNVERIFIED: str(skipped)} if skipped else {})}
