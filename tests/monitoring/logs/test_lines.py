"""What Loki gets of a line: labels, text and time, by the real syslog-ng."""

import json

import pytest

from tests.monitoring.logs.loki import Loki
from tests.monitoring.logs.shipper import NEEDED, Shipper, soon

pytestmark = [NEEDED, pytest.mark.toolchain]
PYTHON = {"job": "alert_threader", "instance": "py-a", "impl": "python", "host": "app-1"}
FLEET = {"job": "alert_threader_fleet", "host": "app-1"}


def said(level, message="it happened"):
    return json.dumps({"ts": "2026-01-01T00:00:00.000+00:00", "level": level, "msg": message, "instance": "py-a"})


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    with Loki() as loki, Shipper(tmp_path_factory.mktemp("shipper"), loki.url) as shipper:
        yield loki, shipper


def arrived(shipped, *messages, **entry):
    """What arrives after lines were written."""
    loki, shipper = shipped
    before = len(loki.lines)
    shipper.write(*messages, **entry)
    shipper.write("end", unit="alert-threader-end.service")
    soon(lambda: len(loki.lines) > before and loki.lines[-1][1] == "end")
    return loki.lines[before:-1]


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
def test_a_line_of_a_threader_has_the_level_that_it_says(shipped, level):
    assert arrived(shipped, said(level)) == [({**PYTHON, "level": level}, said(level))]


def test_the_implementation_is_that_of_the_settings(shipped):
    found = arrived(shipped, said("info"), unit="alert-threader@go-a.service")
    assert [(labels["instance"], labels["impl"]) for labels, _ in found] == [("go-a", "go")]


def test_an_instance_that_the_host_no_longer_has_goes_without(shipped):
    ((labels, _),) = arrived(shipped, said("info"), unit="alert-threader@node-b.service")
    assert labels == {"job": "alert_threader", "instance": "node-b", "level": "info", "host": "app-1"}


@pytest.mark.parametrize(
    ("priority", "level"),
    [(0, "error"), (2, "error"), (3, "error"), (4, "warning"), (5, "info"), (6, "info"), (7, "debug")],
)
def test_a_line_that_says_no_level_has_that_of_its_priority(shipped, priority, level):
    texts = ["Traceback (most recent call last):", '{"level": "loud"}', '["error"]', '{"level":', "5"]
    assert arrived(shipped, *texts, priority=priority) == [({**PYTHON, "level": level}, text) for text in texts]


@pytest.mark.parametrize(
    "text",
    [
        'a "quoted" word, a back\\slash and a \t tab',
        "é ☃ 🎉",
        "$(rm) ${MESSAGE} $MESSAGE @version {} '} ]]",
        "two\nlines",
        "  spaces  ",
        "x" * 48_000,
    ],
)
def test_a_text_arrives_as_it_was_written(shipped, text):
    assert [found for _, found in arrived(shipped, text)] == [text]
    inside = said("error", text)
    assert [found for _, found in arrived(shipped, inside)] == [inside]


def test_another_unit_of_ours_is_named(shipped):
    unit = "alert-threader-edge.service"
    assert arrived(shipped, "reloading", unit=unit) == [({**FLEET, "unit": unit, "level": "info"}, "reloading")]


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("ts=2026-01-01 caller=main.go level=warn msg=late", "warning"),
        ("level=error msg=no", "error"),
        ("msg=sublevel=error", "info"),
        ("level=loud", "info"),
    ],
)
def test_a_program_in_go_says_its_level_in_logfmt(shipped, text, level):
    ((labels, _),) = arrived(shipped, text, unit="alert-threader-prometheus.service")
    assert labels["level"] == level


def test_what_systemd_says_of_a_unit_in_trouble_is_there(shipped):
    told = {"unit": "init.scope", "_PID": "1", "UNIT": "alert-threader@py-a.service"}
    ((labels, text),) = arrived(shipped, "Failed with result 'exit-code'.", priority=4, **told)
    assert labels == {**FLEET, "unit": "alert-threader@py-a.service", "level": "warning"}
    assert text == "Failed with result 'exit-code'."
    assert arrived(shipped, "Started.", **told) == []


@pytest.mark.parametrize(
    "unit", ["ssh.service", "not-alert-threader@py-a.service", "alert-threader-log-shipper.service"]
)
def test_nothing_else_is_sent(shipped, unit):
    assert arrived(shipped, "secret", unit=unit) == []


def test_nobody_but_systemd_speaks_for_a_unit(shipped):
    assert arrived(shipped, "x", unit="ssh.service", priority=3, _PID="7", UNIT="alert-threader@py-a.service") == []


def stamps(shipped, *moments, many=1):
    """The nanoseconds that lines of some moments get, `many` of each."""
    loki, shipper = shipped
    before = len(loki.taken)
    for moment in moments:
        shipper.write(*["tick"] * many, unit="alert-threader-clock.service", TIME=f"{moment:.6f}")
    soon(lambda: sum(text == "tick" for _, _, text in loki.taken[before:]) == many * len(moments))
    return [int(when) for _, when, text in loki.taken[before:] if text == "tick"]


def test_the_time_of_a_line_is_that_of_the_journal_in_nanoseconds(shipped):
    arrived(shipped, "the first one, which is later by as much as a shipper that just started can not know")
    assert stamps(shipped, 2e9, 2e9 + 0.000123, 2e9 + 5.05) == [
        2 * 10**18,
        2 * 10**18 + 123_000,
        2 * 10**18 + 5_050_000_000,
    ]


def test_lines_of_one_moment_keep_their_order(shipped):
    first = (2 * 10**9 + 60) * 10**9
    assert stamps(shipped, 2e9 + 60, 2e9 + 60.000001, many=1500) == [*range(first, first + 3000)]


def test_a_clock_that_is_set_back_is_followed(shipped):
    moments = 3e9, 2e9 + 120, 2e9 + 120.5, 2e9 + 120.2, 2e9 + 130
    found = stamps(shipped, *moments)
    assert found[:3] == [round(moment * 10**9) for moment in moments[:3]]
    assert found[3] == found[2] + 1
    assert found[4] == round(moments[4] * 10**9)


def test_a_shipper_that_starts_between_lines_of_one_moment_goes_on_after_them(tmp_path):
    def write(moment, *numbers):
        shipper.write(*map(str, numbers), unit="alert-threader-clock.service", TIME=f"{moment:.6f}")
        with shipper:
            soon(lambda: {str(number) for number in numbers} <= {text for _, text in loki.lines})

    with Loki() as loki:
        shipper = Shipper(tmp_path, loki.url)
        shipper.write("-1", unit="alert-threader-clock.service", TIME="1999999999.000000")
        write(2e9, *range(300))
        write(2e9, *range(300, 600))
    stamps = {
        int(text): int(when) for labels, when, text in loki.taken if labels.get("unit", "").endswith("clock.service")
    }
    assert sorted(stamps, key=stamps.__getitem__) == [*range(-1, 600)]
    assert stamps[299] - 2 * 10**18 == 299
    assert stamps[599] - 2 * 10**18 < 200_000


def test_the_shipper_says_that_it_is_there_and_how_it_is(shipped):
    loki, _ = shipped

    def own():
        unit = {**FLEET, "unit": "alert-threader-log-shipper.service", "level": "info"}
        return [text for labels, _, text in loki.taken if labels == unit]

    soon(lambda: any("queued='" in text for text in own()))
    assert own()[0].startswith("syslog-ng starting up")
