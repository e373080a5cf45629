import os
import subprocess
import venv

import pytest

from tools.setup import checkout


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "with a space"
    venv.create(root / ".venv", with_pip=False)
    (root / "deploy").mkdir()
    (root / "deploy" / "cli.py").write_text("import os, sys; print(os.getcwd(), sys.argv[1:])")
    checkout.make(offline=True, root=root)
    return root


def test_state_and_passphrase_are_private(root):
    assert (root / ".state").stat().st_mode & 0o777 == 0o700
    assert (root / ".state" / "passphrase").stat().st_mode & 0o777 == 0o600


def test_the_passphrase_is_made_once(root):
    before = (root / ".state" / "passphrase").read_text()
    checkout.make(offline=False, root=root)
    assert (root / ".state" / "passphrase").read_text() == before
    assert len(before) > 30


def test_threader_works_from_any_folder_even_one_with_a_package_of_the_same_name(root, tmp_path):
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "cli.py").write_text("raise SystemExit('the wrong one')")
    argv = [root / ".venv" / "bin" / "threader", "status", "a b"]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=True, env=dict(os.environ))
    assert done.stdout == f"{tmp_path} ['status', 'a b']\n"
