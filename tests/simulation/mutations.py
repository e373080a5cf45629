"""Mistakes that the core could have, some of which it had: each is put in on purpose, and has to be found."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import deploy.provider.resources.errands as errands
import deploy.provider.resources.rollout as resource
from deploy.hosts.port import HelperPort
from deploy.provider.resources.sight import Sight
from deploy.rollout import back, conduct, execute, lease, order, policy, progressive, strategy, watch
from deploy.rollout.decide import Choice, Course
from deploy.rollout.plan import Check, Limits, Shift
from deploy.rollout.port import DRAINED, READY, SHIFTED, Answer
from deploy.rollout.run import Judged, Next
from tests.simulation.model.edge import Edge
from tests.simulation.model.records import Records
from tests.simulation.scenario import Scenario, scenario

Patch = Any
"""pytest's monkeypatch."""


async def _nothing(*_: object, **__: object) -> tuple[()]:
    return ()


def answering(state: str) -> Callable[..., Any]:
    """A call that only says that it went well."""

    async def answer(*_: object, **__: object) -> Answer:
        return Answer(state)

    return answer


def confirms_before_all_are_healthy(patch: Patch) -> None:
    """Each instance is confirmed as soon as it is healthy itself."""
    begin = HelperPort.begin

    async def begun(port: HelperPort, step: Any) -> Answer:
        answer = await begin(port, step)
        if answer.state == "healthy":
            await port.confirm(step)
        return answer

    patch.setattr(HelperPort, "begin", begun)
    patch.setattr(HelperPort, "undo", answering("reverted"))


def reverts_nothing(patch: Patch) -> None:
    """What was confirmed stays when the rollout fails."""
    patch.setattr(HelperPort, "revert", answering("confirmed"))


def undoes_nothing(patch: Patch) -> None:
    """What is not confirmed is left to the hosts, and said to be back."""
    patch.setattr(HelperPort, "undo", answering("reverted"))


def drains_nothing(patch: Patch) -> None:
    """Edges send to what is being switched."""
    patch.setattr(HelperPort, "drain", answering(DRAINED))


def admits_nothing(patch: Patch) -> None:
    """Edges send nothing to what was drained, until they do so by themselves."""
    patch.setattr(HelperPort, "admit", answering(READY))


def hosts_do_not_fence(patch: Patch) -> None:
    """A host takes writes of whoever comes."""
    made = Records.__init__

    def unfenced(records: Records) -> None:
        made(records)
        records.fenced = False

    patch.setattr(Records, "__init__", unfenced)


def stopped_ones_do_not_ask_before_they_drain(patch: Patch) -> None:
    """Who was stopped and superseded drains at the edges, which do not fence."""
    patch.setattr(HelperPort, "hold", answering("granted"))


def the_lease_is_not_renewed(patch: Patch) -> None:
    """It ends under a controller that lives."""
    patch.setattr(lease, "_renewed", _nothing)
    patch.setattr(lease, "SECONDS", 5.0)


def plans_of_before_the_wait_are_carried_out(patch: Patch) -> None:
    """Nobody looks again after having waited for the lease."""
    held = conduct.held

    def forgetful(*words: Any) -> Any:
        context = held(*words)
        enter = context.__aenter__

        async def entered() -> Any:
            found = await enter()
            return lease.Lease(found.counter, found.controller)

        class Forgetful:
            __aenter__ = staticmethod(entered)
            __aexit__ = staticmethod(context.__aexit__)

        return Forgetful()

    patch.setattr(conduct, "held", forgetful)


def limits_are_ignored(patch: Patch) -> None:
    """All instances at once, whatever the settings say."""
    made = order.make_plan
    patch.setattr(strategy, "make_plan", lambda found, wanted, lost, limits: made(found, wanted, lost, Limits()))


def limits_of_batches_are_off_by_one(patch: Patch) -> None:
    """One more than is allowed."""
    patch.setattr(
        Limits, "size", property(lambda limits: limits.batch and min(limits.batch, limits.max_unavailable) + 1)
    )


def what_is_drained_is_not_first(patch: Patch) -> None:
    """What a dead controller drained waits for its turn, while others are taken out."""
    patch.setattr(order, "is_drained", lambda phrase: False)


def others_that_are_down_are_not_waited_for(patch: Patch) -> None:
    """The next batch goes, however many others are down."""
    patch.setattr(watch.Watch, "down", _no_one)


async def _no_one(*_: object) -> dict[str, str]:
    return {}


def what_was_updated_is_not_watched(patch: Patch) -> None:
    """What falls ill after it was confirmed is not noticed."""
    patch.setattr(watch.Watch, "updated", _nothing)


