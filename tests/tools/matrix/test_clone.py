from pathlib import Path

from tools.matrix.clone import Clone


def test_a_clone_knows_nothing_of_the_checkout_that_the_matrix_runs_in(monkeypatch):
    monkeypatch.setenv("PULUMI_BACKEND_URL", "file:///here")
    monkeypatch.setenv("MAKEFLAGS", "-j4")
    monkeypatch.setenv("PATH", "/here/.venv/bin:/usr/bin")
    env = Clone(Path("/there")).environment()
    assert env["PATH"] == "/usr/bin"
    assert not {name for name in env if name.startswith("PULUMI_")} | ({"MAKEFLAGS"} & set(env))


def test_the_clone_of_a_user_is_made_as_under_sudo():
    assert Clone(Path("/there"), user=65534).environment()["SUDO_UID"] == "65534"
    assert "SUDO_UID" not in Clone(Path("/there")).environment()
