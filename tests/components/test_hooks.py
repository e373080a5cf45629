"""Hooks around a rollout, with the engine and Pulumi's own command line replaced. They need a plugin of Pulumi's."""

import json
import runpy
import sys

import pulumi
import pytest

from components import configuration, hooks
from components.hooks import PACKAGE, install, need_plugin
from deploy.hosts.client import ROOT
from deploy.settings.specs import HooksSpec
from tests.components.engine import run
from tests.components.test_configuration import GOOD

BEFORE, AFTER, NONE = HooksSpec(before=("true",)), HooksSpec(after=("true",)), HooksSpec()
NUMBER = hooks.version(PACKAGE)


class Pulumi:
    """The command line of Pulumi, which says something when it fails."""

    def __init__(self, says=None):
        self.says, self.called = says, []

    def __call__(self, words):
        self.called.append(" ".join(words))
        return self.says


def elsewhere(path, **more):
    return {"PULUMI_HOME": str(path), "PATH": str(path), **more}


def test_without_hooks_nobody_looks_for_a_plugin(tmp_path):
    asked = Pulumi("no network")
    need_plugin(NONE, elsewhere(tmp_path), asked)
    assert asked.called == []


@pytest.mark.parametrize("wanted", [BEFORE, AFTER])
def test_a_plugin_that_is_there_is_enough(tmp_path, wanted):
    (tmp_path / "plugins" / f"resource-command-v{NUMBER}").mkdir(parents=True)
    asked = Pulumi("no network")
    need_plugin(wanted, elsewhere(tmp_path), asked)
    assert asked.called == []


def test_one_on_the_path_is_as_good(tmp_path):
    program = tmp_path / "pulumi-resource-command"
    program.touch()
    program.chmod(0o755)
    need_plugin(BEFORE, elsewhere(tmp_path), Pulumi("no network"))


def test_one_that_is_not_there_is_downloaded(tmp_path):
    asked = Pulumi()
    need_plugin(BEFORE, elsewhere(tmp_path), asked)
    assert asked.called == [f"pulumi plugin install resource command v{NUMBER}"]


@pytest.mark.parametrize("wanted", [BEFORE, AFTER])
def test_one_that_can_not_be_had_is_one_clear_error_with_both_ways_out(tmp_path, wanted):
    with pytest.raises(pulumi.RunError) as error:
        need_plugin(wanted, elsewhere(tmp_path), Pulumi("error: no such host"))
    assert str(error.value) == (
        f"alert-threader:hooks: nothing was done: hooks are run by Pulumi's plugin command {NUMBER}, which is not on "
        "this machine, and could not be downloaded (error: no such host); next: pulumi plugin install resource command "
        f"v{NUMBER}, or without hooks: pulumi config rm alert-threader:hooks"
    )


def test_where_plugins_are_not_to_be_downloaded_nobody_tries(tmp_path):
    asked = Pulumi()
    forbidden = elsewhere(tmp_path, PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION="true")
    with pytest.raises(pulumi.RunError, match="PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION is set; next: "):
        need_plugin(BEFORE, forbidden, asked)
    assert asked.called == []


@pytest.mark.parametrize(
    ("program", "says"),
    [
        ("pass", None),
        ("import sys; sys.exit('first\\n  last \\n')", "last"),
        ("print('only this'); exit(2)", "only this"),
        ("exit(3)", "it ended with 3"),
    ],
)
def test_of_a_download_that_fails_the_last_words_are_told(program, says):
    assert install([sys.executable, "-c", program]) == says


def test_a_machine_without_pulumis_command_line_says_so():
    assert "no-such-program" in install(["no-such-program"])


@pytest.fixture
def whole_program(monkeypatch, tmp_path):
    """Runs the program of a stack with hooks, on a machine without the plugin."""
    monkeypatch.setattr(configuration.pulumi, "get_stack", lambda: "no-such-stack")
    monkeypatch.setattr(hooks, "_is_here", lambda number, environ: (tmp_path / "plugin").exists())
    monkeypatch.setenv("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION", "true")
    texts = {f"alert-threader:{name}": json.dumps(value) for name, value in {**GOOD, "hooks": WANTED}.items()}
    pulumi.runtime.set_all_config(texts, ["alert-threader:secrets"])
    programs = []

    def start():
        main = str(ROOT / "__main__.py")
        programs.append(run(lambda: runpy.run_path(main, run_name="__main__") and None))
        return programs[-1]

    yield start, tmp_path
    pulumi.runtime.set_all_config({})


WANTED = {"before": ["make announce"], "after": ["make done"]}


def test_a_stack_with_hooks_and_no_plugin_ends_before_anything_is_registered(whole_program):
    start, _ = whole_program
    with pytest.raises(pulumi.RunError, match="alert-threader:hooks: nothing was done"):
        start()


def test_with_the_plugin_the_hooks_are_registered_around_the_rollout(whole_program):
    start, folder = whole_program
    (folder / "plugin").touch()
    program = start()
    assert program.inputs("before-1")["create"] == "make announce"
    assert "before-1" in program.waits_for_all("rollout")
    assert "rollout" in program.waits_for_all("after-1")
    assert program.inputs("after-1")["triggers"] == [*program.inputs("before-1")["triggers"], ""]
