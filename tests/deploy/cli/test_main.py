import pytest

from deploy.cli import __main__ as command
from deploy.cli.app import VERBS
from deploy.cli.verbs import status


def test_a_mistyped_verb_is_told_with_the_one_that_was_meant(threader):
    code, text = threader("statsu")
    assert code == 2
    assert "Did you mean 'status'?" in text


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself_and_takes_the_shared_options(threader, verb):
    code, text = threader(verb, "--help")
    assert code == 0
    assert "--debug" in text
    assert "--stack" in text or verb == "docs"


def test_the_exit_codes_are_documented(threader):
    assert "3 the" in threader("--help")[1]


def test_an_unexpected_error_is_told_without_a_traceback(threader, monkeypatch):
    monkeypatch.setattr(status, "fleet", lambda _: {}["gone"])
    code, text = threader("status")
    assert (code, text) == (1, "error: KeyError: 'gone'\nnext: the same command with --debug shows where\n")


def test_debug_shows_the_traceback(world, monkeypatch):
    monkeypatch.setattr(status, "fleet", lambda _: {}["gone"])
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setattr("sys.argv", ["threader", "status", "--debug"])
    with pytest.raises(KeyError):
        command.main()


def test_the_stack_may_be_named_before_or_after_the_verb(threader, world):
    world.stacks = [{"name": "dev", "current": False}, {"name": "prod", "current": False}]
    assert "stack prod: 3 of 3" in threader("--stack", "prod", "status")[1]
    assert "stack prod: 3 of 3" in threader("--stack", "dev", "status", "--stack", "prod")[1]
    assert threader("status")[0] == 2


def test_ctrl_c_is_told_in_one_line(threader, monkeypatch):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(status, "fleet", interrupted)
    code, text = threader("status")
    assert code == 130
    assert "Traceback" not in text
