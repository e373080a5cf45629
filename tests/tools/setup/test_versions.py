import pytest

from tools.setup.versions import parse, text


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("v3.230.0", (3, 230, 0)),
        ("3.220", (3, 220)),
        ("go1.25.8", (1, 25, 8)),
        ("v3.231.0-alpha.1+dirty", (3, 231, 0)),
        ("  v3.1.0\n", (3, 1, 0)),
        ("", ()),
        ("unknown", ()),
    ],
)
def test_a_version_is_read_as_programs_print_it(said, version):
    assert parse(said) == version


def test_a_later_minor_version_is_newer_although_its_text_sorts_before():
    assert parse("v3.230.0") > parse("v3.99.0")


def test_a_program_that_says_nothing_is_older_than_all():
    assert parse("") < parse("v0.0.1")


def test_a_version_is_written_with_dots():
    assert text((1, 25, 8)) == "1.25.8"
