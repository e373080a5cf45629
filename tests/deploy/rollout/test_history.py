"""What hosts remember of rollouts, and the way that a fleet has gone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.rollout.history import history, of_release, version_of, way_back
from tests.deploy.rollout.records import PLACES, both, record, release


def state(version):
    return frozenset((name, host, release(version)[name]) for name, host in PLACES.items())


def remembered(*records, **more):
    return history([{"rollouts": list(records), **more}])


def told(rollouts):
    return [(each.id, each.verdict) for each in rollouts]


def test_the_newest_rollout_is_first_and_what_hosts_remember_is_put_together():
    one, two = {"rollouts": both(9)}, {"rollouts": [*both(10, "1.0.1", "failed"), *both(9)]}
    assert told(history([one, two, {"rollouts": []}, {}])) == [("r10", "failed"), ("r9", "done")]


def test_a_rollout_says_what_it_was_and_how_long_it_took():
    (found,) = remembered(*both(3, "1.0.0-rc1", by="bob@desk", purpose="rollback"))
    assert (found.by, found.purpose, found.strategy, found.versions) == (
        "bob@desk",
        "rollback",
        "rolling",
        ("1.0.0-rc1",),
    )
    assert (found.at, found.seconds) == ("2026-11-24T12:03:00Z", 12.0)


def test_a_rollout_without_an_end_was_interrupted_unless_its_lease_lives():
    begun, lease = record(3, "begun"), {"token": "3:5c0ffee", "live": True}
    assert told(remembered(begun)) == [("r3", "interrupted")]
    assert told(remembered(begun, lease=lease)) == [("r3", "under way")]
    assert told(remembered(begun, lease={**lease, "live": False})) == [("r3", "interrupted")]
    assert told(remembered(begun, lease={**lease, "token": "4:5c0ffee"})) == [("r3", "interrupted")]


def test_an_end_is_enough_wherever_the_begin_is_forgotten():
    (found,) = remembered(record(3, "done"))
    assert (found.verdict, found.seconds) == ("done", None)


def test_records_that_say_too_little_are_no_rollouts():
    assert remembered({}, {"id": "r1", "token": "1:x"}) == ()
    (least,) = remembered({"id": "r1", "token": "1:x", "at": "2026-11-24T12:00:00Z", "verdict": "done"})
    assert (least.id, least.verdict, least.versions, least.state) == ("r1", "done", (), frozenset())


def test_controllers_that_took_the_same_number_have_a_rollout_each():
    mine, other = record(3, "begun"), record(3, "done", "1.0.1", token="3:decaf")
    assert told(remembered(mine, other)) == [("r3", "done"), ("r3", "interrupted")]


@pytest.mark.parametrize(
    ("generation", "version"),
    [("1.0.0-0123456789", "1.0.0"), ("1.0.0-rc-1-0123456789", "1.0.0-rc-1"), ("odd", "odd")],
)
def test_the_version_is_all_but_the_last_part_of_a_generation(generation, version):
    assert version_of(generation) == version


A, B, C, D = "1.0.0", "1.0.1", "1.0.2", "1.0.3"
DEPLOY, BACK = "deploy", "rollback"
WAYS = [
    ("one deploy", [(A, DEPLOY)], A, []),
    ("two deploys", [(A, DEPLOY), (B, DEPLOY)], B, [A]),
    ("a state twice in a row, to repair it", [(A, DEPLOY), (B, DEPLOY), (B, DEPLOY)], B, [A]),
    ("there and back by deploys", [(A, DEPLOY), (B, DEPLOY), (A, DEPLOY)], A, [B]),
    ("after a rollback it goes further back", [(A, DEPLOY), (B, DEPLOY), (C, DEPLOY), (B, BACK)], B, [A]),
    ("a rollback by two, and a deploy", [(A, DEPLOY), (B, DEPLOY), (C, DEPLOY), (A, BACK), (D, DEPLOY)], D, [A]),
    ("a rollback to what is on no way", [(A, DEPLOY), (B, DEPLOY), (A, BACK), (B, BACK)], B, [A]),
    ("something runs that never was", [(A, DEPLOY), (B, DEPLOY)], "0.9", [B, A]),
    ("the last one was undone by hand", [(A, DEPLOY), (B, DEPLOY), (C, DEPLOY)], B, [A]),
    ("no rollout at all", [], A, []),
]


@pytest.mark.parametrize(("went", "now", "back"), [case[1:] for case in WAYS], ids=[case[0] for case in WAYS])
def test_the_way_back_is_the_way_that_the_fleet_came(went, now, back):
    rollouts = remembered(*(line for n, (version, why) in enumerate(went, 1) for line in both(n, version, purpose=why)))
    assert [each.versions[0] for each in way_back(rollouts, state(now))] == back


@pytest.mark.parametrize("verdict", ["failed", "superseded", "begun"])
def test_what_did_not_succeed_is_no_state(verdict):
    rollouts = remembered(*both(1), *both(2, "1.0.1", verdict), *both(3, "1.0.2"))
    assert [each.id for each in way_back(rollouts, state("1.0.2"))] == ["r1"]


def test_a_host_of_which_nothing_is_known_does_not_make_another_state_of_it():
    rollouts = remembered(*both(1), *both(2, "1.0.1"))
    known = frozenset(each for each in state("1.0.1") if each[1] != "app-2")
    assert [each.id for each in way_back(rollouts, known, frozenset({"app-2"}))] == ["r1"]
    assert [each.id for each in way_back(rollouts, known)] == ["r2", "r1"]


def test_a_release_is_the_newest_successful_one_of_it_and_an_id_is_any():
    rollouts = remembered(*both(1), *both(2), *both(3, verdict="failed"), *both(4, "1.0.1"))
    assert [of_release(rollouts, name).id for name in ("1.0.0", "r1", "r3", "1.0.1")] == ["r2", "r1", "r3", "r4"]
    assert of_release(rollouts, "r9") is of_release(rollouts, "0.9") is None


walks = st.lists(
    st.tuples(
        st.sampled_from((A, B, C)), st.sampled_from((DEPLOY, BACK)), st.sampled_from(("done", "failed", "begun"))
    ),
    max_size=8,
)


@given(walks, st.sampled_from((A, B, C, D)))
def test_the_way_back_has_other_successful_states_each_once(walk, now):
    rollouts = remembered(
        *(line for n, (version, why, end) in enumerate(walk, 1) for line in both(n, version, end, purpose=why))
    )
    back = way_back(rollouts, state(now))
    assert all(each.verdict == "done" and each.state != state(now) for each in back)
    assert len({each.state for each in back}) == len(back)


@given(walks)
def test_going_back_again_and_again_comes_to_an_end(walk):
    lines = [line for n, (version, why, end) in enumerate(walk, 1) for line in both(n, version, end, purpose=why)]
    done = [each for each in reversed(walk) if each[2] == "done"]
    now, seen = state(done[0][0] if done else A), set()
    for number in range(20, 30):
        back = way_back(remembered(*lines), now)
        seen.add(now)
        if not back:
            return
        now = back[0].state
        lines += both(number, back[0].versions[0], purpose=BACK)
    raise AssertionError("it goes in circles")


@given(st.permutations(["h1", "h2", "h3"]), st.lists(st.sampled_from((1, 2, 3)), min_size=3, max_size=3))
def test_it_does_not_matter_in_which_order_hosts_are_asked(order, counts):
    whole = [line for n in (1, 2, 3) for line in both(n, f"1.0.{n}")]
    hosts = {f"h{n}": {"rollouts": whole[: 2 * count]} for n, count in enumerate(counts, 1)}
    assert history(hosts[name] for name in order) == history(hosts.values())
