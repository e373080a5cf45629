"""Running a long command: output into a named log, signs of life meanwhile, nothing left running after Ctrl-C."""

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.setup.errors import SetupError
from tools.setup.paths import log_file, shown
from tools.setup.progress import Step

POLL_SECONDS = 0.2
STOP_SECONDS = 5.0
"""How long an interrupted command may take to clean up before it is killed."""
TAIL_LINES = 12


def run(
    step: Step,
    log: str,
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    umask: int = -1,
    finish: bool = False,
    after: str = "make setup",
) -> None:
    """Run `argv` to its end; raise SetupError, with the log's last lines, when it fails.

    It runs in a session of its own, without a terminal, so nothing can ask a question.
    `finish`: an interrupt waits for its end (half an installed package is worse than a few seconds).
    """
    path = log_file(log)
    step.log = shown(path)
    with path.open("ab") as out:
        out.write(f"$ {shlex.join(map(str, argv))}\n".encode())
        out.flush()
        child = subprocess.Popen(
            [*([] if finish else _dies_with_us()), *(str(word) for word in argv)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=cwd,
            umask=umask,
            start_new_session=True,
        )
        code = _wait(child, step, finish)
    if code != 0:
        tail = tuple(path.read_text(errors="replace").splitlines()[-TAIL_LINES:])
        raise SetupError(f"{step.doing or step.name}: {argv[0]} ended with {code}", after, shown(path), tail)


def _dies_with_us() -> list[str]:
    """Return a prefix that ends the command when set-up itself is killed, so that the next one does not meet it."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--"] if setpriv else []


def _wait(child: "subprocess.Popen[bytes]", step: Step, finish: bool) -> int:
    interrupted: BaseException | None = None
    while True:
        try:
            code = child.wait(POLL_SECONDS)
        except subprocess.TimeoutExpired:
            step.beat()
            continue
        except BaseException as reason:
            if not finish or interrupted:
                stop_group(child)
                raise
            step.note("interrupted: the package installation is finished first (again: stop it now)")
            interrupted = reason
            continue
        if interrupted:
            raise interrupted
        return code


def stop_group(child: "subprocess.Popen[bytes]") -> None:
    """End a command and all that it started: politely, then by force."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, number)
        end = time.monotonic() + STOP_SECONDS
        while time.monotonic() < end and child.poll() is None:
            time.sleep(POLL_SECONDS / 4)
