import shutil
import subprocess
import venv
from pathlib import Path

import pytest

from tools.setup import activate
from tools.setup.environment import variables

SHOW = 'echo "$PULUMI_BACKEND_URL|${PULUMI_CONFIG_PASSPHRASE_FILE-unset}|${PULUMI_CONTINUE_ON_ERROR-unset}"'


def checkout(root):
    venv.create(root / ".venv", with_pip=False)
    wanted = variables(root, offline=False)
    activate.write(root / ".venv" / "bin" / "activate", wanted, variables(root, offline=True))
    return root


@pytest.fixture
def root(tmp_path):
    return checkout(tmp_path / "with a space")


def say(shell, script, **env):
    done = subprocess.run(
        [shell, "-uc", script], capture_output=True, text=True, check=False, env={"PATH": "/bin:/usr/bin", **env}
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


def use(root):
    return f". '{root}/.venv/bin/activate'"


@pytest.fixture(params=[name for name in ("sh", "bash", "zsh") if shutil.which(name)])
def shell(request):
    return request.param


def test_activate_sets_the_checkouts_environment(root, shell):
    url = f"{root.as_uri()}/.state/pulumi"
    assert say(shell, f"{use(root)}; {SHOW}") == [f"{url}|{root}/.state/passphrase|true"]


def test_activate_leaves_the_users_backend_alone(root, shell):
    [line] = say(shell, f"{use(root)}; {SHOW}", PULUMI_BACKEND_URL="s3://states")
    assert line.startswith("s3://states|")


def test_deactivate_takes_everything_of_ours_back(root, shell):
    assert say(shell, f"{use(root)}; deactivate; env | grep -e PULUMI -e ALERT_THREADER || true") == []


def test_deactivate_keeps_what_the_user_has_set_meanwhile(root, shell):
    script = f"{use(root)}; export PULUMI_BACKEND_URL=s3://later; deactivate; echo $PULUMI_BACKEND_URL"
    assert say(shell, script) == ["s3://later"]


def test_activating_twice_and_another_checkout_in_the_same_shell_gives_the_last_one(root, shell, tmp_path):
    other = checkout(tmp_path / "other")
    [line] = say(shell, f"{use(root)}; {use(root)}; {use(other)}; {SHOW}")
    assert line.startswith(f"{other.as_uri()}/.state/pulumi|{other}/.state/passphrase|")


def test_writing_again_changes_nothing_and_new_values_replace_old_ones(root):
    path = root / ".venv" / "bin" / "activate"
    wanted = variables(root, offline=False)
    assert not activate.write(path, wanted, variables(root, offline=True))
    elsewhere = variables(Path("/elsewhere"), offline=True)
    assert activate.write(path, elsewhere, elsewhere)
    assert str(root / ".state") not in path.read_text()
