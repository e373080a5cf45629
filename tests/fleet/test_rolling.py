"""A rolling update of three implementations: in order, one at a time; one that is unhealthy takes the whole fleet back.

Three of the nine cases of a bad release (each implementation, first, in the middle and last) are tried, other ones in
each run; THREADER_ALL=1 tries all (`make test-rolling`).
"""

import os
from dataclasses import dataclass

import pytest

from tests.fleet import listing
from tests.fleet.deployment import Deployment, Done
from tests.fleet.dice import SEED
from tests.fleet.lab import OTHER, Lab
from tests.fleet.records import ledger
from tests.fleet.threaders import IMPLS, QUICK, artifacts, impl_of, place, prepared
from tests.fleet.watching import Watching

pytestmark = pytest.mark.fleet
LAYOUT = {"py-a": ("app-4", 9009), "node-a": ("app-5", 9010), "go-a": ("app-6", 9011)}
ORDER = ("go-a", "py-a", "node-a")
SHIFT = SEED % 3
CASES = [
    (name, turn)
    for number, name in enumerate(LAYOUT)
    for turn in range(3)
    if os.environ.get("THREADER_ALL") or turn == (number + SHIFT) % 3
]
DEADLINE = 20
REFUSED = "it exited, 0 restarts did not help; no healthy answer from http://127.0.0.1:{port}/health"


@dataclass(frozen=True)
class Update:
    """An `up` that succeeded, what was seen meanwhile, and the new lines of the ledgers."""

    done: Done
    seen: Watching
    lines: dict[str, list[dict]]


@pytest.fixture(scope="module")
def mixed(spare) -> Deployment:
    """The three of them, converged."""
    made = prepared(spare("rolling"), LAYOUT, *IMPLS.values(), order=list(ORDER))
    made.release(*artifacts(made.lab), deadline=DEADLINE)
    made.apply().good()
    return made


def ledgers(lab: Lab) -> dict[str, list[dict]]:
    return {name: ledger(lab, host, name) for name, (host, _) in LAYOUT.items()}


def since(lab: Lab, before: dict[str, list[dict]]) -> dict[str, list[dict]]:
    """The lines of the ledgers that were not there before."""
    return {name: lines[len(before[name]) :] for name, lines in ledgers(lab).items()}


def updated(deployment: Deployment) -> Update:
    """An `up` that is watched."""
    lab = deployment.lab
    before = ledgers(lab)
    with Watching(place(lab, *where) for where in LAYOUT.values()) as seen:
        done = deployment.up().good()
    return Update(done, seen, since(lab, before))


def check_one_after_the_other(update: Update) -> None:
    """Every instance was away once, for its one line in the ledger, and none while another was."""
    assert [[line["verdict"] for line in update.lines[name]] for name in ORDER] == [["confirmed"]] * 3
    lines = [update.lines[name][0] for name in ORDER]
    assert len({line["token"] for line in lines}) == 1
    assert [line["at"] for line in lines] == sorted(line["at"] for line in lines)
    times = [moment for name in ORDER for away in update.seen.away(name) for moment in away]
    assert len(times) == 2 * len(ORDER)
    assert times == sorted(times)


@pytest.fixture(scope="module")
def newer(mixed: Deployment) -> Update:
    mixed.release(*artifacts(mixed.lab, OTHER), deadline=DEADLINE)
    return updated(mixed)


def test_a_new_release_goes_to_one_after_the_other_in_the_order_of_the_settings(newer: Update):
    check_one_after_the_other(newer)
    assert {name: {look.version for look in newer.seen.looks if look.instance == name} for name in LAYOUT} == {
        name: {"1.0.0", OTHER} for name in LAYOUT
    }


def test_the_preview_had_said_so(newer: Update):
    lines = [line.strip().split(":")[0] for line in newer.done.text.splitlines()]
    assert [line for line in lines if line[:2] in ("1.", "2.", "3.")][:3] == [
        f"{number}. activate {name} on {LAYOUT[name][0]}" for number, name in enumerate(ORDER, start=1)
    ]


def test_a_change_of_settings_alone_goes_the_same_way(newer: Update, mixed: Deployment):
    mixed.change(env={**mixed.config()["env"], **QUICK, "LOG_LEVEL": "debug"})
    check_one_after_the_other(updated(mixed))


