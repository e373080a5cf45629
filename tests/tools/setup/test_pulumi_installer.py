from contextlib import contextmanager

import pytest

from tests.answering import answering
from tools.setup import command, paths, pulumi_installer
from tools.setup.errors import SetupError
from tools.setup.progress import Step

# What the official script does as far as we rely on it: version and HOME decide what comes where.
SCRIPT = """#!/bin/sh
set -eu
[ "$1 $3" = "--version --no-edit-path" ]
mkdir -p "$HOME/.pulumi/bin"
echo "pulumi $2" > "$HOME/.pulumi/bin/pulumi"
"""


@contextmanager
def serving(body):
    with answering({"/": (200, body)}) as base:
        yield f"{base}/"


@pytest.fixture(autouse=True)
def logs(tmp_path, monkeypatch):
    monkeypatch.setattr(command, "log_file", lambda step: paths.log_file(step, tmp_path))


def test_the_installer_gets_the_version_and_a_home_of_its_own(tmp_path):
    (tmp_path / "cache with space").mkdir()
    with serving(SCRIPT) as url:
        env = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}
        folder = pulumi_installer.install(Step("pulumi"), tmp_path / "cache with space", "v3.230.0", env, url)
    assert (folder / "pulumi").read_text() == "pulumi 3.230.0\n"
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_page_that_is_no_script_is_not_run():
    with serving("<html>log in to this network</html>") as url:
        assert pulumi_installer.script(url) is None


def test_no_answer_is_an_error_that_says_what_comes_next(tmp_path):
    with pytest.raises(SetupError, match="does not answer"):
        pulumi_installer.install(Step("pulumi"), tmp_path, "v3.230.0", {}, "http://127.0.0.1:9/")
