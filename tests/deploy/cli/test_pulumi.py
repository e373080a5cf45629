import pytest

from deploy.cli import pulumi
from deploy.cli.errors import CliError


@pytest.fixture
def program(tmp_path, monkeypatch):
    """A `pulumi` that does what a shell script says."""

    def make(script):
        path = tmp_path / "pulumi"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setattr(pulumi, "surroundings", lambda: {"PATH": f"{tmp_path}:/usr/bin:/bin"})
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    return make


def test_an_error_is_told_in_pulumis_own_words_with_what_to_do(program):
    program("echo 'error: incorrect passphrase' >&2; exit 255")
    with pytest.raises(CliError, match=r"^pulumi config: incorrect passphrase; next: .*PULUMI_CONFIG_PASSPHRASE_FILE"):
        pulumi.ask("config", "--stack", "dev")


def test_an_answer_is_taken_from_standard_output_alone(program):
    program("echo warning >&2; echo '{\"a\": 1}'")
    assert pulumi.ask_json("stack", "output") == {"a": 1}


def test_without_pulumi_the_next_command_is_make_setup(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(pulumi, "surroundings", lambda: {"PATH": str(tmp_path)})
    with pytest.raises(CliError, match="make setup"):
        pulumi.ask("version")


def test_what_resources_say_of_their_failures_is_read_from_pulumis_own_log(program):
    program(
        """for word; do log=$word; done
        say() { printf '%s\\n' "$1"; }
        [ "$PULUMI_DEBUG_COMMANDS" = true ] && [ "$1" = up ] && [ "$THREADER_HOLD" = always ] || exit 9
        say '{"diagnosticEvent": {"severity": "error", "message": "<{%reset%}>failed: <x><{%reset%}>\\n"}}' >$log
        say '{"diagnosticEvent": {"message": "only told", "severity": "info#err"}}' >>$log
        echo '[]' >>$log
        echo '{"cut off' >>$log
        exit 255"""
    )
    assert pulumi.up("--stack", "dev", extra={"THREADER_HOLD": "always"}) == (255, ["failed: <x>"])


def test_a_pulumi_that_writes_no_log_says_nothing_of_failures(program):
    program("exit 3")
    assert pulumi.up("--stack", "dev") == (3, [])


def test_an_error_that_nobody_knows_sends_to_the_doctor():
    assert pulumi.after("something else") == "threader doctor"
