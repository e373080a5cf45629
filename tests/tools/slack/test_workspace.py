from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.slack.faults import Control, Faults, RateLimit
from tools.slack.workspace import MAX_TEXT, RefusedError, Workspace


def refusal(workspace: Workspace, channel: str = "#a", **payload: object) -> str:
    with pytest.raises(RefusedError) as caught:
        workspace.post(channel, payload)
    return str(caught.value)


def test_a_reply_goes_into_its_thread():
    workspace = Workspace()
    channel, first = workspace.post("#a", {"text": "one"})
    _, reply = workspace.post(channel.id, {"text": "two", "thread_ts": first.ts})
    assert [m.ts for m in channel.messages] == [first.ts]
    assert channel.messages[0].replies == [reply]


def test_refuses_what_slack_refuses():
    workspace = Workspace()
    _, first = workspace.post("#a", {"text": "one"})
    _, reply = workspace.post("#a", {"text": "two", "thread_ts": first.ts})
    assert refusal(workspace, "", text="x") == "channel_not_found"
    assert refusal(workspace) == "no_text"
    assert refusal(workspace, text=" ") == "no_text"
    assert refusal(workspace, text="x" * (MAX_TEXT + 1)) == "msg_too_long"
    assert refusal(workspace, text="x", thread_ts="1.000001") == "thread_not_found"
    assert refusal(workspace, text="x", thread_ts=reply.ts) == "thread_not_found", "a reply is not a thread"
    assert refusal(workspace, "#b", text="x", thread_ts=first.ts) == "thread_not_found", "nor is another channel's"
    assert refusal(workspace, text="x", metadata={"event_type": "x"}) == "invalid_metadata_format"
    assert refusal(workspace, attachments=["x"]) == "invalid_attachments"


def test_with_a_list_of_channels_every_other_is_unknown():
    workspace = Workspace(("#a", "b"))
    workspace.post("#b", {"text": "x"})
    assert refusal(workspace, "#c", text="x") == "channel_not_found"


@given(st.lists(st.floats(min_value=1.7e9, max_value=1.8e9), min_size=1, max_size=30))
def test_ids_are_unique_and_increase_whatever_the_clock_does(times):
    clock = iter(times)
    workspace = Workspace(clock=lambda: next(clock))
    ids = [workspace.post("#a", {"text": "x"})[1].ts for _ in times]
    assert ids == sorted(set(ids), key=float)
    assert all(re.fullmatch(r"\d{10}\.\d{6}", ts) for ts in ids)


def test_old_messages_are_dropped_at_a_limit(monkeypatch):
    monkeypatch.setattr("tools.slack.workspace.MAX_KEPT", 3)
    workspace = Workspace()
    for n in range(5):
        channel, _ = workspace.post("#a", {"text": str(n)})
    assert [m.text for m in channel.messages] == ["2", "3", "4"]


def test_the_rate_limit_allows_a_burst_and_then_one_a_second():
    now = 0.0
    limit = RateLimit(burst=3, clock=lambda: now)
    assert [limit.wait("a") for _ in range(5)] == [0, 0, 0, 1, 1]
    assert limit.wait("b") == 0
    now = 1.0
    assert [limit.wait("a") for _ in range(2)] == [0, 1]
    now = 60.0
    assert [limit.wait("a") for _ in range(4)] == [0, 0, 0, 1]


def test_a_fault_lasts_as_many_posts_as_asked():
    faults = Faults()
    faults.set(Control(fail="500", times=2))
    assert [faults.take().fail for _ in range(3)] == ["500", "500", None]
