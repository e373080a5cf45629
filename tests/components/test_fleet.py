"""The fleet as the engine gets it: what is registered, in which order, and what is secret."""

import re

import pytest

from components.fleet import Fleet
from components.report import went
from deploy.provider.values import Secret
from deploy.settings.specs import HooksSpec, HostSpec
from tests.components.engine import run, shown
from tests.components.fleets import DIGESTS, PASSWORD, SECRETS, TOKEN, spec


def registered(fleet, **found):
    return run(lambda: Fleet("fleet", fleet, DIGESTS) and None, **found)


@pytest.fixture(scope="module")
def program():
    return registered(spec())


def test_every_host_every_instance_and_one_rollout_are_registered(program):
    kinds = program.types()
    assert {name: kinds[name] for name in kinds if kinds[name].startswith("threader")} == {
        "app-1": "threader:index:Host",
        "app-2": "threader:index:Host",
        "py-a": "threader:index:Instance",
        "py-a-health": "threader:index:HealthTimer",
        "py-b": "threader:index:Instance",
        "py-b-health": "threader:index:HealthTimer",
        "rollout": "threader:index:Rollout",
    }


def test_everything_belongs_to_the_fleet(program):
    for name, kind in program.types().items():
        if not kind.startswith(("pulumi:", "alert-threader:")):
            assert program.requests[name].parent.endswith("::fleet")


def test_an_instance_waits_for_its_own_host_only(program):
    assert program.waits_for("py-a") == {"app-1"}
    assert program.waits_for("py-b") == {"app-2"}


@pytest.mark.parametrize(
    ("result", "standing", "said"),
    [
        ("done (r7)", None, "done (r7)"),
        (None, None, None),
        ("held (r7: no data); next: x", "held r7", "held (r7: no data); next: x"),
        ("held (r7: no data); next: x", None, "no longer held"),
    ],
)
def test_a_stack_says_how_its_last_rollout_went(result, standing, said):
    assert went(result, standing) == said


def test_the_rollout_waits_for_all_instances_and_hooks_before_it_and_hooks_after_it_wait_for_the_rollout(program):
    assert program.waits_for_all("rollout") >= {"py-a", "py-b", "app-1", "app-2", "before-1", "before-2"}
    assert program.waits_for("before-1") == {"py-a", "py-b"}
    assert "before-1" in program.waits_for("before-2")
    assert "rollout" in program.waits_for("after-1")


def test_a_timer_comes_after_the_rollout_and_goes_before_its_instance_which_it_therefore_names_itself(program):
    assert program.waits_for("py-a-health") == {"rollout", "py-a", "app-1"}
    assert program.waits_for("py-b-health") == {"rollout", "py-b", "app-2"}


def test_a_host_with_the_role_has_an_edge_for_which_the_rollout_waits():
    program = registered(spec(hosts=(HostSpec("app-1", "10.99.0.11", roles=("threader", "edge")), spec().hosts[1])))
    assert program.types()["app-1-edge"] == "threader:index:Edge"
    assert program.waits_for("app-1-edge") == {"app-1"}
    assert "app-1-edge" in program.waits_for("rollout")


def test_hooks_run_again_for_another_generation(program):
    names = program.inputs("rollout")["instances"]
    assert program.inputs("before-1")["create"] == "make announce"
    assert program.inputs("before-1")["triggers"] == [f"{name}={names[name]}" for name in ("py-a", "py-b")]


@pytest.mark.parametrize("result", ["done (r7)", "held (r7: no data); next: x", "aborted (r7)"])
def test_hooks_after_a_rollout_are_told_how_it_ended_and_run_again_for_another_end(program, result):
    ended = registered(spec(), rollout={"rollout": result})
    generations = program.inputs("before-1")["triggers"]
    assert ended.inputs("before-1") == {"create": "make announce", "triggers": generations}
    told = {"triggers": [*generations, result], "environment": {"THREADER_RESULT": result}}
    assert ended.inputs("after-1") == {"create": "make done", **told}


def test_hooks_after_a_rollout_that_had_nothing_to_do_are_told_of_none(program):
    assert program.inputs("after-1")["environment"] == {"THREADER_RESULT": ""}


def test_secrets_are_marked(program):
    for name in ("py-a", "py-b"):
        env = program.inputs(name)["env"]
        assert env["SLACK_BOT_TOKEN"] == TOKEN
        assert env["REDIS_URL"] == PASSWORD
        assert isinstance(env["SLACK_BOT_TOKEN"], Secret)
        assert TOKEN not in shown(program.inputs(name))


def test_no_secret_is_in_anything_that_everybody_can_read(program):
    for name in program.requests:
        assert not any(secret in shown(program.inputs(name)) for secret in SECRETS)
        assert not any(secret in name for secret in SECRETS)
    assert not any(secret in shown(program.outputs) for secret in SECRETS)
    assert not any(secret in text for secret in SECRETS for text in program.logged)


def test_the_variables_around_a_secret_can_be_read(program):
    assert program.inputs("py-a")["env"]["LOG_LEVEL"] == "debug"
    assert "#alerts" in shown(program.inputs("py-a"))


def test_an_instance_and_the_rollout_speak_of_the_same_generation(program):
    wanted = program.inputs("rollout")["instances"]
    for name in ("py-a", "py-b"):
        assert program.inputs(name)["generation"] == wanted[name]
        assert re.fullmatch(r"1\.2\.0-[0-9a-f]{10}", wanted[name])


def test_generations_are_equal_from_one_run_to_the_next(program):
    assert registered(spec()).inputs("rollout") == program.inputs("rollout")


def test_without_a_key_the_stack_still_has_names_of_its_own(program):
    other = registered(spec(digest_key=None)).inputs("rollout")["instances"]
    assert other != program.inputs("rollout")["instances"]


def test_without_hooks_nothing_is_run_on_the_operators_machine():
    assert "command:local:Command" not in registered(spec(hooks=HooksSpec())).types().values()


@pytest.mark.parametrize("protect", [True, False])
def test_a_protected_stack_protects_all_that_is_on_hosts(protect):
    program = registered(spec(protect=protect, hooks=HooksSpec()))
    for name in ("app-1", "app-2", "py-a", "py-b", "py-a-health", "py-b-health", "rollout"):
        assert program.requests[name].protect is protect


def test_a_fleet_says_what_every_instance_runs(program):
    assert program.outputs["fleet"]["instances"] == program.inputs("rollout")["instances"]
