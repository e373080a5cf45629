"""A canary of two instances on its way, as its hosts tell of it."""

from dataclasses import replace

from deploy.analysis.gates import DEFAULT_GATES, Counts, GateKind, GateSpec, Measurement
from deploy.analysis.judge import judge
from deploy.analysis.judge import told as verdict_told
from deploy.rollout.plan import Limits, Target
from deploy.rollout.progressive import How, progressive_plan
from deploy.rollout.story import Decision, Seen, State, Story, told
from tests.deploy.rollout.records import PLACES, PORTS, instance, record, release

OLD, NEW = release("1.0.1"), release("1.0.2")
FOUND, WANTED = Target(OLD, PLACES, PORTS), Target(NEW, PLACES, PORTS)
SLOTS = {name: port + 1000 for name, port in PORTS.items()}
PLAN = progressive_plan(
    FOUND, WANTED, frozenset(), Limits(1, 1), How("canary", impls=dict.fromkeys(PLACES, "python"), slots=SLOTS)
)
IDLE = 3
"""The number of the stage at which gates look at the first canary, idle."""
TRAFFIC = 5
SMOKE, DELIVERY = DEFAULT_GATES
LATENCY = GateSpec("latency", GateKind.PROMQL, "max(up)", "< 0.5", "> 1", count=3, dry_run=True)
GOOD = [verdict_told(judge(SMOKE, [Measurement(0.1, 1.0, detail="all of 1 answer")]))]
UNSURE = [
    verdict_told(judge(SMOKE, [Measurement(0.1, 1.0, detail="all of 1 answer")])),
    verdict_told(judge(DELIVERY, [Measurement(at, counts=Counts(1, 0, 1, 0)) for at in (0.2, 1.2, 2.4)])),
    verdict_told(judge(LATENCY, [Measurement(0.0, 0.2), Measurement(5.0, error="HTTP 503"), Measurement(10.0, 0.7)])),
]
HELD = f"{PLAN.stages[TRAFFIC].title}: delivery is inconclusive: not sure"


def story(state=State.HELD, at=TRAFFIC, number=7, **changes):
    """The story of r7, whose gates were not sure."""
    made = Story(
        id=f"r{number}",
        token=f"{number}:5c0ffee",
        purpose="deploy",
        strategy="canary",
        by="alice@laptop",
        began="2026-11-23T11:50:00Z",
        updated="2026-11-23T11:52:00Z",
        state=state,
        plan=PLAN,
        found=FOUND,
        wanted=WANTED,
        at=at,
        reason=HELD if state is State.HELD else None,
        seen=(
            *([Seen(IDLE, "go on", "smoke passed", tuple(GOOD))] if at > IDLE else []),
            *([Seen(TRAFFIC, "hold", HELD, tuple(UNSURE))] if at >= TRAFFIC and state is not State.RUNNING else []),
        ),
    )
    return replace(made, **changes)


def decided(number=8, state=State.DONE):
    """The rollout that went on with r7."""
    decision = Decision("r7", "promote", "ann@ops", "2026-11-23T11:55:00Z", HELD)
    return story(state, len(PLAN.stages) - 1, number, decision=decision, start=TRAFFIC + 1)


def lie(fleet, *stories, live=False, reason=None):
    """Let the hosts tell them, py-a being the canary and app-1 an edge."""
    records = []
    for each in stories:
        about = {"strategy": "canary", "by": each.by, "token": each.token, "purpose": each.purpose}
        records.append(record(each.counter, "begun", "1.0.2", **about))
        if each.state is not State.RUNNING:
            why = reason or each.reason
            records.append(record(each.counter, str(each.state), "1.0.2", minute=12, reason=why, **about))
    for host, acting in fleet.hosts.items():
        snapshot = acting.snapshot
        snapshot["rollouts"] = records
        snapshot["stories"] = {each.id: told(each) for each in stories}
        snapshot["lease"] = {"token": stories[-1].token, "live": live, "by": "alice@laptop", "purpose": "deploy"}
        if host == "app-1":
            snapshot["instances"]["py-a"] = instance(NEW["py-a"], [OLD["py-a"]], PORTS["py-a"])
            snapshot["instances"]["py-a--prev"] = instance(OLD["py-a"], [], SLOTS["py-a"])
            snapshot["edge"] = {"servers": EDGE}
    fleet.outputs["inventory"]["hosts"]["app-1"]["roles"] = ["threader", "edge"]
    return fleet


EDGE = {
    "py-a.app-1.9009": {"admin": "ready", "up": True, "sessions": 0, "weight": 22},
    "py-a--prev.app-1.10009": {"admin": "ready", "up": True, "sessions": 0, "weight": 100},
    "py-b.app-2.9010": {"admin": "ready", "up": True, "sessions": 0, "weight": 100},
}
