from __future__ import annotations

import json
import logging
import sys

from threader.log import JsonLines


def line(message: str, **fields: object) -> str:
    record = logging.LogRecord("threader", logging.ERROR, "f", 1, message, None, None)
    record.fields = fields
    return JsonLines(["xoxb-secret", "xoxb-secret-longer"], instance="a").format(record)


def test_a_log_line_is_one_json_object_with_its_fields():
    told = json.loads(line("two\nlines", kind="slack"))
    assert (told["level"], told["msg"], told["kind"], told["instance"]) == ("error", "two\nlines", "slack", "a")
    assert "\n" not in line("two\nlines")


def test_no_secret_is_left_in_a_line_wherever_it_was():
    told = line("with xoxb-secret-longer", field="xoxb-secret", nested={"deep": ["xoxb-secret"]})
    assert "xoxb" not in told


def test_a_traceback_is_a_field_without_secrets():
    try:
        raise ValueError("xoxb-secret")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "m", None, sys.exc_info())
    told = json.loads(JsonLines(["xoxb-secret"]).format(record))
    assert "ValueError: [REDACTED]" in told["traceback"]
