import os
import stat

from tools.setup.go import best, toolchain_module, unpacked

NEEDED = (1, 25, 8)


def test_the_first_go_that_is_recent_enough_is_used():
    found = [("/usr/bin/go", (1, 19)), ("/usr/local/go/bin/go", (1, 26, 8)), ("/opt/go", (1, 27))]
    assert best(found, NEEDED) == ("/usr/local/go/bin/go", True)


def test_an_old_go_is_good_enough_to_fetch_a_newer_one():
    assert best([("/usr/bin/go", (1, 19))], NEEDED) == ("/usr/bin/go", False)


def test_a_go_that_does_not_run_counts_as_none():
    assert best([("/usr/bin/go", ())], NEEDED) is None


def test_the_toolchain_is_named_as_go_names_it():
    assert toolchain_module(NEEDED, "x86_64") == "golang.org/toolchain@v0.0.1-go1.25.8.linux-amd64"
    assert toolchain_module(NEEDED, "aarch64") == "golang.org/toolchain@v0.0.1-go1.25.8.linux-arm64"


def test_an_unpacked_toolchain_can_be_run(tmp_path):
    for name in ("bin/go", "bin/gofmt", "pkg/tool/linux_amd64/compile", "src/_go.mod", "src/cmd/_go.mod"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    go = unpacked(tmp_path)
    assert os.access(go, os.X_OK)
    assert (tmp_path / "pkg/tool/linux_amd64/compile").stat().st_mode & stat.S_IXUSR
    assert (tmp_path / "src/go.mod").read_text() == "src/_go.mod"
    assert (tmp_path / "src/cmd/go.mod").exists()
