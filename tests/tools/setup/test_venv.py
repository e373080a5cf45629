from pathlib import Path

from tools.setup import stamp, venv

LOCK = b"a==1"
HERE = Path("/here")


def checkout(tmp_path):
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").write_text("")
    (tmp_path / "requirements.lock").write_bytes(LOCK)
    stamp.write(tmp_path / ".venv" / "stamp.json", venv.made_from(LOCK, tmp_path))
    return tmp_path


def test_a_whole_venv_is_fresh(tmp_path):
    assert venv.is_fresh(checkout(tmp_path))


def test_a_venv_without_its_stamp_was_interrupted(tmp_path):
    (checkout(tmp_path) / ".venv" / "stamp.json").unlink()
    assert not venv.is_fresh(tmp_path)


def test_a_moved_checkout_needs_a_new_venv(tmp_path):
    moved = tmp_path / "moved"
    (tmp_path / "old").mkdir()
    checkout(tmp_path / "old").rename(moved)
    assert not venv.is_fresh(moved)


def test_a_new_lock_needs_a_new_venv(tmp_path):
    (checkout(tmp_path) / "requirements.lock").write_text("a==2")
    assert not venv.is_fresh(tmp_path)


def test_a_removed_system_python_needs_a_new_venv(tmp_path):
    python = checkout(tmp_path) / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/usr/bin/python-that-was-removed")
    assert not venv.is_fresh(tmp_path)


def test_another_python_needs_a_new_venv():
    assert venv.made_from(LOCK, HERE, "/usr/bin/python3", "3.11.2 (main)") != venv.made_from(
        LOCK, HERE, "/usr/bin/python3", "3.12.1 (main)"
    )
