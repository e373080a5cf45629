"""Each case file beside its golden text: what is told of a config, or the fleet that comes of it.

After a wanted change of words: UPDATE_GOLDEN=1 pytest tests/deploy/settings, then read the diff.
"""

import os
import pprint
import re
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from deploy.settings.errors import SettingsError
from deploy.settings.load import load
from deploy.settings.specs import Hold, HooksSpec, Strategy
from tools.setup.paths import ROOT
from tools.setup.stacks import COMMITTED

CASES = sorted(Path(__file__).with_name("cases").glob("*.yaml"))


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_a_config_is_told_as_its_golden_text_says(case):
    given = yaml.safe_load(case.read_text())
    count, text = outcome(given)
    golden = case.with_suffix(".txt")
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(text)
    assert count == given["findings"], text
    assert text == golden.read_text()
    assert "hunter2" not in text


def test_no_golden_text_is_without_its_case():
    texts = Path(__file__).with_name("cases").glob("*.txt")
    assert {path.stem for path in texts} == {path.stem for path in CASES}


def outcome(given):
    try:
        fleet = load(
            given["config"],
            secret_keys=frozenset(given.get("secret_keys", ())),
            environ=given.get("environ", {}),
            stack=given.get("stack", "dev"),
            stack_file=given.get("stack_file", {}),
            read_text=lambda path: reading(given.get("files", {}), path),
        )
    except SettingsError as error:
        return len(error.findings), f"{error}\n"
    shown = [f"{each.name}: {pprint.pformat(plain(getattr(fleet, each.name)), width=110)}" for each in fields(fleet)]
    return 0, "\n".join(shown) + "\n"


def reading(files, path):
    if path not in files:
        raise FileNotFoundError(2, "No such file or directory", path)
    return files[path]


def plain(value):
    return dict(value) if hasattr(value, "items") else value


@pytest.mark.parametrize("stack", COMMITTED)
def test_a_committed_stack_is_right_as_it_stands(stack):
    stack_file = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())
    config = {key.partition(":")[2]: value for key, value in stack_file["config"].items()}
    fleet = load(config, secret_keys=frozenset(), environ={}, stack=stack, stack_file=stack_file)
    assert len(fleet.edges) == 2
    assert fleet.protect == (stack == "prod")
    wanted = {"staging": (Strategy.CANARY, Hold.INCONCLUSIVE), "prod": (Strategy.BLUE_GREEN, Hold.ALWAYS)}
    assert (fleet.rollout.strategy, fleet.rollout.hold) == wanted[stack]
    assert fleet.hooks == HooksSpec()


def test_the_hook_of_staging_is_right_once_it_is_no_longer_commented_out():
    text = (ROOT / "Pulumi.staging.yaml").read_text()
    stack_file = yaml.safe_load(re.sub(r"^  # (?=alert-threader:hooks|  )", "  ", text, flags=re.MULTILINE))
    config = {key.partition(":")[2]: value for key, value in stack_file["config"].items()}
    fleet = load(config, secret_keys=frozenset(), environ={}, stack="staging", stack_file=stack_file)
    assert fleet.hooks == HooksSpec(before=("./scripts/announce start",))
