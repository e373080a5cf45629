"""One Slack thread for each rollout."""

import asyncio
import threading
from dataclasses import replace

from deploy import notify
from deploy.notify import Notifier, texts
from deploy.rollout.story import State
from deploy.slack import SlackError
from tests.deploy.cli.stories import IDLE, decided, story

BEGUN = story(State.RUNNING, 0)
LOOKING = story(State.RUNNING, IDLE)
SEEN = replace(LOOKING, seen=story(State.RUNNING, IDLE + 1).seen)
HELD = story()


def told(notifier, *stories):
    async def go():
        return [await notifier(each) for each in stories]

    return asyncio.run(go())


class Slack:
    """Keeps what is posted; `fails` are the numbers of the messages that it does not take."""

    def __init__(self, *fails):
        self.posted, self.fails, self.calls = [], fails, 0

    def __call__(self, text, thread, aloud):
        self.calls += 1
        if self.calls in self.fails:
            raise SlackError("HTTP 503")
        self.posted.append((text.splitlines()[0], thread, aloud))
        return f"ts{self.calls}"


def test_the_first_message_says_what_will_be_done():
    opening, first = texts(None, BEGUN)
    assert opening.startswith("r7: deploy of 1.0.2 by alice@laptop, canary\n1. keep py-a--prev")
    assert first == "1 of 10: keep py-a--prev on app-1: 1.0.1-aaaaaaaaaa"


def test_each_stage_each_check_and_the_end_are_told_once():
    assert list(texts(BEGUN, LOOKING)) == ["4 of 10: check py-a, idle"]
    assert list(texts(LOOKING, SEEN)) == ["4 of 10: go on: smoke passed"]
    assert list(texts(SEEN, SEEN)) == []
    *_, end = texts(SEEN, HELD)
    assert end.startswith("r7 is held: check py-a with 10 % of the traffic: delivery is inconclusive")
    assert end.endswith("next: threader rollout r7 --why, then threader promote r7 or threader abort r7")
    assert list(texts(SEEN, replace(SEEN, state=State.DONE))) == ["r7 is done"]
    failed = replace(SEEN, state=State.FAILED, reason="rollout failed: a; all are back; next: x")
    assert list(texts(SEEN, failed)) == ["r7 has failed: a; all are back"]


def test_all_of_it_is_one_thread_and_what_is_held_is_said_aloud():
    slack, warned = Slack(), []
    assert told(Notifier(slack, warned.append), BEGUN, LOOKING, HELD)[-1] == "ts1"
    assert [thread for _, thread, _ in slack.posted] == [None, *["ts1"] * (len(slack.posted) - 1)]
    assert [aloud for _, _, aloud in slack.posted][-1] is True
    assert slack.posted[1][2] is False
    assert warned == []


def test_a_promoted_one_goes_on_in_the_same_thread():
    slack = Slack()
    told(Notifier(slack, print, "ts0"), decided(state=State.RUNNING), decided())
    assert slack.posted[0] == ("r8: ann@ops decided to promote r7", "ts0", False)
    assert {thread for _, thread, _ in slack.posted} == {"ts0"}


def test_a_slack_that_fails_is_told_once_and_the_thread_begins_later():
    slack, warned = Slack(1, 2), []
    assert told(Notifier(slack, warned.append), BEGUN, LOOKING, HELD)[-1] == "ts3"
    assert warned == ["Slack is not told of this rollout, which goes on all the same: HTTP 503"]
    assert slack.posted[0][1] is None


def test_a_slack_that_hangs_holds_nothing_up(monkeypatch):
    monkeypatch.setattr(notify, "LAST", 0.05)
    over, warned = threading.Event(), []

    def hangs(text, thread, aloud):
        over.wait(5)
        return "ts"

    async def go():
        notifier = Notifier(hangs, warned.append)
        threads = [await notifier(BEGUN), await notifier(replace(BEGUN, state=State.DONE))]
        over.set()
        return threads

    assert asyncio.run(go()) == [None, None]
    assert "no answer within 0.05 s" in warned[0]
