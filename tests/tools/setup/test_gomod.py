import pytest

from tools.setup import gomod


def test_the_cli_version_comes_from_the_committed_go_mod():
    assert gomod.cli_version().startswith("v3.")


def test_the_needed_go_is_the_newer_of_both_modules():
    assert gomod.needed_go() >= (1, 24)


def test_a_version_is_found_in_a_block_and_on_a_line_of_its_own():
    assert gomod.version("require (\n\tx.org/a v1.2.3 // indirect\n)\n", "x.org/a") == "v1.2.3"
    assert gomod.version("require x.org/a v1.2.3\n", "x.org/a") == "v1.2.3"


def test_a_missing_module_is_an_error_that_names_it():
    with pytest.raises(ValueError, match=r"x\.org/b"):
        gomod.version("require x.org/a v1.2.3\n", "x.org/b")


def test_the_digest_changes_with_every_file_and_with_the_machine():
    digests = {
        gomod.digest([b"a", b"b"], "x86_64"),
        gomod.digest([b"a", b"c"], "x86_64"),
        gomod.digest([b"ab"], "x86_64"),
        gomod.digest([b"a", b"b"], "aarch64"),
    }
    assert len(digests) == 4
    assert gomod.digest([b"a", b"b"], "x86_64") in digests


def test_every_module_is_pinned_by_go_sum():
    for folder in (gomod.CLI, gomod.LANGUAGE_HOST):
        assert (folder / "go.sum").stat().st_size > 1000
