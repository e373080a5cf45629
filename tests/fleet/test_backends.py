"""Another backend than the checkout's own."""

import os
import subprocess

import pytest

from tests.fleet.answers import versions
from tests.fleet.deployment import Deployment
from tools.setup import environment
from tools.setup.paths import ROOT

pytestmark = pytest.mark.fleet
TYPED = """\
. .venv/bin/activate
pulumi stack ls
pulumi up --yes --suppress-progress --stack {name}
"""


def outer(**more: str) -> dict[str, str]:
    """A login shell's environment: nothing of any checkout, and what the user exports."""
    drop = ("PULUMI_", "VIRTUAL_ENV", environment.OURS)
    path = [part for part in os.environ["PATH"].split(os.pathsep) if ".venv" not in part]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(drop)}
    return {**kept, "PATH": os.pathsep.join(path), **more}


def test_a_backend_that_the_user_chose_in_the_shell_is_used_by_a_plain_pulumi(converged: Deployment):
    other = Deployment(converged.lab, "elsewhere").make()
    chosen = other.stack.environ()
    names = ("PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE_FILE")
    done = subprocess.run(
        ["bash", "-c", TYPED.format(name=other.stack.name)],
        cwd=ROOT,
        env=outer(**{name: chosen[name] for name in names}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert other.stack.name in done.stdout
    assert converged.stack.name not in done.stdout
    assert sorted(path.stem for path in other.stack.home.glob("pulumi/.pulumi/stacks/*/*.json")) == [other.stack.name]
    assert [path for path in (ROOT / ".state" / "pulumi").rglob("*") if other.stack.name in path.name] == []
    assert versions(other) == [converged.lab.good.version] * 3
