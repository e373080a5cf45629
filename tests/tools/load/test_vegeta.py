"""What the load generator is built from is pinned, and named where the build looks."""

from tools.load.vegeta import MODULE, PACKAGE
from tools.release.go import needed
from tools.setup import gomod


def test_every_byte_is_pinned_by_go_sum():
    version = gomod.version((MODULE / "go.mod").read_text(), PACKAGE)
    assert f"{PACKAGE} {version} h1:" in (MODULE / "go.sum").read_text()


def test_a_go_that_builds_the_threader_builds_it_too():
    assert (1, 24) <= needed(MODULE) <= gomod.needed_go()