def places_are_retired_at_once(patch: Patch) -> None:
    """Edges forget a place before it is clear that nobody goes back to it, and can not find it again."""

    async def admitted(port: HelperPort, step: Any, *, back: bool, sure: bool = True) -> Answer:
        if not back:
            await port.retire(step)
        return await port._admitted(step.server_before if back and step.server_before else step.server)

    patch.setattr(HelperPort, "admit", admitted)
    patch.setattr("tests.simulation.model.edge.Edge.remembers", False)


def what_moves_is_reached_too_late(patch: Patch) -> None:
    """A controller that dies after it confirmed leaves an instance to which nobody sends."""
    patch.setattr(HelperPort, "reach", answering(READY))


def culprits_are_not_rejected(patch: Patch) -> None:
    """What fell ill after its activation is tried again and again."""
    reverted = back._reverted
    patch.setattr(back, "_reverted", lambda way, steps: reverted(replace(way, culprits=()), steps))


def earlier_switches_are_not_waited_for(patch: Patch) -> None:
    """A deploy begins while a dead one's switches are pending."""
    patch.setattr(Sight, "settled", _nothing)


def it_gives_up_silently(patch: Patch) -> None:
    """A failed rollout ends as if it had gone well."""

    patch.setattr(execute, "_fail", _nothing)


# --- mistakes about canaries and blue-green


def the_way_back_is_in_the_order_of_the_way(patch: Patch) -> None:
    """What was done first is undone first."""
    gone = back.go_back
    patch.setattr(execute, "go_back", lambda run, ended, done, who: gone(run, ended, [*reversed(done)], who))


def shifts_are_not_undone(patch: Patch) -> None:
    """Traffic stays where it is when the rollout fails."""
    patch.setattr(back, "_shifted_back", _nothing)


def edges_forget_weights(patch: Patch) -> None:
    """A reboot gives every server its full weight."""
    patch.setattr(Edge, "durable", False)


def holds_are_ignored(patch: Patch) -> None:
    """Nobody is waited for."""
    staged = execute._staged

    async def hasty(*words: Any) -> Any:
        found = await staged(*words)
        return None if isinstance(found, execute.Held) else found

    patch.setattr(execute, "_staged", hasty)


def what_is_not_sure_passes(patch: Patch) -> None:
    """A gate without data lets the rollout go on."""
    judged = policy.judged

    def lenient(*words: Any) -> Judged:
        found = judged(*words)
        return found if found.next is Next.BACK else replace(found, next=Next.GO)

    patch.setattr("deploy.provider.resources.judging.judged", lenient)


def what_fails_passes(patch: Patch) -> None:
    """A gate says that the fleet has to go back, and it goes on."""
    judged = policy.judged

    def lenient(*words: Any) -> Judged:
        found = judged(*words)
        return replace(found, next=Next.GO) if found.next is Next.BACK else found

    patch.setattr("deploy.provider.resources.judging.judged", lenient)


def held_ones_go_on_a_stage_too_late(patch: Patch) -> None:
    """The stage after the hold is left out."""
    patch.setattr(errands, "resumed", lambda story, course: story.at + 2)


def held_ones_begin_again(patch: Patch) -> None:
    """A rollout that is promoted does everything once more."""
    patch.setattr(errands, "resumed", lambda story, course: 0)


def shifts_take_nothing_away(patch: Patch) -> None:
    """What gets no traffic any more keeps what it had."""
    shift = HelperPort.shift

    async def given(port: HelperPort, weights: Mapping[str, int], *, back: bool = False) -> Answer:
        return await shift(port, {name: weight for name, weight in weights.items() if weight}, back=back)

    patch.setattr(HelperPort, "shift", given)


def the_way_home_is_left_out(patch: Patch) -> None:
    """What another one left on its way is built upon."""
    chosen = errands.choose

    def bold(*words: Any) -> Choice:
        found = chosen(*words)
        return Choice(Course.DEPLOY) if found.course is Course.HOME else found

    patch.setattr(errands, "choose", bold)
    patch.setattr(errands, "open_ended", lambda story: False)


def traffic_stays_while_it_is_switched(patch: Patch) -> None:
    """Nothing moves to the second slots before what runs is replaced."""
    patch.setattr(HelperPort, "shift", answering(SHIFTED))


def one_edge_is_forgotten(patch: Patch) -> None:
    """Only the first edge shifts."""
    shift = HelperPort.shift

    async def one(port: HelperPort, weights: Mapping[str, int], *, back: bool = False) -> Answer:
        edges, port._edges = port._edges, port._edges[:1]
        try:
            return await shift(port, weights, back=back)
        finally:
            port._edges = edges

    patch.setattr(HelperPort, "shift", one)


