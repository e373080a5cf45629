"""A check: its gates side by side, each in its own time, and what follows."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.analysis.gates import Action, Counts, GateKind, GateSpec, Measurement, Outcome, Verdict
from deploy.analysis.run import Conclusion, analyse, conclude
from deploy.rollout.plan import Check, Phase, Place

CHECK = Check(Phase.IDLE, "check py-a, idle", (Place("py-a", "h1", 9009, "1.1-y"),))
SMOKE = GateSpec("smoke", GateKind.SMOKE)
DELIVERY = GateSpec("delivery", GateKind.COMPARE, interval=1.0)
RATE = GateSpec("rate", GateKind.PROMQL, "x", "< 1", "> 5", interval=5, delay=10, count=3, limit=30)


class Clock:
    """A clock that goes on when all wait for it."""

    def __init__(self):
        self.now, self._sleepers = 0.0, []

    def __call__(self):
        return self.now

    async def pause(self, seconds):
        woken = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.now + seconds, woken))
        await woken

    async def run(self, awaitable):
        task = asyncio.ensure_future(awaitable)
        while not task.done():
            for _ in range(20):
                await asyncio.sleep(0)
            waiting = [each for each in self._sleepers if not each[1].done()]
            if not task.done() and waiting:
                self.now = min(at for at, _ in waiting)
                for at, woken in waiting:
                    if at <= self.now:
                        woken.set_result(None)
            self._sleepers = [each for each in waiting if not each[1].done()]
        return await task


class Numbers:
    """Gives what is said for each gate, the last again and again; `took` are seconds of a measurement."""

    def __init__(self, clock, took=0.0, **values):
        self._clock, self._took, self._values, self.asked = clock, took, values, []

    async def measure(self, gate, check, at):
        assert check is CHECK
        self.asked.append((gate.name, at))
        if self._took:
            await self._clock.pause(self._took)
        given = self._values[gate.name]
        value = given[min(sum(name == gate.name for name, _ in self.asked) - 1, len(given) - 1)]
        return Measurement(at, counts=value) if isinstance(value, Counts) else Measurement(at, value)


def ran(*gates, cancel_at=None, took=0.0, check=CHECK, **values):
    async def main():
        clock, told = Clock(), []
        numbers = Numbers(clock, took, **values)

        def cancelled():
            return cancel_at is not None and clock.now >= cancel_at

        found = await clock.run(analyse(check, gates, numbers, clock, clock.pause, cancelled, told.append))
        assert len(asyncio.all_tasks()) == 1
        return found, told, numbers.asked, clock.now

    return asyncio.run(main())


def test_each_gate_goes_at_its_own_pace():
    found, told, asked, now = ran(SMOKE, RATE, smoke=[1.0], rate=[0.5])
    assert [each.outcome for each in found] == [Outcome.PASS, Outcome.PASS]
    assert asked == [("smoke", 0), ("rate", 10), ("rate", 15), ("rate", 20)]
    assert now == 20
    assert told == [
        "smoke pass: 1; 1 of 1 == 1",
        "rate: 0.5; 1 of 3 succeeded, 0 failed, 0 did neither",
        "rate: 0.5; 2 of 3 succeeded, 0 failed, 0 did neither",
        "rate pass: 0.5; 3 of 3 < 1",
    ]


def test_time_that_a_measurement_takes_is_part_of_its_interval():
    *_, asked, _ = ran(RATE, took=3.0, rate=[0.5])
    assert [at for _, at in asked] == [10, 15, 20]
    *_, asked, _ = ran(RATE, took=7.0, rate=[0.5])
    assert [at for _, at in asked] == [10, 17, 24]


def test_a_gate_that_is_never_sure_ends_with_its_time():
    (found,), _, asked, now = ran(RATE, rate=[3])
    assert found.outcome is Outcome.INCONCLUSIVE
    assert [at for _, at in asked] == [10, 15, 20, 25, 30]
    assert now == 30


def test_without_any_traffic_there_is_a_verdict_within_a_minute():
    (found,), told, _, now = ran(DELIVERY, delivery=[Counts(4, 0, 4, 0)])
    assert found.outcome is Outcome.PASS
    assert now < 12
    assert told[0].startswith("delivery: 4 of 4 candidate, 4 of 4 baseline: not sure: worse (evidence ")
    assert told[-1].startswith("delivery pass: 36 of 36 candidate, 36 of 36 baseline: not worse by 10 % (evidence 2")


def test_the_same_is_not_told_twice():
    _, told, _, now = ran(DELIVERY, delivery=[None])
    assert told == ["delivery: no data", "delivery inconclusive: no data"]
    assert now == 60


def test_once_one_has_failed_that_brings_the_fleet_back_nobody_goes_on():
    found, _, asked, now = ran(RATE, SMOKE, smoke=[0.0], rate=[0.5])
    assert [each.outcome for each in found] == [Outcome.INCONCLUSIVE, Outcome.FAIL]
    assert found[0].reason == "no data; ended, since smoke has failed"
    assert asked == [("smoke", 0)]
    assert now == 0


@pytest.mark.parametrize("change", [{"dry_run": True}, {"on_fail": Action.WARN}, {"on_fail": Action.HOLD}])
def test_after_any_other_failure_all_go_on(change):
    found, *_ = ran(RATE, replace(SMOKE, **change), smoke=[0.0], rate=[0.5])
    assert [each.outcome for each in found] == [Outcome.PASS, Outcome.FAIL]


def test_only_gates_of_the_phase_look():
    after = replace(SMOKE, name="after", phases=(Phase.AFTER,))
    found, *_ = ran(SMOKE, after, smoke=[1.0])
    assert [each.gate.name for each in found] == ["smoke"]
    assert ran(after)[0] == ()


def test_a_cancelled_check_ends_at_once_and_says_so():
    found, _, _, now = ran(SMOKE, RATE, smoke=[1.0], rate=[0.5], cancel_at=11)
    assert [each.outcome for each in found] == [Outcome.PASS, Outcome.INCONCLUSIVE]
    assert found[1].reason.endswith("; cancelled")
    assert now == 11


def test_also_in_the_middle_of_a_measurement():
    (found,), _, _, now = ran(SMOKE, smoke=[1.0], took=50.0, cancel_at=2)
    assert (found.outcome, found.measurements) == (Outcome.INCONCLUSIVE, ())
    assert now == 2


def verdict(outcome, name="a", on_fail=Action.ROLLBACK, dry_run=False):
    return Verdict(GateSpec(name, GateKind.SMOKE, on_fail=on_fail, dry_run=dry_run), outcome, "why")


GOOD, BAD, UNSURE = (verdict(each) for each in (Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE))


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([GOOD, GOOD], Conclusion(Outcome.PASS, None, "a passed: why; a passed: why")),
        ([GOOD, UNSURE], Conclusion(Outcome.INCONCLUSIVE, None, "a is inconclusive: why")),
        ([GOOD, UNSURE, BAD], Conclusion(Outcome.FAIL, Action.ROLLBACK, "a failed: why")),
        ([verdict(Outcome.FAIL, "h", Action.HOLD)], Conclusion(Outcome.FAIL, Action.HOLD, "h failed: why")),
        (
            [verdict(Outcome.FAIL, "h", Action.HOLD), BAD],
            Conclusion(Outcome.FAIL, Action.ROLLBACK, "h failed: why; a failed: why"),
        ),
        (
            [GOOD, verdict(Outcome.FAIL, "w", Action.WARN)],
            Conclusion(Outcome.PASS, Action.WARN, "a passed: why; w failed: why (warns only)"),
        ),
        (
            [GOOD, verdict(Outcome.FAIL, "d", dry_run=True)],
            Conclusion(Outcome.PASS, Action.WARN, "a passed: why; d failed: why (dry run)"),
        ),
        (
            [UNSURE, verdict(Outcome.PASS, "w", Action.WARN)],
            Conclusion(Outcome.INCONCLUSIVE, None, "a is inconclusive: why"),
        ),
        ([], Conclusion(Outcome.INCONCLUSIVE, None, "no gate looked at it")),
        ([verdict(Outcome.PASS, "d", dry_run=True)], Conclusion(Outcome.INCONCLUSIVE, None, "no gate looked at it")),
        (
            [verdict(Outcome.FAIL, "d", dry_run=True)],
            Conclusion(Outcome.INCONCLUSIVE, None, "no gate looked at it; d failed: why (dry run)"),
        ),
    ],
)
def test_what_follows_from_verdicts(verdicts, expected):
    assert conclude(verdicts) == expected


VERDICTS = st.lists(st.builds(verdict, st.sampled_from(Outcome), st.just("a"), st.sampled_from(Action), st.booleans()))


@given(VERDICTS)
def test_a_pass_needs_a_gate_that_decides_and_none_that_does_not_pass(verdicts):
    deciding = [each for each in verdicts if not each.gate.dry_run and each.gate.on_fail is not Action.WARN]
    passed = bool(deciding) and all(each.outcome is Outcome.PASS for each in deciding)
    assert (conclude(verdicts).outcome is Outcome.PASS) is passed


@given(VERDICTS, st.sampled_from(Outcome), st.sampled_from([Action.WARN, Action.ROLLBACK]))
def test_what_only_warns_or_runs_dry_never_changes_the_outcome(verdicts, outcome, on_fail):
    more = verdict(outcome, "more", on_fail, dry_run=on_fail is not Action.WARN)
    assert conclude([*verdicts, more]).outcome is conclude(verdicts).outcome
