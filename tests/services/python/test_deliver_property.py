"""Whatever comes in whatever order and fails on the way: one thread for each incident, one post for each change."""

from __future__ import annotations

from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from tests.services.python.harness import RememberingSlack, alert, deliverer
from threader.slack import SlackError

alerts = st.builds(
    alert,
    status=st.sampled_from(["firing", "resolved"]),
    fingerprint=st.sampled_from(["a", "b", "c"]),
    starts_at=st.sampled_from(["2026-11-23T22:00:00Z", "2026-11-24T22:00:00Z"]),
)
webhooks = st.lists(st.lists(alerts, max_size=6).map(tuple), max_size=12)
failures = st.lists(
    st.sampled_from([None, None, "http_503", "ratelimited", "channel_not_found", "unreachable (ReadTimeout)"]).map(
        lambda code: SlackError(code, retry_after=1.0) if code else None
    ),
    max_size=30,
)


def changes(statuses):
    """A sequence without its repeats."""
    return [status for status, _ in groupby(statuses)]


@given(webhooks)
def test_one_thread_for_each_incident_and_one_post_for_each_change_of_state(delivered):
    slack = RememberingSlack()
    threads = deliverer(slack)
    for webhook in delivered:
        assert threads.deliver(webhook).complete
    for incident in {a.incident for w in delivered for a in w}:
        came = [a.status for w in delivered for a in w if a.incident == incident]
        posted = [(status, reply) for i, status, reply in slack.told() if i == incident]
        assert [status for status, _ in posted] == changes(came)
        assert [reply for _, reply in posted] == [False] + [True] * (len(posted) - 1)


@given(webhooks, failures)
def test_with_failures_and_retries_nothing_is_lost_and_nothing_is_posted_twice(delivered, failing):
    slack = RememberingSlack(list(failing))
    threads = deliverer(slack)
    for webhook in delivered:
        for _ in range(len(failing) + 1):
            if threads.deliver(webhook).complete:
                break
        else:
            raise AssertionError("still not delivered when Slack had recovered")
    for incident in {a.incident for w in delivered for a in w}:
        posted = [(status, reply) for i, status, reply in slack.told() if i == incident]
        assert [reply for _, reply in posted].count(False) == 1, "one thread"
        assert changes(s for s, _ in posted) == [s for s, _ in posted], "no state twice in a row"
        last = [a.status for w in delivered for a in w if a.incident == incident][-1]
        assert posted[-1][0] == last, "Slack shows the last state"
