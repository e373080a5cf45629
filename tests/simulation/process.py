"""A process of a simulated machine: an event loop on the world's clock, which can be stopped, continued and killed."""

import asyncio
from collections import deque
from collections.abc import Coroutine
from contextvars import Context
from typing import Any

from tests.simulation.agenda import Agenda

_running = asyncio._set_running_loop


class Process(asyncio.AbstractEventLoop):
    """One asyncio event loop. One handle is one step of the world, so that processes mix between any two awaits."""

    def __init__(self, agenda: Agenda, name: str = "process") -> None:
        self.agenda, self.name = agenda, name
        self.stopped = self.killed = False
        self.errors: list[dict[str, Any]] = []
        self._ready: deque[asyncio.Handle] = deque()
        self._planned = False

    # --- what the world does to it

    def stop_signal(self) -> None:
        """SIGSTOP: time goes on, the process does not."""
        self.stopped = True

    def continue_signal(self) -> None:
        """SIGCONT: it goes on as if nothing had happened."""
        self.stopped = False
        self._plan()

    def kill_signal(self) -> None:
        """SIGKILL: nothing of it ever runs again."""
        self.killed = True
        self._ready.clear()

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
        return asyncio.Task(coroutine, loop=self, name=name)

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
        if self.killed or handle.cancelled():
            return
        self._ready.append(handle)
        self._plan()

    def _plan(self) -> None:
        if self._ready and not self._planned and not self.stopped and not self.killed:
            self._planned = True
            self.agenda.at(self.agenda.now, self._one)

    def _one(self) -> None:
        self._planned = False
        if self.stopped or not self._ready:
            return
        handle = self._ready.popleft()
        _running(self)
        try:
            if not handle.cancelled():
                handle._run()
        finally:
            _running(None)
        self._plan()


def run(coroutine: Coroutine, seed: int = 0) -> Any:
    """The result of a coroutine in a world of its own, in which waiting takes no time."""
    process = Process(Agenda(seed))
    task = process.create_task(coroutine)
    if not process.agenda.run(task.done):
        task.cancel()
        process.agenda.run(task.done)
        raise AssertionError("it waits for something that never happens")
    return task.result()