@dataclass(frozen=True)
class Failed:
    """An `up` whose release is bad for one instance, which had the given turn."""

    name: str
    order: list[str]
    before: dict[str, str]
    done: Done
    lines: dict[str, list[dict]]

    @property
    def earlier(self) -> list[str]:
        """The instances that were updated before."""
        return self.order[: self.order.index(self.name)]


@pytest.fixture(scope="module", params=CASES, ids=[f"{name}-as-number-{turn + 1}" for name, turn in CASES])
def failed(request, newer: Update, mixed: Deployment) -> Failed:
    """A release that has a new name for all, and is bad for one."""
    name, turn = request.param
    order = [each for each in ORDER if each != name]
    order.insert(turn, name)
    before, lines = mixed.generations(), ledgers(mixed.lab)
    impl = impl_of(name)
    mixed.change(rollout={"confirm_within": 30, "drain": 0, "order": order})
    bad = artifacts(mixed.lab, OTHER, **{impl: mixed.lab.bad("refuses", impl)})
    mixed.release(*bad, version=f"2.{turn}-{impl}", deadline=DEADLINE)
    done = mixed.apply().failed()
    return Failed(name, order, before, done, since(mixed.lab, lines))


def test_up_fails_with_the_reason_and_says_that_all_are_back(failed: Failed):
    host, port = LAYOUT[failed.name]
    assert f"rollout failed: {failed.name} on {host} with 2." in failed.done.text
    assert REFUSED.format(port=port) in failed.done.text
    count = len(failed.earlier) + 1
    assert f"all {count} instances of the rollout are back on what they ran before" in failed.done.text


def test_the_whole_fleet_is_back_and_hosts_state_and_outputs_agree(failed: Failed, mixed: Deployment):
    assert mixed.generations() == failed.before
    assert mixed.state()["rollout"]["inputs"]["instances"] == failed.before
    assert mixed.outputs()["instances"] == failed.before
    with Watching(place(mixed.lab, *where) for where in LAYOUT.values()) as seen:
        pass
    assert all(not look.instance or look.version == OTHER for look in seen.looks)


def test_the_ledgers_tell_what_happened(failed: Failed):
    for name in failed.order:
        told = [(line["verdict"], line["purpose"]) for line in failed.lines[name]]
        if name == failed.name:
            assert told == [("failed", "deploy")]
            assert failed.lines[name][0]["reason"].startswith(REFUSED.format(port=LAYOUT[name][1]))
        elif name in failed.earlier:
            assert told == [("confirmed", "deploy"), ("confirmed", "undo")]
            assert failed.lines[name][1]["to"] == failed.before[name]
        else:
            assert told == []


def test_the_next_up_does_not_try_it_again(failed: Failed, mixed: Deployment, lab: Lab):
    before = [listing.exact(lab, host) for host, _ in LAYOUT.values()]
    text = mixed.apply().failed().text
    assert f"{failed.name} on {LAYOUT[failed.name][0]}: 2." in text
    assert "stays back: it was rolled back (it exited, 0 restarts did not help; " in text
    assert "next: change the release or a setting, or try it again: threader deploy --retry" in text
    after = [listing.exact(lab, host) for host, _ in LAYOUT.values()]
    assert [listing.changed(*pair) for pair in zip(before, after, strict=True)] == [[], [], []]


@pytest.fixture(scope="module")
def again(mixed: Deployment) -> tuple[dict[str, str], dict[str, list[dict]]]:
    """What ran, and the ledgers, after all that; the last bad release is still wanted."""
    return mixed.generations(), ledgers(mixed.lab)


def test_a_preview_says_that_it_stays_back(again, mixed: Deployment):
    assert "stays back: it was rolled back" in mixed.preview().good().text


def test_it_is_tried_again_when_somebody_says_so(again, mixed: Deployment):
    before, lines = again
    done = mixed.apply(environ={"THREADER_RETRY": "1"}).failed()
    assert "rollout failed: " in done.text
    assert [line["verdict"] for new in since(mixed.lab, lines).values() for line in new].count("failed") == 1
    assert mixed.generations() == before


def test_a_changed_release_goes(again, mixed: Deployment):
    mixed.release(*artifacts(mixed.lab), version="3.0", deadline=DEADLINE)
    mixed.apply().good()
    assert all(each.startswith("3.0-") for each in mixed.generations().values())
    assert mixed.preview().good().unchanged
