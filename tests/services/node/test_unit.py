"""Runs the tests in JavaScript, of the parts that the conformance suite does not see from outside."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tools.release.build import build

HERE = Path(__file__).parent


@pytest.mark.toolchain
def test_the_parts_in_javascript(tmp_path):
    made = build(out=tmp_path / "dist", impl="node")
    (tmp_path / "release").mkdir()
    subprocess.run(["tar", "-xzf", made.path, "-C", tmp_path / "release"], check=True, timeout=60)
    done = subprocess.run(
        ["node", "--test", *sorted(HERE.glob("*.test.mjs"))],
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "THREADER_APP": str(tmp_path / "release" / "app" / "threader")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr
