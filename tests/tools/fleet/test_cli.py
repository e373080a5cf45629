import pytest
from typer.testing import CliRunner

from tools.fleet import cli, cli_faults


@pytest.mark.parametrize("action", cli_faults.SIMPLE)
def test_every_fault_is_a_command_with_the_librarys_own_words_as_help(action):
    shown = CliRunner().invoke(cli.app, [action.__name__, "--help"], env={"COLUMNS": "200"}).output
    assert action.__doc__ in shown


def test_an_error_is_a_sentence_and_the_next_command(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("THREADER_FLEET_STATE", str(tmp_path))
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("signal.signal", lambda *_args: None)
    monkeypatch.setattr("sys.argv", ["fleet", "stop", "app-7"])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code == 1
    assert capsys.readouterr().err == (
        "fleet: fleet dev has no host app-7 (it has: none)\nnext: python -m tools.fleet list\n"
    )
