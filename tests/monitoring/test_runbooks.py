"""Every alert has a page that says what to do, of commands that exist; no page is about nothing."""

import re
import shlex

import pytest

from deploy.cli.app import app
from monitoring import loki
from monitoring.rules import alerts
from tests.monitoring.fleets import FLEET
from tools.setup.paths import ROOT

FOLDER = ROOT / "docs" / "runbooks"
OF_LOKI = {rule.name for group in loki.groups(FLEET) for rule in group.rules}
NAMES = sorted({rule.name for rule in alerts(FLEET)} | OF_LOKI | {"ThreaderHealthCheckFailing"})
"""Alerts of Prometheus, of Loki, and of the health checks themselves."""
VERBS = {each.name or each.callback.__name__ for each in app.registered_commands}
TOOLS = {"threader", "systemctl", "journalctl", "curl", "ssh", "df", "du"}


def page(name):
    return (FOLDER / f"{name}.md").read_text()


def commands(name):
    block = re.search(r"```bash\n(.*?)```", page(name), re.DOTALL)[1]
    return [shlex.split(line, comments=True) for line in block.splitlines()]


def test_there_is_a_page_for_every_alert_and_for_nothing_else():
    assert sorted(path.stem for path in FOLDER.glob("*.md")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_page_has_four_parts_and_is_short(name):
    text = page(name)
    assert text.startswith(f"# {name}\n")
    assert re.findall(r"^## (.*)", text, re.MULTILINE) == ["Meaning", "Impact", "First three commands", "Fix"]
    assert len(text.splitlines()) < 30


@pytest.mark.parametrize("name", NAMES)
def test_the_first_three_commands_exist(name):
    found = commands(name)
    assert len(found) == 3
    assert {words[0] for words in found} <= TOOLS
    assert {words[1] for words in found if words[0] == "threader"} <= VERBS


@pytest.mark.parametrize("name", NAMES)
def test_what_a_page_leads_to_exists(name):
    text = page(name)
    assert all((FOLDER / link).is_file() for link in re.findall(r"\]\(([^)]+)\)", text))
    assert all((ROOT / path).is_file() for path in re.findall(r"deploy/ops/\w+\.py", text))
    assert set(re.findall(r"`threader (\w+)", text)) <= VERBS
