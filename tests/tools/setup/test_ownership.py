import os
from pathlib import Path

import pytest

from tools.setup import ownership

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
USER = 12345


@needs_root
def test_what_root_made_in_a_users_checkout_goes_to_the_user(tmp_path):
    (tmp_path / ".state").mkdir()
    (tmp_path / ".state" / "passphrase").write_text("x")
    (tmp_path / "link").symlink_to("/etc/hostname")
    os.chown(tmp_path, USER, USER)
    assert ownership.give_back(tmp_path) == 3
    assert (tmp_path / ".state" / "passphrase").stat().st_uid == USER
    assert (tmp_path / "link").lstat().st_uid == USER
    assert Path("/etc/hostname").stat().st_uid == 0


@needs_root
def test_files_of_other_users_stay_theirs(tmp_path):
    (tmp_path / "theirs").write_text("")
    os.chown(tmp_path / "theirs", 54321, 54321)
    os.chown(tmp_path, USER, USER)
    ownership.give_back(tmp_path)
    assert (tmp_path / "theirs").stat().st_uid == 54321


def test_a_checkout_of_the_same_user_is_left_alone(tmp_path):
    assert ownership.owner(tmp_path) is None
    assert ownership.give_back(tmp_path) == 0
