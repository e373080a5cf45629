from tools.setup.pulumi_cli import link


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
