import pytest

from deploy.cli.times import shown, span


@pytest.mark.parametrize(
    ("iso", "seconds", "text"),
    [
        ("2026-11-24T12:02:03Z", True, "2026-11-24 12:02:03"),
        ("2026-11-24T12:02:03Z", False, "2026-11-24 12:02"),
        ("2026-11-24T12:02:03.123456Z", True, "2026-11-24 12:02:03"),
        ("", True, "-"),
        (None, True, "-"),
    ],
)
def test_a_time_is_shown_without_what_everybody_knows(iso, seconds, text):
    assert shown(iso, seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0 s"),
        (0.4, "0 s"),
        (119.4, "119 s"),
        (120, "2 min"),
        (7199, "119 min"),
        (7200, "2 h"),
        (172799, "47 h"),
        (172800, "2 d"),
    ],
)
def test_a_span_has_one_unit(seconds, text):
    assert span(seconds) == text
