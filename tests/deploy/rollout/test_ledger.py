"""What follows from what hosts remember."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.rollout.ledger import BACK, Pin, entries, merged, pin, rejected

OLD, NEW, NEWER = "1.0.0-a", "1.1.0-b", "1.2.0-c"
PURPOSES = ("deploy", "rollback", "undo", "reject")
VERDICTS = ("confirmed", "failed", "undone", "unconfirmed", "reverted", "refused", "stopped", "restarted")


def line(verdict, before, after, purpose="deploy", token="1:me", at="12:00"):
    more = {"by": "alice@laptop", "token": token, "purpose": purpose, "reason": "HTTP 500"}
    return {"at": at, "verdict": verdict, "from": before, "to": after, **more}


DEPLOYED = line("confirmed", OLD, NEW)
WENT_BACK = line("confirmed", NEW, OLD, "rollback")
REJECTED = [
    ("a deploy that succeeded", [DEPLOYED], {}),
    ("an unhealthy one", [line("failed", OLD, NEW)], {NEW: "it was rolled back (HTTP 500)"}),
    ("an unhealthy one that went well later", [line("failed", OLD, NEW), DEPLOYED], {}),
    ("one that failed later", [DEPLOYED, line("failed", OLD, NEW)], {NEW: "it was rolled back (HTTP 500)"}),
    ("a person went back", [DEPLOYED, WENT_BACK], {NEW: f"alice@laptop went back from it to {OLD}"}),
    ("a person went forward again", [DEPLOYED, WENT_BACK, DEPLOYED], {}),
    ("a person went back and back again", [WENT_BACK, line("confirmed", OLD, NEW, "rollback")],
     {OLD: f"alice@laptop went back from it to {NEW}"}),
    ("a way back that was not confirmed", [line("unconfirmed", NEW, OLD, "rollback")], {}),
    ("a way back to the same, to repair it", [line("confirmed", NEW, NEW, "rollback")], {}),
    ("a person went back to where it was not", [line("confirmed", None, NEW), line("stopped", NEW, None, "rollback")],
     {NEW: "alice@laptop went back from it to nothing"}),
    ("stopped by a deploy, as it is not wanted any more", [DEPLOYED, line("stopped", NEW, None)], {}),
    ("others failed: a failed rollout takes it back", [DEPLOYED, line("confirmed", NEW, OLD, "undo")], {}),
    ("it failed after its activation", [DEPLOYED, line("confirmed", NEW, OLD, "reject")],
     {NEW: "it was rolled back (a gate refused it, or it fell ill soon after its activation)"}),
    ("so did one before which there was none", [line("confirmed", None, NEW), line("stopped", NEW, None, "reject")],
     {NEW: "it was rolled back (a gate refused it, or it fell ill soon after its activation)"}),
    *[(f"{verdict} is not the release's fault", [line(verdict, OLD, NEW)], {})
      for verdict in ("undone", "unconfirmed", "reverted", "refused", "stopped", "restarted")],
]  # fmt: skip


@pytest.mark.parametrize(("lines", "found"), [case[1:] for case in REJECTED], ids=[case[0] for case in REJECTED])
def test_a_generation_is_rejected_by_the_last_word_about_it(lines, found):
    assert {name: each.reason for name, each in rejected(entries(lines, "h1")).items()} == found


def test_a_rejection_says_when_and_where():
    assert str(rejected(entries([line("failed", OLD, NEW, at="12:34")], "h1"))[NEW]) == (
        "it was rolled back (HTTP 500), at 12:34 on h1"
    )


PINNED = Pin(OLD, NEW, "alice@laptop", "12:00")
LATER = line("confirmed", OLD, NEWER)
PINS = [
    ("nothing was ever done", [], None),
    ("a deploy", [DEPLOYED], None),
    ("a person went back", [DEPLOYED, WENT_BACK], PINNED),
    ("a deploy of something else came later", [WENT_BACK, LATER], None),
    ("a deploy that failed came later", [WENT_BACK, line("failed", OLD, NEWER)], PINNED),
    ("a deploy was taken back", [WENT_BACK, LATER, line("confirmed", NEWER, OLD, "undo")], PINNED),
    ("a deploy was taken back for it", [WENT_BACK, LATER, line("confirmed", NEWER, OLD, "reject")], PINNED),
    ("the way back was taken back", [DEPLOYED, WENT_BACK, line("confirmed", OLD, NEW, "undo")], None),
    ("it was stopped", [WENT_BACK, line("stopped", OLD, None)], None),
    ("going back stopped it", [line("stopped", NEW, None, "rollback")], None),
    ("a reboot in a later deploy", [WENT_BACK, line("reverted", OLD, NEWER)], PINNED),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "found"), [case[1:] for case in PINS], ids=[case[0] for case in PINS])
def test_a_person_s_way_back_pins_until_a_deploy(lines, found):
    assert pin(entries(lines, "h1")) == found


def test_lines_of_older_versions_reject_as_those_of_today():
    old = {
        "at": "12:00",
        "verdict": "failed",
        "from": OLD,
        "to": NEW,
        "by": "me",
        "token": "ab12",
        "reason": "HTTP 500",
    }
    assert set(rejected(entries([old, {}, {"verdict": "stopped", "from": OLD, "to": None}], "h1"))) == {NEW}


def test_what_one_host_says_under_a_later_lease_counts_more_whatever_the_clocks_say():
    there = entries([line("failed", OLD, NEW, token="7:x", at="18:00")], "h1")
    here = entries([line("confirmed", None, NEW, token="8:y", at="09:00")], "h2")
    assert rejected(merged([there, here])) == rejected(merged([here, there])) == {}


HERE, THERE = "h1", "h2"


@pytest.mark.parametrize("moved_to", [OLD, NEW])
@pytest.mark.parametrize("back_here_first", [True, False])
def test_a_person_who_goes_back_from_a_move_rejects_what_went_there_unless_it_is_the_same_that_is_back(
    moved_to, back_here_first
):
    times = ("12:01", "12:02") if back_here_first else ("12:02", "12:01")
    here = [line("confirmed", None, OLD), line("stopped", OLD, None, token="2:me")]
    here.append(line("confirmed", None, OLD, "rollback", "3:me", times[0]))
    there = [
        line("confirmed", None, moved_to, token="2:me"),
        line("stopped", moved_to, None, "rollback", "3:me", times[1]),
    ]
    assert set(rejected(merged([entries(here, HERE), entries(there, THERE)]))) == {moved_to} - {OLD}


@pytest.mark.parametrize("moved_to", [OLD, NEW])
def test_the_same_holds_of_a_move_that_was_held_before_the_old_place_was_left(moved_to):
    here = entries([line("confirmed", None, OLD)], HERE)
    there = [line("confirmed", None, moved_to, token="2:me"), line("stopped", moved_to, None, "rollback", "3:me")]
    assert set(rejected(merged([here, entries(there, THERE)]))) == {moved_to} - {OLD}


generations = st.sampled_from((OLD, NEW, NEWER, None))
lines = st.builds(
    line,
    st.sampled_from(VERDICTS),
    generations,
    generations,
    st.sampled_from(PURPOSES),
    st.builds("{}:me".format, st.integers(0, 4)) | st.just("5c0ffee"),
    st.sampled_from(("09:00", "12:00", "18:00")),
)
ledgers = st.lists(lines, max_size=8)


@given(ledgers, st.sampled_from((OLD, NEW, NEWER)))
def test_whatever_was_a_confirmed_deploy_is_not_rejected(before, generation):
    assert generation not in rejected(entries([*before, line("confirmed", None, generation)], "h1"))


@given(ledgers, st.sampled_from((OLD, NEW, NEWER)))
def test_whatever_failed_last_is_rejected(before, generation):
    assert generation in rejected(entries([*before, line("failed", None, generation)], "h1"))


@given(ledgers)
def test_whoever_went_back_is_pinned_to_what_is_not_rejected(before):
    ledger = entries([*before, line("confirmed", NEW, OLD, "rollback")], "h1")
    assert pin(ledger) == PINNED
    assert OLD not in rejected(ledger)
    assert NEW in rejected(ledger)


@given(ledgers)
def test_what_was_never_settled_pins_nothing_and_only_failures_reject(before):
    unsettled = entries([each for each in before if each["verdict"] not in ("confirmed", "stopped")], "h1")
    assert pin(unsettled) is None
    assert set(rejected(unsettled)) == {each.after for each in unsettled if each.verdict == "failed"} - {None}


@given(ledgers)
def test_a_deploy_that_is_taken_back_at_once_leaves_the_pin(before):
    ledger = entries(before, "h1")
    runs = pin(ledger)
    after = runs.generation if runs else OLD
    for purpose in BACK:
        taken = entries([line("confirmed", after, NEWER), line("confirmed", NEWER, after, purpose)], "h1")
        assert pin((*ledger, *taken)) == runs


@given(st.lists(ledgers, max_size=3))
def test_merging_keeps_all_entries_and_the_order_of_each_host(found):
    parts = [entries(each, f"h{number}") for number, each in enumerate(found)]
    whole = merged(parts)
    assert len(whole) == sum(map(len, parts))
    for number, part in enumerate(parts):
        assert tuple(each for each in whole if each.host == f"h{number}") == part
