"""The name of a generation: told apart by everything that it is made of, and silent about its secrets."""

import re
from dataclasses import replace

import pytest

from deploy.manifest import generation as module
from deploy.manifest.generation import Generation, keyed_digest

KEY = "0123456789abcdef"
MADE = Generation("1.2.0", "ab" * 32, {"unit.conf": "[Unit]\n"}, {"BIND_PORT": "9009"}, {"SLACK_BOT_TOKEN": "xoxb-1"})
OTHERS = {
    "version": replace(MADE, version="1.2.1"),
    "release": replace(MADE, release="cd" * 32),
    "a settings file": replace(MADE, settings={"unit.conf": "[Unit]\nAfter=x\n"}),
    "one more settings file": replace(MADE, settings={**MADE.settings, "settings.json": "{}"}),
    "a variable": replace(MADE, env={"BIND_PORT": "9010"}),
    "one more variable": replace(MADE, env={**MADE.env, "LOG_LEVEL": "info"}),
    "a secret": replace(MADE, secrets={"SLACK_BOT_TOKEN": "xoxb-2"}),
    "the name of a secret": replace(MADE, secrets={"SLACK_TOKEN": "xoxb-1"}),
    "no secret": replace(MADE, secrets={}),
    "a secret that is a variable": replace(MADE, env={**MADE.env, "SLACK_BOT_TOKEN": "xoxb-1"}, secrets={}),
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS.keys())
def test_another_part_makes_another_name(other):
    assert other.identity(KEY) != MADE.identity(KEY)


def test_equal_content_has_an_equal_name_in_whatever_order_it_is_given():
    twice = replace(MADE, env={"A": "1", "BIND_PORT": "9009"})
    again = replace(MADE, env={"BIND_PORT": "9009", "A": "1"})
    assert twice.identity(KEY) == again.identity(KEY)


def test_the_name_stays_what_it_is_from_one_version_of_this_program_to_the_next():
    assert MADE.identity(KEY) == "1.2.0-12973422b3"


def test_the_name_is_the_version_and_ten_hexadecimal_digits():
    assert re.fullmatch(r"1\.2\.0-[0-9a-f]{10}", MADE.identity(KEY))


def test_another_key_makes_another_name_so_that_secrets_can_not_be_guessed_by_their_digest():
    assert MADE.identity("another key") != MADE.identity(KEY)


def test_without_secrets_the_key_does_not_matter():
    assert OTHERS["no secret"].identity(KEY) == OTHERS["no secret"].identity("another key")


def test_secrets_enter_by_their_keyed_digest_only(monkeypatch):
    monkeypatch.setattr(module, "keyed_digest", lambda key, name, value: "the same")
    assert OTHERS["a secret"].identity(KEY) == MADE.identity(KEY)


def test_the_digests_of_one_value_under_two_names_do_not_show_that_it_is_the_same():
    assert keyed_digest(KEY, "A", "value") != keyed_digest(KEY, "B", "value")
