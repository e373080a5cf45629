import pytest

from deploy.cli import pending
from deploy.cli.errors import CliError
from deploy.cli.verbs import destroy
from deploy.settings.specs import HostSpec

URN = "urn:pulumi:dev::alert-threader::alert-threader:index:Fleet$threader:index:"


def state(**operations):
    pairs = [{"type": kind, "resource": {"urn": URN + name.replace("__", "::")}} for name, kind in operations.items()]
    return {"deployment": {"pending_operations": pairs}}


def test_a_deploy_previews_and_does_it(threader, world):
    assert threader("deploy") == (0, "next: threader status --stack dev\n")
    assert world.ran == [("up --stack dev --yes --suppress-outputs", {})]


def test_the_preview_can_be_left_out_and_pulumi_can_ask(threader, world):
    threader("deploy", "--no-preview", "--ask")
    assert world.ran == [("up --stack dev --skip-preview --suppress-outputs", {})]


def test_a_failed_deploy_exits_5_with_the_next_command(threader, world):
    world.code = 255
    assert threader("deploy") == (
        5,
        "error: the deploy failed, as shown above\nnext: threader status --stack dev\n",
    )


BACK = "rollout failed: py-a: HTTP 500; all 3 instances of the rollout are back on what they ran before; next: x"


def test_one_that_was_rolled_back_exits_3_and_one_that_could_not_go_back_5(threader, world):
    world.code, world.errors = 255, ["some other", BACK]
    back = "error: the deploy was rolled back, as shown above\nnext: threader rollout --why --stack dev\n"
    assert threader("deploy") == (3, back)
    world.errors = ["rollout failed: py-a: HTTP 500; degraded: py-a; next: threader logs py-a"]
    code, text = threader("deploy")
    assert (code, text.splitlines()[0]) == (5, "error: the deploy failed, and not all could go back, as shown above")


def test_one_that_is_held_exits_4_and_says_for_what(threader, world):
    held = "held (r7: check py-a: no data); next: threader rollout r7 --why, then threader promote or abort"
    world.outputs["rollout"] = held
    assert threader("deploy") == (4, held.replace("; next", "\nnext") + "\n")


def test_a_deploy_whose_outputs_can_not_be_read_is_done(threader, world):
    world.outputs = CliError("no answer", "x")
    assert threader("deploy") == (0, "next: threader status --stack dev\n")


def test_an_emergency_is_loud_and_has_a_reason(threader, world):
    code, text = threader("deploy", "--emergency", "SEV1, Slack token revoked")
    assert (code, world.ran[0][1]) == (0, {"THREADER_EMERGENCY": "SEV1, Slack token revoked"})
    assert text.startswith("EMERGENCY: rolling, no gate is asked, nobody is waited for: SEV1, Slack token revoked\n")
    assert threader("deploy", "--emergency", " ")[0] == 2
    assert len(world.ran) == 1


def test_creations_that_were_cut_off_are_cleared_before(threader, world):
    world.state = state(Instance__b="creating", Instance__a="creating", Host__x="updating")
    assert "while it created a, b: what it began is taken up now" in threader("deploy")[1]
    assert [ran.split()[0] for ran, _ in world.ran] == ["refresh", "up"]


def test_switches_that_nobody_confirms_are_undone_before(threader, world, monkeypatch):
    spec = type("Spec", (), {"instances": (), "hosts": (HostSpec("app-1", "10.0.0.1"),)})
    monkeypatch.setattr(pending, "settings", lambda _: spec)
    world.state = state(Rollout__rollout="updating")
    world.hosts["app-1"] = ['["py-a"]']
    assert "undone on app-1, since the deploy that began it is dead: the switch of py-a" in threader("deploy")[1]


def test_nothing_is_asked_of_hosts_when_nothing_was_cut_off(threader, world):
    threader("deploy")
    assert world.asked == []


@pytest.mark.parametrize("empty", [{}, {"deployment": {}}, {"deployment": {"pending_operations": None}}])
def test_a_state_without_pending_operations_has_none(empty):
    assert pending.cut_off(empty) == {}


def test_a_preview_shows_every_line(threader, world):
    threader("preview")
    threader("preview", "--no-diff")
    assert [ran for ran, _ in world.ran] == ["preview --stack dev --diff", "preview --stack dev"]


def test_a_protected_stack_is_not_destroyed_and_how_to_end_that_is_told(threader, world, monkeypatch):
    monkeypatch.setattr(destroy, "settings", lambda _: type("Spec", (), {"protect": True}))
    code, text = threader("destroy", "--yes")
    assert (code, world.ran) == (1, [])
    assert "next: pulumi config set alert-threader:protect false --stack dev && threader deploy --stack dev" in text


def test_destroy_needs_yes_without_a_terminal(threader, world):
    code, text = threader("destroy", "--purge")
    assert (code, world.ran) == (2, [])
    assert "next: threader destroy --stack dev --purge --yes" in text


def test_destroy_keeps_what_is_stored_unless_it_is_to_purge(threader, world):
    threader("destroy", "--yes")
    threader("destroy", "--yes", "--purge")
    assert [extra for _, extra in world.ran] == [{}, {"THREADER_PURGE": "1"}]


def test_a_retry_lets_the_rollout_try_what_was_rolled_back(threader, world):
    threader("deploy", "--retry")
    assert world.ran == [("up --stack dev --yes --suppress-outputs", {"THREADER_RETRY": "1"})]
