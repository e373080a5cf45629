from __future__ import annotations

import tarfile

from hypothesis import given
from hypothesis import strategies as st

from tools.release.archive import Entry, write

names = st.from_regex(r"[a-z]{1,8}(/[a-z]{1,8}){0,2}\.py", fullmatch=True)


def test_the_same_files_give_the_same_bytes_whenever_and_in_whatever_order(tmp_path, monkeypatch):
    files = {"run": Entry(b"#!/bin/sh\n", executable=True), "lib/a.py": Entry(b"a"), "lib/b/c.py": Entry(b"c" * 9999)}
    write(tmp_path / "one.tar.gz", files)
    monkeypatch.setattr("time.time", lambda: 2e9)
    write(tmp_path / "two.tar.gz", dict(reversed(files.items())))
    assert (tmp_path / "one.tar.gz").read_bytes() == (tmp_path / "two.tar.gz").read_bytes()


def test_members_have_fixed_modes_owners_and_times(tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    write(tmp_path / "a.tar.gz", {"run": Entry(b"", executable=True), "lib/a.py": Entry(b"a")})
    with tarfile.open(tmp_path / "a.tar.gz") as tar:
        told = [(m.name, oct(m.mode), m.uid, m.gid, m.uname, m.mtime) for m in tar]
    assert told == [
        ("lib", "0o755", 0, 0, "", 1700000000),
        ("lib/a.py", "0o644", 0, 0, "", 1700000000),
        ("run", "0o755", 0, 0, "", 1700000000),
    ]


@given(st.dictionaries(names, st.binary(max_size=200), max_size=8))
def test_what_goes_in_comes_out(tmp_path_factory, files):
    path = tmp_path_factory.mktemp("archive") / "a.tar.gz"
    files = {n: c for n, c in files.items() if not any(o.startswith(f"{n}/") for o in files)}
    write(path, {name: Entry(content) for name, content in files.items()})
    with tarfile.open(path) as tar:
        assert {m.name: tar.extractfile(m).read() for m in tar if m.isfile()} == files
