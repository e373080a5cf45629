"""The env file against systemd's own rules, so that a threader gets exactly the values that were configured."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from deploy.manifest.environment import parse, render

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
VALUES = st.text(st.characters(exclude_characters="\n\0", exclude_categories=["Cs"])) | st.text("\\\"'`$#; n=")
ENVIRONMENTS = st.dictionaries(NAMES, VALUES, max_size=5)


def as_systemd_reads(text):
    """The double-quoted form of systemd.exec(5), EnvironmentFile=: \\ escapes only ", \\, ` and $ (POSIX shell)."""
    found = {}
    for line in text.splitlines(keepends=False) if "\r" not in text else text.split("\n"):
        if not line:
            continue
        name, _, rest = line.partition("=")
        assert rest[0] == rest[-1] == '"'
        value, at, inner = "", 0, rest[1:-1]
        while at < len(inner):
            if inner[at] == "\\" and at + 1 < len(inner) and inner[at + 1] in '"\\`$':
                at += 1
            else:
                assert inner[at] != '"', "the quotes would end here"
            value, at = value + inner[at], at + 1
        found[name] = value
    return found


@given(ENVIRONMENTS)
@example({"A": 'say "hi"', "B": "back\\slash\\", "C": "`id` $HOME", "D": "", "E": "  # no comment ", "F": "\\n"})
def test_what_is_written_is_read_again(env):
    assert parse(render(env)) == env


@given(st.dictionaries(NAMES, st.text(st.characters(min_codepoint=32, max_codepoint=126)), max_size=4))
@example({"A": 'a"b', "B": "a\\b", "C": "a`b$c", "D": "\\", "E": "\\\\n"})
def test_systemd_reads_what_was_written(env):
    assert as_systemd_reads(render(env)) == env


def test_variables_are_sorted_so_that_equal_ones_make_equal_files():
    assert render({"B": "2", "A": "1"}) == render({"A": "1", "B": "2"}) == 'A="1"\nB="2"\n'


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A=bare\n", {"A": "bare"}),
        ("A=\n", {"A": ""}),
        ('A="1"\nA="2"\n', {"A": "2"}),
        ('# by hand\nA="1"\n', {"line 1": "# by hand", "A": "1"}),
        ('export A="1"\n', {"line 1": 'export A="1"'}),
        (' A="1"\n', {"line 1": ' A="1"'}),
        ('A="never ends\n', {"A": '"never ends'}),
        (r'A="a\nb"' + "\n", {"A": r"a\nb"}),
        ("\n\n", {}),
        ("", {}),
    ],
)
def test_a_file_edited_by_hand_is_shown_as_it_is(text, found):
    assert parse(text) == found


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_can_be_read(text):
    assert all(isinstance(value, str) for value in parse(text).values())
