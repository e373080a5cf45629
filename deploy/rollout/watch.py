"""What has to be well while a rollout goes on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from deploy.rollout.back import Failure
from deploy.rollout.plan import Batch, Kind, Plan, Stage
from deploy.rollout.port import Port

LOOKS: Final = 3
"""So often in a row an updated instance has to be found unwell: one slow answer is no failure."""


@dataclass(frozen=True)
class Watch:
    """`before` says what was not well when the rollout began: undoing is never held up by what was so already."""

    port: Port
    plan: Plan
    before: Mapping[str, str | None]

    async def updated(self, done: Sequence[Stage]) -> tuple[Failure, ...]:
        """Instances that this rollout has switched and that are not well, however often one looks."""
        batches = [stage for stage in done if isinstance(stage, Batch)]
        steps = {step.instance: step for batch in batches for step in batch.steps if step.kind is Kind.ACTIVATE}
        sick: Mapping[str, str | None] = dict.fromkeys(steps, "")
        for _ in range(LOOKS):
            found = await self.port.survey({name: steps[name].host for name in sick})
            sick = {name: why for name, why in found.items() if why}
            if not sick:
                return ()
        return tuple(Failure.of(steps[name], why or "") for name, why in sick.items())

    async def down(self, batch: Batch) -> dict[str, str]:
        """Instances outside of the batch that are out of service, and were not before the rollout."""
        mine = {step.instance for step in batch.steps}
        found = await self.port.survey({name: host for name, host in self.plan.watched.items() if name not in mine})
        return {name: why for name, why in found.items() if why and not self.before.get(name)}
