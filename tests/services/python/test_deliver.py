from __future__ import annotations

import pytest

from tests.services.python.harness import RememberingSlack, alert, deliverer
from threader.slack import SlackError
from threader.store import IncidentHeldError, StoreError
from threader.store.memory import MemoryStore

F1 = "f1:20261123T220000.123456Z"


def test_fires_and_resolves_in_one_thread():
    slack = RememberingSlack()
    threads = deliverer(slack)
    threads.deliver((alert(),))
    threads.deliver((alert("resolved"),))
    first, second = slack.posts
    assert first[1] is None
    assert second[1] == first[2]
    assert second[0].channel == "C1", "a reply goes to the channel that Slack named, whatever is set by now"


def test_each_alert_counts_with_its_own_status_not_the_groups():
    slack = RememberingSlack()
    threads = deliverer(slack)
    threads.deliver((alert(fingerprint="a"), alert(fingerprint="b")))
    threads.deliver((alert("resolved", fingerprint="a"), alert(fingerprint="b")))
    assert [(status, reply) for _, status, reply in slack.told()] == [
        ("firing", False),
        ("firing", False),
        ("resolved", True),
    ]


def test_the_same_alert_that_opens_again_later_gets_a_thread_of_its_own():
    slack = RememberingSlack()
    threads = deliverer(slack)
    threads.deliver((alert(), alert("resolved"), alert(starts_at="2026-11-24T01:00:00Z")))
    assert [reply for _, _, reply in slack.told()] == [False, True, False]


def test_an_alert_that_comes_back_with_its_old_start_fires_again_in_its_thread():
    slack = RememberingSlack()
    threads = deliverer(slack)
    threads.deliver((alert(), alert("resolved"), alert()))
    assert slack.told()[-1] == (F1, "firing", True)
    assert "Firing again" in slack.posts[-1][0].text
    assert slack.posts[-1][1] == slack.posts[0][2], "a reply's own id never becomes the thread's"


def test_alertmanagers_repeats_are_not_posted():
    slack = RememberingSlack()
    threads = deliverer(slack)
    for _ in range(3):
        report = threads.deliver((alert(),))
    assert len(slack.posts) == 1
    assert report.complete
    assert report.done == {"duplicate": 1}


def test_a_failure_half_way_posts_nothing_twice_when_it_is_retried():
    slack = RememberingSlack([None, SlackError("unreachable (ConnectTimeout)")])
    threads = deliverer(slack)
    alerts = tuple(alert(fingerprint=f"f{n}") for n in range(4))
    report = threads.deliver(alerts)
    assert (report.complete, len(report.failed), report.not_tried) == (False, 1, 2)
    assert threads.deliver(alerts).complete
    assert len(slack.posts) == 4
    assert len({incident for incident, _, _ in slack.told()}) == 4


def test_a_channel_that_is_missing_does_not_hold_up_the_other_alerts():
    slack = RememberingSlack([SlackError("channel_not_found")])
    report = deliverer(slack).deliver((alert(fingerprint="a"), alert(fingerprint="b")))
    assert not report.complete
    assert len(slack.posts) == 1


def test_a_rate_limit_is_waited_for_while_the_budget_lasts():
    waited: list[float] = []
    slack = RememberingSlack([SlackError("ratelimited", retry_after=2.0)] * 2)
    report = deliverer(slack, sleep=waited.append, SLACK_MAX_WAIT="5").deliver((alert(),))
    assert report.complete
    assert waited == [2.0, 2.0]


def test_a_rate_limit_over_the_budget_is_left_to_alertmanager():
    slack = RememberingSlack([SlackError("ratelimited", retry_after=30.0)])
    report = deliverer(slack, SLACK_MAX_WAIT="5").deliver((alert(),))
    assert (report.complete, report.retry_after) == (False, 30.0)


def test_a_thread_that_somebody_deleted_is_opened_again():
    slack = RememberingSlack()
    threads = deliverer(slack)
    threads.deliver((alert(),))
    slack.failures = [SlackError("thread_not_found")]
    assert threads.deliver((alert("resolved"),)).complete
    assert slack.posts[-1][1] is None
    threads.deliver((alert(),))
    assert slack.posts[-1][1] == slack.posts[-2][2], "later replies go into the new thread"


class FailingStore(MemoryStore):
    """Fails as told."""

    fail_put = fail_check = False

    def put(self, incident, thread):
        if self.fail_put:
            raise StoreError("full")
        super().put(incident, thread)

    def check(self):
        if self.fail_check:
            raise StoreError("full")


def test_nothing_is_posted_while_the_store_cannot_keep_it():
    store, slack = FailingStore(3600), RememberingSlack()
    store.fail_check = True
    report = deliverer(slack, store).deliver((alert(), alert(fingerprint="b")))
    assert (report.store_failed, report.not_tried, slack.posts) == (True, 1, [])


def test_what_was_posted_but_not_kept_is_kept_at_the_retry_and_not_posted_again():
    store, slack = FailingStore(3600), RememberingSlack()
    threads = deliverer(slack, store)
    store.fail_put = True
    assert not threads.deliver((alert(),)).complete
    assert not threads.deliver((alert(),)).complete
    store.fail_put = False
    assert threads.deliver((alert(),)).complete
    threads.deliver((alert("resolved"),))
    assert [reply for _, _, reply in slack.told()] == [False, True]


class HeldStore(MemoryStore):
    """Some incidents are held by an instance that does not let go."""

    held = ("b:",)

    def claim(self, incident):
        if incident.startswith(self.held):
            raise IncidentHeldError("held")
        return super().claim(incident)


def test_an_incident_that_another_instance_holds_does_not_hold_up_the_others():
    slack, store = RememberingSlack(), HeldStore(3600)
    alerts = tuple(alert(fingerprint=name) for name in "abcde")
    report = deliverer(slack, store).deliver(alerts)
    assert (report.done, len(report.failed), report.not_tried) == ({"opened": 4}, 1, 0)
    store.held = ("b:", "c:")
    report = deliverer(slack, store).deliver(alerts)
    assert (len(report.failed), report.not_tried) == (2, 2), "but waiting for many would take too long"


@pytest.mark.parametrize("code", ["invalid_auth", "http_500", "answer_without_ts", "unreachable (ReadTimeout)"])
def test_failures_that_all_alerts_share_stop_the_delivery(code):
    report = deliverer(RememberingSlack([SlackError(code)])).deliver((alert(), alert(fingerprint="b")))
    assert report.not_tried == 1
