import threading
from collections import Counter

from tests.fleet.records import until
from tools.load.repeating import repeating


def test_it_is_done_at_each_place_until_the_context_ends():
    done = Counter()
    with repeating(lambda place: done.update([place]), ["a", "b"], 0.001):
        until(lambda: min(done["a"], done["b"]) > 2, 10)
    assert done.keys() == {"a", "b"}


def test_nothing_of_it_goes_on_after_that():
    before = threading.active_count()
    with repeating(lambda _: None, ["a", "b"], 0.001):
        assert threading.active_count() == before + 2
    assert threading.active_count() == before
