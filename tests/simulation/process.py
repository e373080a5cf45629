"""A process of a simulated machine: an event loop on the world's clock, which can be stopped, continued and killed."""

import asyncio
from collections import deque
from collections.abc import Coroutine
from contextvars import Context
from typing import Any, Final

from tests.simulation.agenda import Agenda

_running: Final = asyncio._set_running_loop


class Process(asyncio.AbstractEventLoop):
    """One asyncio event loop. A turn of it is one step of the world, so that processes mix as real ones do."""

    def __init__(self, agenda: Agenda, name: str = "process") -> None:
        self.agenda, self.name = agenda, name
        self.stopped = self.killed = False
        self.held_at = float("-inf")
        """When it was last answered about the lease."""
        self.began_at = float("inf")
        """When it began its first switch."""
        self.token = ""
        self.killed_at = float("inf")
        self.errors: list[dict[str, Any]] = []
        self._ready: deque[asyncio.Handle] = deque()
        self._planned = False
        self._tasks: list[asyncio.Task] = []

    # --- what the world does to it

    def stop_signal(self) -> None:
        """SIGSTOP: time goes on, the process does not."""
        self.stopped = True

    def continue_signal(self) -> None:
        """SIGCONT: it goes on as if nothing had happened."""
        self.stopped = False
        if not self.killed:
            self._plan()

    def kill_signal(self) -> None:
        """SIGKILL: nothing of it ever runs again."""
        self.killed, self.killed_at = True, self.agenda.now
        self._ready.clear()

    def bury(self) -> None:
        """Take what a killed process had in memory away without a word; the world does not see any of it."""
        self.killed = True
        _running(self)
        while self._tasks:
            task = self._tasks.pop()
            if not task.done():
                task._log_destroy_pending = False
                _end(task.get_coro())
        _running(None)

    # --- what asyncio asks of a loop

    def time(self) -> float:
        return self.agenda.now

    def call_soon(self, callback: Any, *words: Any, context: Context | None = None) -> asyncio.Handle:
        handle = asyncio.Handle(callback, words, self, context)
        self._arrived(handle)
        return handle

    call_soon_threadsafe = call_soon

    def call_later(self, delay: float, callback: Any, *words: Any, context: Context | None = None) -> Any:
        return self.call_at(self.agenda.now + delay, callback, *words, context=context)

    def call_at(self, when: float, callback: Any, *words: Any, context: Context | None = None) -> Any:
        handle = asyncio.TimerHandle(when, callback, words, self, context)
        self.agenda.at(when, self._arrived, handle)
        return handle

    def create_future(self) -> asyncio.Future:
        return asyncio.Future(loop=self)

    def create_task(self, coroutine: Coroutine, *, name: str | None = None, context: Context | None = None) -> Any:
        self._tasks.append(asyncio.Task(coroutine, loop=self, name=name))
        return self._tasks[-1]

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return not self.killed

    def is_closed(self) -> bool:
        return self.killed

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        self.errors.append(context)

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """It does nothing when its time comes."""

    # --- how it runs

    def _arrived(self, handle: asyncio.Handle) -> None:
        if not self.killed and not handle._cancelled:
            self._ready.append(handle)
            if not self._planned:
                self._plan()

    def _plan(self) -> None:
        if not self._planned and not self.stopped:
            self._planned = True
            self.agenda.at(self.agenda.now, self._turn)

    def _turn(self) -> None:
        """What asyncio does at a time: all that was ready when the turn began."""
        self._planned = False
        if self.stopped or self.killed:
            return
        _running(self)
        try:
            for _ in range(len(self._ready)):
                handle = self._ready.popleft()
                if not handle._cancelled:
                    handle._run()
        finally:
            _running(None)
        if self._ready:
            self._plan()


def _end(coroutine: Coroutine) -> None:
    """A coroutine may wait again when it is told to go, as often as it has something to clean up."""
    while True:
        try:
            coroutine.throw(_Buried)
        except BaseException:
            return


class _Buried(BaseException):
    """Ends a coroutine whose process is gone."""


def run(coroutine: Coroutine, seed: int = 0) -> Any:
    """The result of a coroutine in a world of its own, in which waiting takes no time."""
    process = Process(Agenda(seed))
    task = process.create_task(coroutine)
    if not process.agenda.run(task.done):
        task.cancel()
        process.agenda.run(task.done)
        raise AssertionError("it waits for something that never happens")
    return task.result()
