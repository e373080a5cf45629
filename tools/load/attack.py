"""A load that runs beside whatever else is done: fixed rate, whether or not answers come (an open model)."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final

from tools.load import vegeta
from tools.load.report import Report, Shot, parse, report
from tools.load.targets import targets

KINDS: Final[Mapping[str, str]] = {"kept": "true", "own": "false"}
"""Half of the requests go over connections that are kept, half over one of their own each."""
TIMEOUT: Final = 30.0
"""Seconds after which a request counts as failed."""
WORKERS: Final = 500
"""Of each kind: more than these are never in flight; the achieved rate tells when they did not suffice."""


class Attack:
    """Posts webhooks to `url` at `rate` a second until `stop`, or for `seconds`; a context ends it in any case."""

    def __init__(self, url: str, rate: float, seconds: float = 0, *, alerts: int = 100, name: str = "Load") -> None:
        self._url, self._rate, self._seconds = url, rate, seconds
        self._alerts, self._name = alerts, name
        self._stack = ExitStack()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> "Attack":
        program = vegeta.program()
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="threader-load-")))
        lines = self._folder / "targets.jsonl"
        lines.write_text("".join(targets(self._url, self._alerts, self._name)))
        for kind in KINDS:
            self._processes[kind] = subprocess.Popen(
                [program, *self._words(kind, lines)], stdin=subprocess.DEVNULL, env=direct(), start_new_session=True
            )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for process in self._processes.values():
            if process.poll() is None:
                process.kill()
            process.wait()
        self._stack.close()

    def stop(self) -> Report:
        """Send nothing more, wait for the answers, and tell."""
        for process in self._processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
        return self.wait()

    def wait(self) -> Report:
        """Wait for the end, and tell."""
        for process in self._processes.values():
            process.wait(self._seconds + TIMEOUT + 10)
        return report(shot for kind in KINDS for shot in self._shots(kind))

    def _words(self, kind: str, lines: Path) -> list[str]:
        rate = round(self._rate * 1000 / len(KINDS))
        return [
            "attack",
            f"-rate={rate}/1000s",
            f"-duration={self._seconds:g}s",
            f"-keepalive={KINDS[kind]}",
            f"-timeout={TIMEOUT:g}s",
            f"-max-workers={WORKERS}",
            "-max-body=0",
            "-format=json",
            f"-targets={lines}",
            f"-output={self._folder / kind}",
        ]

    def _shots(self, kind: str) -> list[Shot]:
        words: list[str | Path] = [vegeta.program(), "encode", "-to=csv", self._folder / kind]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        return parse(done.stdout.splitlines(), kind)


def direct() -> dict[str, str]:
    """The environment without proxies: the fleet's addresses are this machine's own."""
    return {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
