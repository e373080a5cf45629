"""Something that is done again and again while something else happens, at each of several places side by side."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def repeating(act: Callable[[T], object], places: Iterable[T], pause: float) -> Iterator[None]:
    """`act` on each place, from a thread of its own with `pause` seconds between, until the context ends."""
    over = threading.Event()

    def repeated(place: T) -> None:
        while not over.wait(pause):
            act(place)

    threads = [threading.Thread(target=repeated, args=(place,), daemon=True) for place in places]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()
