"""docs/your-own-hosts.md, followed word for word: from three blank hosts to a fleet, a second release, and back."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fleet import page
from tests.fleet.lab import SPARE, Lab
from tools.local.webhook import threads
from tools.matrix.clone import Clone
from tools.setup.paths import ROOT

pytestmark = pytest.mark.fleet
PAGE = page.Page((ROOT / "docs" / "your-own-hosts.md").read_text())
PATIENCE = 600.0


@dataclass(frozen=True)
class Followed:
    """How far the page's commands came, and what each block said."""

    code: int
    output: str
    blocks: list[str]

    def said(self, word: str) -> list[str]:
        """The output of the blocks that have a command."""
        told = page.parts(self.output)
        return [text for block, (text, _) in zip(self.blocks, told, strict=False) if word in block]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("operator")
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def followed(lab: Lab, folder: Path) -> Followed:
    lab.whole(*SPARE)
    lab.blank(*SPARE)
    home = folder / "ssh"
    home.mkdir(mode=0o700)
    shutil.copy(lab.fleet.host(SPARE[0]).key, home / "id_ed25519")
    blocks = PAGE.blocks(words(lab))
    answers = {"SLACK_BOT_TOKEN": lab.slack_token, "REDIS_URL": lab.redis_url}
    for name, value in answers.items():
        (folder / name).write_text(value)
    script = page.script(blocks, {name: folder / name for name in answers})
    code, output = page.run(script, folder, home, Clone(folder).environment(), PATIENCE)
    for block, (_, seconds) in zip(blocks, page.parts(output), strict=False):
        print(f"{seconds:6.1f} s  {block.splitlines()[0][:90]}")
    return Followed(code, output, blocks)


def words(lab: Lab) -> dict[str, str]:
    """What a reader of the page would put for its words."""
    return {
        "https://git.example.com/alert-threader-fleet.git": str(ROOT),
        **{f"app-{number}.example.com": lab.address(host) for number, host in enumerate(SPARE, 1)},
        "user: deploy": "user: ops",
        "deploy@": "ops@",
        "https://slack.com/api": f"{lab.slack}/api",
    }


def test_every_command_of_the_page_works(followed: Followed):
    assert followed.code == 0, followed.output[-6000:]
    assert len(page.parts(followed.output)) == len(followed.blocks)


def test_after_the_deploy_the_fleet_runs_the_release(followed: Followed):
    first, second, back = followed.said("threader status")
    for told, version in ((first, "1.0.0-"), (second, "1.0.1-"), (back, "1.0.0-")):
        rows = told.rpartition("INSTANCE")[2].partition("\n\n")[0].splitlines()[1:]
        assert [version in row for row in rows] == [True] * 3, told
        assert "stack mine: 3 of 3 instances are as they should be" in told


def test_the_alert_that_the_page_sends_through_the_edge_is_a_thread(followed: Followed, lab: Lab):
    assert [len(thread) for thread in threads(lab.slack, "HelloFleet")] == [1]


def test_each_instance_has_its_health_timer(followed: Followed):
    (told,) = followed.said("list-timers")
    assert "alert-threader-health@py-app-2.timer" in told


def test_the_history_tells_of_both_releases(followed: Followed):
    (told,) = followed.said("threader history")
    assert "1.0.0" in told
    assert "1.0.1" in told


def test_the_archives_of_a_diagnosis_are_where_the_page_says(followed: Followed, folder: Path):
    found = list((folder / "alert-threader-fleet" / ".state" / "diagnostics").iterdir())
    assert len(found) == len(SPARE)


def test_no_secret_and_no_traceback_is_shown(followed: Followed, lab: Lab):
    assert [what for what, value in lab.secrets.items() if value in followed.output] == []
    assert "Traceback" not in followed.output


def test_nothing_runs_on_in_the_checkout(followed: Followed, folder: Path):
    assert [line for line in Clone(folder).running() if str(os.getpid()) not in line] == []
