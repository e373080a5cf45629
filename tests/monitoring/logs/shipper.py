"""The real syslog-ng with our configuration, fed from a file instead of the journal, which not every machine has."""

import json
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from deploy.manifest.monitoring.log_shipper import PACKAGES
from deploy.settings.specs import TlsSpec
from monitoring import logs
from tests.monitoring.logs.fleets import HOST, fleet

PROGRAM = shutil.which("syslog-ng", path="/usr/sbin:/usr/bin:/sbin:/bin")
NEEDED = pytest.mark.skipif(not PROGRAM, reason=f"apt-get install --no-install-recommends {' '.join(PACKAGES)}")
PATIENCE = 20.0

# A line of the file is an entry of the journal, as `journalctl -o json` has it; its TIME is in seconds, if it has one.
_SOURCE = """\
source journal {{
    channel {{
        source {{ file("{file}" flags(no-parse) follow-freq(0.1) read-old-records(yes)); }};
        parser {{ json-parser(prefix(".journald.")); }};
        if {{ parser {{ date-parser(format("%s.%f") template("${{.journald.TIME}}")); }}; }};
        rewrite {{ set("${{.journald.MESSAGE}}" value("MESSAGE")); set-pri("${{.journald.PRIORITY}}"); }};
    }};
}};
"""


class Shipper:
    """Ships what is written to it, from and into `folder`."""

    def __init__(self, folder: Path, url: str, buffer_mb: int = 64, tls: TlsSpec | None = None) -> None:
        self.folder, self.journal = folder, folder / "journal"
        self.journal.touch()
        made = fleet(log_buffer_mb=buffer_mb, tls=tls)
        text = logs.configuration(made, HOST)
        source = _SOURCE.format(file=self.journal)
        for old, new in (
            (logs.SOURCE, source),
            (logs.SAID, f'file("{folder}/said")'),
            (logs.DATA, str(folder)),
            ("time-reopen(5)", "time-reopen(1)"),
            ("stats-freq(300)", "stats-freq(2)"),
            (logs.url(made), url),
            *([("/etc/alert-threader-log-shipper", str(folder))] if tls else []),
        ):
            assert old in text
            text = text.replace(old, new)
        (folder / "syslog-ng.conf").write_text(text)
        self._process: subprocess.Popen | None = None

    def __enter__(self) -> "Shipper":
        files = {"cfgfile": "conf", "persist-file": "persist", "control": "ctl", "pidfile": "pid"}
        words = [f"--{option}={self.folder}/syslog-ng.{suffix}" for option, suffix in files.items()]
        with (self.folder / "output").open("a") as said:
            self._process = subprocess.Popen(
                [PROGRAM, "--foreground", "--no-caps", *words], stdout=said, stderr=said, cwd=self.folder
            )
        return self

    def __exit__(self, *_: object) -> None:
        self.end(signal.SIGTERM)

    def end(self, number: int) -> None:
        """End it in one way or another."""
        if self._process.poll() is None:
            self._process.send_signal(number)
        self._process.wait(PATIENCE)

    def write(self, *messages: str, unit: str = "alert-threader@py-a.service", priority: int = 6, **more: str) -> None:
        """Lines of a unit, as the journal would have them."""
        entries = ({"_SYSTEMD_UNIT": unit, "PRIORITY": str(priority), **more, "MESSAGE": text} for text in messages)
        with self.journal.open("a") as file:
            file.writelines(json.dumps(entry) + "\n" for entry in entries)

    def said(self) -> str:
        """What it wrote itself."""
        return (self.folder / "said").read_text() + (self.folder / "output").read_text()

    def buffered(self) -> int:
        """The bytes of its buffer on disk."""
        return sum(path.stat().st_size for path in self.folder.glob("*.rqf"))


def soon(true, patience: float = PATIENCE) -> None:
    """Wait until something is so."""
    until = time.monotonic() + patience
    while not true():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.05)
