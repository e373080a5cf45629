import shutil
from ipaddress import IPv4Network

from tools.fleet import record

SUBNET = IPv4Network("10.88.3.0/24")


def test_what_was_saved_is_loaded(tmp_path):
    saved = record.save(tmp_path, "0123abcd", SUBNET)
    assert record.load(tmp_path) == saved


def test_a_moved_state_folder_keeps_its_identity(tmp_path):
    (tmp_path / "old").mkdir()
    record.save(tmp_path / "old", "0123abcd", SUBNET)
    (tmp_path / "old").rename(tmp_path / "new")
    assert record.identity(tmp_path / "new") == "0123abcd"


def test_a_copied_state_folder_is_another_fleet(tmp_path):
    (tmp_path / "old").mkdir()
    record.save(tmp_path / "old", "0123abcd", SUBNET)
    shutil.copytree(tmp_path / "old", tmp_path / "new")
    assert record.load(tmp_path / "new") is None
    assert record.identity(tmp_path / "new") != "0123abcd"


def test_a_damaged_record_counts_as_none(tmp_path):
    for text in ("", "{}", "[]", '{"identity": "x", "subnet": "y", "state": "z"}'):
        (tmp_path / "fleet.json").write_text(text)
        assert record.load(tmp_path) is None
