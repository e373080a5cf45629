"""What README and docs tell people to type exists, with those options."""

import re
import shlex

import pytest
import typer

from deploy.cli.app import app
from tools.setup.paths import ROOT

PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
USED_WRONGLY = typer.BadParameter.__base__
TYPED = re.compile(r"^\$ (?:THREADER_\w+=\S+ )?threader (.*?)(?: +#.*)?$|`threader ([^`|]+)`", re.MULTILINE)


def told(page):
    """The words behind `threader`, wherever a page has it as a command."""
    return [block or inline for block, inline in TYPED.findall(page.read_text())]


def parsed(line):
    """Let the program read a command line as it would, without doing anything."""
    group = typer.main.get_command(app)
    verb, *rest = shlex.split(line)
    if verb != "--help":
        group.commands[verb].make_context(verb, rest)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_of_a_page_is_one(page):
    wrong = []
    for line in told(page):
        try:
            parsed(line)
        except (USED_WRONGLY, KeyError, ValueError) as error:
            wrong.append(f"threader {line}: {error}")
    assert not wrong, "\n".join(wrong)


def test_a_command_that_does_not_exist_is_found():
    with pytest.raises(USED_WRONGLY, match="--holds"):
        parsed("canary --holds always")
    with pytest.raises(KeyError, match="canari"):
        parsed("canari")
