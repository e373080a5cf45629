import pytest

from tools.setup import pulumi_cli
from tools.setup.pulumi_cli import link, within_reach


def make(folder, *names):
    folder.mkdir()
    for name in names:
        (folder / name).write_text("")
    return folder


def test_all_programs_of_pulumi_are_linked(tmp_path):
    programs = make(tmp_path / "programs", "pulumi", "pulumi-language-python", "other")
    link(programs, make(tmp_path / "bin"))
    assert sorted(path.name for path in (tmp_path / "bin").iterdir()) == ["pulumi", "pulumi-language-python"]


def test_links_of_an_earlier_choice_go(tmp_path):
    old = make(tmp_path / "old", "pulumi", "pulumi-watch")
    new = make(tmp_path / "new", "pulumi")
    into = make(tmp_path / "bin")
    link(old, into)
    link(new, into)
    assert {path.name: path.readlink() for path in into.iterdir()} == {"pulumi": new / "pulumi"}


def test_a_link_whose_target_was_deleted_is_mended(tmp_path):
    programs = make(tmp_path / "programs", "pulumi")
    into = make(tmp_path / "bin")
    (into / "pulumi").symlink_to(tmp_path / "gone")
    link(programs, into)
    assert (into / "pulumi").exists()


def test_a_real_file_is_left_alone(tmp_path):
    into = make(tmp_path / "bin", "pulumi-of-pip")
    link(make(tmp_path / "programs", "pulumi"), into)
    assert (into / "pulumi-of-pip").is_file()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(pulumi_cli, "cache", lambda: tmp_path / "cache")
    (tmp_path / "cache").mkdir()
    (tmp_path / ".venv").mkdir()
    return tmp_path / "cache"


def test_the_owner_of_a_checkout_gets_a_copy_of_what_is_in_roots_cache(cache, tmp_path, monkeypatch):
    monkeypatch.setattr(pulumi_cli.ownership, "owner", lambda _: (1000, 1000))
    programs = make(cache / "pulumi-1234", "pulumi")
    assert within_reach(programs, tmp_path) == tmp_path / ".venv" / "pulumi-1234"
    assert (tmp_path / ".venv" / "pulumi-1234" / "pulumi").exists()
    assert within_reach(programs, tmp_path) == tmp_path / ".venv" / "pulumi-1234"


def test_what_everybody_can_reach_is_not_copied(cache, tmp_path, monkeypatch):
    programs = make(cache / "pulumi-1234", "pulumi")
    monkeypatch.setattr(pulumi_cli.ownership, "owner", lambda _: None)
    assert within_reach(programs, tmp_path) == programs
    monkeypatch.setattr(pulumi_cli.ownership, "owner", lambda _: (1000, 1000))
    own = make(tmp_path / "usr", "pulumi")
    assert within_reach(own, tmp_path) == own
