"""The load generator: vegeta, built once for this machine from what `tools/setup/gomodules/vegeta` pins."""

import platform
import sys
from pathlib import Path
from typing import Final

from tools.release import cache
from tools.release.go import environment, needed
from tools.setup import command, go
from tools.setup.gomod import MODULES
from tools.setup.progress import Step

MODULE: Final = MODULES / "vegeta"
PACKAGE: Final = "github.com/tsenart/vegeta/v12"
USUAL_SECONDS: Final = 25.0


def program() -> Path:
    """The program; the first call builds it. Raises SetupError."""
    parts = [(MODULE / name).read_bytes() for name in ("go.mod", "go.sum")]
    made = cache.folder("vegeta", cache.digest_of([*parts, platform.machine().encode()]), _build)
    return made / "vegeta"


def _build(folder: Path) -> None:
    step, env = Step("vegeta", usual=USUAL_SECONDS, out=sys.stderr), environment(platform.machine())
    step.doing = "building the load generator"
    compiler = go.recent(step, env, needed(MODULE))
    words = [compiler, "build", "-mod=readonly", "-trimpath", "-ldflags", "-s -w", "-o", str(folder / "vegeta")]
    command.run(step, "vegeta", [*words, PACKAGE], env=env, cwd=MODULE, after="try again")
