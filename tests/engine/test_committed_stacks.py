"""On a fresh clone the committed stacks can be previewed without any host, with whatever passphrase it has."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tools.setup import checkout, environment, stacks
from tools.setup.paths import ROOT
from tools.setup.progress import Step

pytestmark = pytest.mark.engine


def git(*words: str, cwd: Path = ROOT) -> str:
    return subprocess.run(["git", *words], cwd=cwd, text=True, capture_output=True, check=True).stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> tuple[Path, dict[str, str]]:
    """The files of this checkout as they are now, with a state, a passphrase and a backend of their own."""
    if not shutil.which("pulumi", path=environment.environment(ROOT)["PATH"]):
        pytest.skip("there is no Pulumi CLI: make setup")
    root = tmp_path_factory.mktemp("clone")
    for name in filter(None, git("ls-files", "-z").split("\0")):
        if (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, root / name)
    outer = {name: value for name, value in os.environ.items() if not name.startswith(("PULUMI_", "ALERT_THREADER_"))}
    (root / ".venv").symlink_to(ROOT / ".venv")
    (root / ".state" / "pulumi").mkdir(parents=True, mode=0o700)
    checkout._passphrase(environment.passphrase_file(root))
    env = {**outer, **environment.environment(root, outer), "PATH": environment.environment(ROOT)["PATH"]}
    stacks.make(Step("stacks"), env, root)
    return root, env


@pytest.mark.parametrize("stack", stacks.COMMITTED)
def test_a_committed_stack_is_previewed_with_no_host_in_reach(clone, stack: str):
    root, env = clone
    words = ["pulumi", "preview", "--stack", stack, "--refresh=false", "--non-interactive", "--suppress-progress"]
    done = subprocess.run(words, cwd=root, env=env, text=True, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "to create" in done.stdout


def test_the_hook_of_staging_ends_in_one_clear_error_where_its_plugin_can_not_be_had(clone, tmp_path):
    """Commented in as it stands there; the plugin itself is not tried here, where there is no network to get it."""
    root, env = clone
    file = root / "Pulumi.staging.yaml"
    before = file.read_text()
    file.write_text(re.sub(r"^  # (?=alert-threader:hooks|  )", "  ", before, flags=re.MULTILINE))
    words = ["pulumi", "preview", "--stack", "staging", "--refresh=false", "--non-interactive", "--suppress-progress"]
    none = {**env, "PULUMI_HOME": str(tmp_path), "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true"}
    done = subprocess.run(words, cwd=root, env=none, text=True, capture_output=True, timeout=120, check=False)
    file.write_text(before)
    told = done.stdout + done.stderr
    assert done.returncode != 0
    assert told.count("hooks are run by Pulumi's plugin command") == told.count("nothing was done") > 0
    assert "or without hooks: pulumi config rm alert-threader:hooks" in told
    assert "Traceback" not in told
    assert "threader:index" not in told


@pytest.mark.parametrize("stack", stacks.COMMITTED)
def test_no_salt_is_committed_which_would_fit_nobody_elses_passphrase(stack: str):
    """A preview writes one into the file, as Pulumi does for every stack whose secrets a passphrase encrypts."""
    assert "encryptionsalt" not in git("show", f":Pulumi.{stack}.yaml")