def what_is_new_gets_traffic_before_it_is_looked_at(patch: Patch) -> None:
    """A plan in which the check comes after the traffic."""
    made = progressive.progressive_plan

    def eager(*words: Any) -> Any:
        plan = made(*words)
        stages = list(plan.stages)
        for place in range(len(stages) - 1):
            if isinstance(stages[place], Check) and isinstance(stages[place + 1], Shift):
                stages[place], stages[place + 1] = stages[place + 1], stages[place]
        return replace(plan, stages=tuple(stages))

    patch.setattr(strategy, "progressive_plan", eager)


def slots_never_end(patch: Patch) -> None:
    """They stay when the rollout is done."""
    patch.setattr(HelperPort, "warm", answering("warm"))


def ctrl_c_drops_second_slots(patch: Patch) -> None:
    """Whatever of the plan is not confirmed is undone at once, also what has the traffic by now."""
    patch.setattr(resource, "Kind", SimpleNamespace(KEEP=None))


def a_decision_of_before_the_wait_is_carried_out(patch: Patch) -> None:
    """Nobody looks whether a rollout went on while its lease was waited for."""
    patch.setattr(errands.Errands, "_still", lambda self, errand, snapshots: (errand.found, errand.plan))


def traffic_goes_to_what_could_not_go_back(patch: Patch) -> None:
    """All of it moves back, also to an instance that still runs what failed."""
    shifted = back._shifted_back
    patch.setattr(back, "_shifted_back", lambda run, stage, stuck: shifted(run, stage, ()))


def ports_that_are_traded_are_not_heeded(patch: Patch) -> None:
    """A canary begins with one whose port another one still has."""
    patch.setattr(progressive, "needs_of", lambda steps: {})


@dataclass(frozen=True)
class Mutation:
    """A mistake, and the faults and settings that bring it to light soon; without them, all of them in turn."""

    put_in: Callable[[Patch], None]
    kinds: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)

    def scenario(self, seed: int) -> Scenario:
        """A run that may bring it to light."""
        return scenario(seed, self.kinds, **self.settings)

    def __str__(self) -> str:
        return self.put_in.__name__.replace("_", " ")


CANARY, BLUE_GREEN = {"strategy": "canary"}, {"strategy": "blue-green"}
SLOW = {"strategy": "rolling", "batch": 1, "max_unavailable": 1, "wait": 30.0}

MUTATIONS = (
    Mutation(confirms_before_all_are_healthy),
    Mutation(reverts_nothing),
    Mutation(undoes_nothing),
    Mutation(drains_nothing),
    Mutation(admits_nothing),
    Mutation(hosts_do_not_fence),
    Mutation(stopped_ones_do_not_ask_before_they_drain, ("start", "stop"), SLOW),
    Mutation(the_lease_is_not_renewed, ("start", "start"), {"strategy": "rolling", "wait": 300.0}),
    Mutation(plans_of_before_the_wait_are_carried_out),
    Mutation(limits_are_ignored),
    Mutation(limits_of_batches_are_off_by_one),
    Mutation(what_is_drained_is_not_first, ("start", "kill"), SLOW),
    Mutation(others_that_are_down_are_not_waited_for, ("ill", "ill"), SLOW),
    Mutation(what_was_updated_is_not_watched),
    Mutation(places_are_retired_at_once),
    Mutation(what_moves_is_reached_too_late, ("kill",)),
    Mutation(culprits_are_not_rejected),
    Mutation(earlier_switches_are_not_waited_for, ("start", "kill")),
    Mutation(it_gives_up_silently),
    Mutation(the_way_back_is_in_the_order_of_the_way, (), BLUE_GREEN),
    Mutation(shifts_are_not_undone, (), BLUE_GREEN),
    Mutation(edges_forget_weights, ("reboot", "reboot"), BLUE_GREEN),
    Mutation(holds_are_ignored, (), CANARY),
    Mutation(what_is_not_sure_passes, (), CANARY),
    Mutation(what_fails_passes, (), CANARY),
    Mutation(held_ones_go_on_a_stage_too_late, (), BLUE_GREEN),
    Mutation(held_ones_begin_again, (), CANARY),
    Mutation(shifts_take_nothing_away, (), CANARY),
    Mutation(the_way_home_is_left_out, ("kill", "start"), CANARY),
    Mutation(traffic_stays_while_it_is_switched, (), BLUE_GREEN),
    Mutation(one_edge_is_forgotten, (), BLUE_GREEN),
    Mutation(what_is_new_gets_traffic_before_it_is_looked_at, (), CANARY),
    Mutation(slots_never_end, (), BLUE_GREEN),
    Mutation(ctrl_c_drops_second_slots, ("cancel",), BLUE_GREEN),
    Mutation(a_decision_of_before_the_wait_is_carried_out, ("start", "stop"), CANARY),
    Mutation(traffic_goes_to_what_could_not_go_back, ("reboot", "cut"), BLUE_GREEN),
    Mutation(ports_that_are_traded_are_not_heeded, (), CANARY),
)
