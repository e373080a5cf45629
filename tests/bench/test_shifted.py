"""What is taken for the moment at which traffic was back; nothing is made of what was not seen."""

import pytest

from bench.shifted import NotSeen, Seen, Shift, first, seconds, shifts

LOG = """\
2026-11-26T23:00:01.500+00:00 pid=7 exec host=app-1 seconds=0.250 ok=True what=activate-lease
2026-11-26T23:00:02.500+00:00 pid=7 exec host=app-1 seconds=0.250 ok=True what=edge-shift
2026-11-26T23:00:02.750+00:00 pid=7 exec host=app-2 seconds=0.500 ok=True what=edge-shift
2026-11-26T23:00:09.000+00:00 pid=7 exec host=app-1 seconds=0.100 ok=False what=edge-shift
2026-11-26T23:00:11.000+00:00 pid=7 exec host=app-1 seconds=0.100 ok=True what=edge-shift
""".splitlines()


def answers(*, edge="a", before=10, then=()):
    """What a client saw: so many answers of release 2 until second 10, then those given, each with its time."""
    return [Seen(edge, at / 10, "2") for at in range(100 - before, 100)] + [Seen(edge, at, each) for at, each in then]


def test_the_first_shift_asks_all_edges_at_once_and_lasts_until_the_last_has_answered():
    calls = shifts(LOG)
    assert len(calls) == 3
    found = first(calls, 2)
    assert found == Shift(calls[0].asked, calls[1].answered)
    assert found.answered - found.asked == pytest.approx(0.5)


def test_it_takes_until_every_client_has_an_answer_after_its_last_of_what_is_gone_back_from():
    one = answers(then=[(10.1, "1"), (10.3, "2"), (10.4, "1")])
    assert seconds(one, "2", 10.0) == pytest.approx(0.4)
    other = answers(edge="b", then=[(10.6, "1"), (10.7, "1")])
    mixed = sorted([*one, *other], key=lambda each: each.at)
    assert seconds(mixed, "2", 10.0) == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        (answers(then=[(10.1, None), (10.2, "1")]), "1 of 12 requests failed"),
        (answers(before=9, then=[(10.1, "1")]), "2 had no traffic before"),
        (answers(then=[(10.1, "1"), (10.2, "2")]), "2 still had traffic in the end"),
        ([*answers(then=[(10.1, "1")]), *answers(edge="b", before=0, then=[(10.1, "1")])], "2 had no traffic before"),
        ([], "0 of 0 requests failed"),
    ],
)
def test_what_was_not_seen_is_no_figure(seen, why):
    with pytest.raises(NotSeen, match=why):
        seconds(seen, "2", 10.0)


def test_a_way_back_that_asked_one_edge_alone_is_no_figure():
    with pytest.raises(NotSeen, match="1 edges were asked to shift, of 2"):
        first(shifts(LOG)[:1], 2)
