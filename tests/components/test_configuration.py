"""The stack's configuration as the program gets it: all mistakes at once as text, and secrets told apart."""

import json
import runpy

import pulumi
import pytest

from components import configuration
from components.configuration import fleet_spec, release_digests
from deploy.hosts.client import ROOT
from deploy.settings.specs import ArtifactSpec, Impl, ReleaseSpec
from tests.components.engine import run, shown
from tests.components.fleets import spec

URL = "https://releases.example/python.tar.gz"
GOOD = {
    "hosts": [{"name": "app-1", "address": "10.99.0.11"}],
    "instances": [{"name": "py-a", "impl": "python", "port": 9009, "host": "app-1"}],
    "release": {"version": "1.0.0", "python": {"artifact": URL, "sha256": "ab" * 32}},
    "env": {"SLACK_CHANNEL": "#alerts"},
    "secrets": {"SLACK_BOT_TOKEN": "xoxb-very-secret"},
}


@pytest.fixture
def configured(monkeypatch):
    """Sets the configuration of the running stack, as the language host does."""
    for name in ("SLACK_BOT_TOKEN", "SLACK_CHANNEL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(configuration.pulumi, "get_stack", lambda: "no-such-stack")

    def configure(sections, secret=("secrets",)):
        texts = {
            f"alert-threader:{name}": value if isinstance(value, str) else json.dumps(value)
            for name, value in sections.items()
        }
        pulumi.runtime.set_all_config(texts, [f"alert-threader:{name}" for name in secret])

    yield configure
    pulumi.runtime.set_all_config({})


def test_a_good_configuration_becomes_a_spec(configured):
    configured(GOOD)
    found = fleet_spec()
    assert [instance.name for instance in found.instances] == ["py-a"]
    assert found.secrets["SLACK_BOT_TOKEN"].value == "xoxb-very-secret"


def test_the_shell_may_say_for_once_how_the_rollout_goes(configured, monkeypatch):
    configured(GOOD)
    monkeypatch.setenv("THREADER_STRATEGY", "rolling")
    monkeypatch.setenv("THREADER_WAIT", "2.5")
    assert (fleet_spec().rollout.strategy, fleet_spec().rollout.wait) == ("rolling", 2.5)
    monkeypatch.setenv("THREADER_WAIT", "later")
    with pytest.raises(pulumi.RunError, match="environment THREADER_WAIT"):
        fleet_spec()


def test_every_mistake_is_told_at_once_as_text_that_ends_the_program(configured):
    configured({**GOOD, "rollout": {"keep": "many"}, "hosts": [{"name": "app-1"}], "nonsense": 1})
    with pytest.raises(pulumi.RunError) as error:
        fleet_spec()
    for setting in ("keep", "hosts", "nonsense"):
        assert setting in str(error.value)
    assert "xoxb-very-secret" not in str(error.value)
    assert error.value.__suppress_context__


def test_no_configuration_at_all_is_a_text_too(configured):
    configured({})
    with pytest.raises(pulumi.RunError):
        fleet_spec()


def test_a_secret_that_was_set_in_plain_text_is_refused_and_not_repeated(configured):
    configured(GOOD, secret=())
    with pytest.raises(pulumi.RunError) as error:
        fleet_spec()
    assert "--secret" in str(error.value)
    assert "xoxb-very-secret" not in str(error.value)


def release(artifact, sha256=None):
    return spec(release=ReleaseSpec("1.0.0", {Impl.PYTHON: ArtifactSpec(Impl.PYTHON, artifact, sha256)}))


def test_a_configured_digest_is_taken_as_it_is_without_looking():
    assert release_digests(release(URL, "ab" * 32)) == {Impl.PYTHON: "ab" * 32}


def test_a_file_of_this_machine_has_the_digest_that_it_has(tmp_path, monkeypatch):
    monkeypatch.setattr(configuration, "ROOT", tmp_path)
    (tmp_path / "x.tar.gz").write_text("")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert release_digests(release("x.tar.gz")) == {Impl.PYTHON: empty}


def test_an_artifact_that_was_not_built_is_told_with_what_to_type(tmp_path, monkeypatch):
    monkeypatch.setattr(configuration, "ROOT", tmp_path)
    with pytest.raises(pulumi.RunError, match=r"release\.python: x\.tar\.gz is not there; next: make release"):
        release_digests(release("x.tar.gz"))


def test_the_whole_program_exports_what_people_need_and_no_secret(configured):
    configured(GOOD)
    program = run(lambda: runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__") and None)
    (outputs,) = (found for name, found in program.outputs.items() if name.startswith("alert-threader"))
    assert outputs["addresses"] == {"py-a": "http://10.99.0.11:9009"}
    assert list(outputs["instances"]) == ["py-a"]
    assert outputs["inventory"]["instances"]["py-a"] == {"host": "app-1", "port": 9009.0, "impl": "python"}
    assert "xoxb-very-secret" not in shown(program.outputs) + "".join(program.logged)
