import os

import pytest

from tools.fleet import owner

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


@needs_root
def test_what_is_made_in_a_users_folder_belongs_to_the_user(tmp_path):
    os.chown(tmp_path, 1234, 1235)
    made = owner.folder(tmp_path / "a/b", 0o700)
    owner.write(made / "file", "text")
    for path in (tmp_path / "a", made, made / "file"):
        assert (path.stat().st_uid, path.stat().st_gid) == (1234, 1235)


@needs_root
def test_everything_below_is_given_too_and_links_are_not_followed(tmp_path):
    outside = tmp_path / "outside"
    outside.touch()
    inside = tmp_path / "user/state"
    inside.mkdir(parents=True)
    os.chown(tmp_path / "user", 1234, 1235)
    (inside / "link").symlink_to(outside)
    owner.give_all(inside)
    assert (inside / "link").lstat().st_uid == 1234
    assert outside.stat().st_uid == os.geteuid()


def test_a_file_is_replaced_whole_and_has_its_mode_whatever_the_umask(tmp_path):
    before = os.umask(0o077)
    try:
        owner.write(tmp_path / "file", "one")
        owner.write(tmp_path / "file", "two", 0o600)
        owner.write(tmp_path / "open", "three")
    finally:
        os.umask(before)
    assert (tmp_path / "file").read_text() == "two"
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "open").stat().st_mode & 0o777 == 0o644
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "open"]
