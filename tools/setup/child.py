"""Running a program of this checkout in the foreground, with its own output and Ctrl-C."""

import contextlib
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

from tools.setup.paths import ROOT

PASSED_ON = (signal.SIGTERM, signal.SIGHUP)


class Stopped(KeyboardInterrupt):
    """A signal that asks us to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def listen() -> None:
    """Make every signal that asks us to end an exception, so that what has to be put right at the end is."""

    def stop(number: int, _: FrameType | None) -> None:
        raise Stopped(number)

    for number in (signal.SIGINT, *PASSED_ON):
        signal.signal(number, stop)


def run(argv: Sequence[str | Path], env: Mapping[str, str]) -> int:
    """Run a program in the checkout to its end and return its exit code.

    The terminal gives Ctrl-C to the program as well, so we only wait for it; other signals are passed on.
    """
    child = subprocess.Popen([str(word) for word in argv], env=dict(env), cwd=ROOT)
    with _waiting(child):
        code = child.wait()
    return 128 - code if code < 0 else code


@contextlib.contextmanager
def _waiting(child: "subprocess.Popen[bytes]") -> Iterator[None]:
    def pass_on(number: int, _: FrameType | None) -> None:
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(number)

    before = {number: signal.signal(number, pass_on) for number in PASSED_ON}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
