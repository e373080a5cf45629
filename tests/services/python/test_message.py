from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.services.python.harness import alert
from threader.incidents import Step
from threader.message import MAX_TEXT, RESOLVED, channel_for, render


@pytest.mark.parametrize(
    ("severity", "channel"),
    [
        ("critical", "#alerts-critical"),
        ("Warning", "#alerts-warning"),
        ("info", "#alerts-info"),
        ("none", "#alerts-warning"),
        ("", "#alerts-warning"),
    ],
)
def test_the_severity_chooses_the_channel(severity, channel):
    assert channel_for(alert(severity=severity), None) == channel


def test_a_fixed_channel_wins():
    assert channel_for(alert(), "#ops") == "#ops"


def test_a_first_message_tells_name_severity_environment_and_labels():
    message = render(alert(instance="db-1:9100"), Step.OPEN, "#c", "staging")
    assert message.text == ":rotating_light: Firing: *DiskFull* (critical, staging)"
    assert message.attachments[0]["text"] == (
        "the disk is full\n`instance` db-1:9100\n<http://prometheus.invalid/graph?g0.expr=up|source>"
    )


def test_a_resolved_reply_is_green_and_tells_how_long_it_took():
    message = render(alert("resolved"), Step.REPLY, "#c", "staging")
    assert message.text == ":white_check_mark: Resolved: *DiskFull* (critical, staging) after 12 min"
    assert message.attachments[0] == {"color": RESOLVED, "text": "the disk is full", "mrkdwn_in": ["text"]}


def test_a_resolution_without_a_known_thread_says_so():
    assert "its first message is not known here" in render(alert("resolved"), Step.OPEN_RESOLVED, "#c", "e").text


def test_labels_cannot_mention_anybody_or_make_links():
    message = render(alert(alertname="<!channel>", job="<http://evil.invalid|here>"), Step.OPEN, "#c", "e")
    assert "<!channel>" not in message.text
    assert "<http://evil" not in message.attachments[0]["text"]


def test_a_link_that_is_not_http_is_left_out():
    sly = alert().model_copy(update={"generator_url": "javascript:alert(1)"})
    assert "javascript" not in str(render(sly, Step.OPEN, "#c", "e"))


@given(st.dictionaries(st.text(max_size=50), st.text(max_size=500), max_size=100), st.sampled_from(Step))
def test_no_alert_makes_a_message_that_slack_refuses_for_its_size(labels, step):
    message = render(alert().model_copy(update={"labels": labels}), step, "#c", "e")
    assert 0 < len(message.text) <= MAX_TEXT
    assert len(message.attachments[0]["text"]) <= MAX_TEXT
