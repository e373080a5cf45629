"""Tells people how a rollout goes, as one Slack thread; a Slack that is down holds nothing up."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final

from deploy.rollout.history import version_of
from deploy.rollout.plan import Hold
from deploy.rollout.story import State, Story, in_short
from deploy.slack import SlackError, post

LAST: Final = 5.0
"""Seconds for which the end of a rollout waits for what is still to be told."""
Post = Callable[[str, str | None, bool], str]
"""Posts a text, into a thread, aloud or not, and gives its ts; raises SlackError."""


def posting(notify: Mapping[str, Any]) -> Post:
    """How a stack posts, by the input `notify` of its Rollout."""
    return lambda text, thread, aloud: post(
        str(notify["api"]), str(notify["token"]), str(notify["channel"]), text, thread, aloud=aloud
    )


class Notifier:
    """Is told the story of a rollout whenever it goes on, and posts what is new; the first message is the thread.

    `warn` hears once that Slack does not take it.
    """

    def __init__(self, send: Post, warn: Callable[[str], None], thread: str | None = None) -> None:
        self._send, self._warn, self._thread = send, warn, thread
        self._before: Story | None = None
        self._last: asyncio.Task[None] | None = None
        self._warned = False

    async def __call__(self, story: Story) -> str | None:
        """The thread, as far as it is known; nothing but the end waits for Slack, and that not for long."""
        aloud = story.state in (State.HELD, State.FAILED)
        for text in texts(self._before, story):
            self._last = asyncio.create_task(self._post(self._last, text, aloud))
        self._before = story
        if self._last and story.state is not State.RUNNING:
            over, _ = await asyncio.wait([self._last], timeout=LAST)
            if not over:
                self._told(f"no answer within {LAST:g} s")
        return self._thread

    async def _post(self, before: "asyncio.Task[None] | None", text: str, aloud: bool) -> None:
        """One after the other: the first one makes the thread."""
        if before:
            await before
        try:
            ts = await asyncio.to_thread(partial(self._send, text, self._thread, aloud))
        except SlackError as error:
            self._told(str(error))
        else:
            self._thread = self._thread or ts

    def _told(self, reason: str) -> None:
        if not self._warned:
            self._warn(f"Slack is not told of this rollout, which goes on all the same: {reason}")
        self._warned = True


def texts(before: Story | None, now: Story) -> Iterator[str]:
    """What is new in a story since it was told before. Pure."""
    if before is None:
        yield _opening(now)
    total = len(now.plan.stages)
    if now.state is State.RUNNING and total > 1 and (before is None or before.at != now.at):
        stage = now.plan.stages[now.at]
        if not isinstance(stage, Hold):
            yield f"{now.at + 1} of {total}: {' '.join(stage.lines(0)).removeprefix('0. ').partition('; undone: ')[0]}"
    for seen in now.seen[len(before.seen) if before else 0 :]:
        yield f"{seen.at + 1} of {total}: {seen.next}: {seen.reason}"
    if now.state is not State.RUNNING:
        yield _end(now)


def _opening(story: Story) -> str:
    if story.decision:
        return f"{story.id}: {story.decision.by} decided to {story.decision.verb} {story.decision.rollout}"
    versions = ", ".join(sorted({version_of(each) for each in story.wanted.instances.values()}))
    plan = "\n".join(line.partition("; undone: ")[0] for line in story.plan.lines())
    return f"{story.id}: {story.purpose} of {versions or 'nothing'} by {story.by}, {story.strategy}\n{plan}"


def _end(story: Story) -> str:
    reason = in_short(story.reason)
    match story.state:
        case State.HELD:
            after = f"threader rollout {story.id} --why, then threader promote {story.id} or threader abort {story.id}"
            return f"{story.id} is held: {reason}\nnext: {after}"
        case State.DONE:
            return f"{story.id} is done"
    return f"{story.id} {'has failed' if story.state is State.FAILED else 'is superseded'}: {reason}"
