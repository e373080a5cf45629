import pytest

from tools.setup.pulumi_found import look, places


@pytest.fixture
def program(tmp_path):
    def make(folder, says="v3.231.0", language_host=True):
        (tmp_path / folder).mkdir(parents=True)
        names = ["pulumi", "pulumi-language-python"] if language_host else ["pulumi"]
        for name in names:
            (tmp_path / folder / name).write_text(f"#!/bin/sh\necho {says}\n")
            (tmp_path / folder / name).chmod(0o755)
        return tmp_path / folder

    return make


def test_a_program_is_asked_for_its_version(program, tmp_path):
    [found] = look([program("bin")], ours=tmp_path / "cache")
    assert (found.path, found.version, found.language_host) == (tmp_path / "bin/pulumi", (3, 231, 0), True)


def test_a_missing_language_host_is_seen(program, tmp_path):
    [found] = look([program("bin", language_host=False)], ours=tmp_path / "cache")
    assert not found.language_host


def test_our_own_build_linked_into_a_venv_is_not_taken_for_the_users(program, tmp_path):
    built = program("cache/pulumi-1234")
    (tmp_path / "venv").mkdir()
    (tmp_path / "venv" / "pulumi").symlink_to(built / "pulumi")
    assert look([tmp_path / "venv", built], ours=tmp_path / "cache") == []


def test_the_copy_in_another_checkouts_venv_is_not_the_users_either(program, tmp_path):
    assert look([program("other/.venv/pulumi-1234")], ours=tmp_path / "cache") == []


def test_a_broken_program_has_no_version(program, tmp_path):
    folder = program("bin")
    (folder / "pulumi").write_text("#!/nowhere/sh\n")
    assert look([folder], ours=tmp_path / "cache")[0].version == ()


def test_the_same_program_twice_on_path_is_asked_once(program, tmp_path):
    folder = program("bin")
    assert len(look([folder, folder], ours=tmp_path / "cache")) == 1


def test_the_installers_folder_is_looked_at_after_path():
    folders = places({"PATH": "/a::/b"}, ["/home/ann"])
    assert [str(folder) for folder in folders] == ["/a", "/b", "/home/ann/.pulumi/bin"]
