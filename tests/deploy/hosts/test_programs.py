"""Programs that come in tarballs: checked, unpacked beside, and there whole or not at all."""

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile

import pytest

from tests.deploy.hosts.conftest import HELPERS, load

IN_ONE_FOLDER = (("loki-3.7", None), ("loki-3.7/loki", "#!/bin/sh\n"), ("loki-3.7/public/a", "a"))
AT_THE_TOP = (("loki", "#!/bin/sh\n"), ("public/a", "a"))


def tarball(path, *members, link=None):
    """A .tar.gz of (name, text or None for a folder), and of one link, (name, target)."""
    with tarfile.open(path, "w:gz") as tar:
        for name, text in members:
            member = tarfile.TarInfo(name)
            member.type, member.mode = (tarfile.DIRTYPE, 0o700) if text is None else (tarfile.REGTYPE, 0o700)
            member.size = len(text or "")
            tar.addfile(member, io.BytesIO((text or "").encode()))
        if link:
            member = tarfile.TarInfo(link[0])
            member.type, member.linkname = tarfile.SYMTYPE, link[1]
            tar.addfile(member)
    return path


@pytest.fixture
def stage():
    return load("stage")


def request(root, made, **changes):
    digest = hashlib.sha256(made.read_bytes()).hexdigest()
    return {"program": str(root / "loki-ab"), "artifact": str(made), "sha256": digest, **changes}


def listed(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


@pytest.mark.parametrize("members", [IN_ONE_FOLDER, AT_THE_TOP])
def test_a_program_lies_in_its_folder_whether_its_tarball_has_one_or_not(stage, tmp_path, members):
    made = tarball(tmp_path / ".p.tar.gz", *members)
    want = request(tmp_path, made)
    stage.install(want)
    folder = tmp_path / "loki-ab"
    assert listed(folder) == [".sha256", "loki", "public/a"]
    assert (folder / ".sha256").read_text() == f"{want['sha256']}\n"
    assert os.access(folder / "loki", os.X_OK)
    assert [path.name for path in tmp_path.iterdir()] == ["loki-ab"]


def test_it_takes_the_place_of_what_was_there(stage, tmp_path):
    (tmp_path / "loki-ab").mkdir()
    (tmp_path / "loki-ab" / "old").write_text("")
    stage.install(request(tmp_path, tarball(tmp_path / ".p.tar.gz", *AT_THE_TOP)))
    assert listed(tmp_path / "loki-ab") == [".sha256", "loki", "public/a"]


def test_what_arrived_damaged_changes_nothing(stage, tmp_path):
    (tmp_path / "loki-ab").mkdir()
    (tmp_path / "loki-ab" / "old").write_text("")
    with pytest.raises(SystemExit, match="arrived damaged"):
        stage.install(request(tmp_path, tarball(tmp_path / ".p.tar.gz", *AT_THE_TOP), sha256="00"))
    assert listed(tmp_path) == ["loki-ab/old"]


@pytest.mark.parametrize("target", ["/etc/passwd", "../../out", "loki/../../../out"])
def test_a_link_that_leads_out_is_refused(stage, tmp_path, target):
    with pytest.raises(SystemExit, match="no plain file inside it"):
        stage.install(request(tmp_path, tarball(tmp_path / ".p.tar.gz", *AT_THE_TOP, link=("bad", target))))
    assert listed(tmp_path) == []


def test_a_link_within_is_kept(stage, tmp_path):
    stage.install(request(tmp_path, tarball(tmp_path / ".p.tar.gz", *AT_THE_TOP, link=("public/l", "../loki"))))
    assert str((tmp_path / "loki-ab" / "public" / "l").readlink()) == "../loki"


def test_a_release_has_no_links_at_all(stage, tmp_path):
    made = tarball(tmp_path / "r.tar.gz", ("run", "#!/bin/sh\n"), link=("l", "run"))
    with pytest.raises(SystemExit, match="no plain file inside it"):
        stage.unpack(str(made), tmp_path / "out")


def test_the_script_takes_it_from_standard_input(tmp_path):
    want = request(tmp_path, tarball(tmp_path / ".p.tar.gz", *AT_THE_TOP))
    words = [sys.executable, "-c", (HELPERS / "stage.py").read_text()]
    subprocess.run(words, input=json.dumps(want) + "\n", text=True, check=True, timeout=20)
    assert (tmp_path / "loki-ab" / "loki").exists()
