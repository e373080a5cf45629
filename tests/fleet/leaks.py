"""Where a secret could have leaked to, and how it would look there."""

import base64
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from tests.fleet.lab import Lab
from tools.load.repeating import repeating

ELSEWHERE = ("/proc", "/sys", "/dev")
"""No files of a disk."""


class Secrets:
    """Finds secrets in bytes, as they are and as base64."""

    def __init__(self, named: Mapping[str, str]) -> None:
        self._forms = {name: forms(value) for name, value in named.items()}

    def seen(self, content: bytes) -> list[str]:
        """The names of those that are in `content`."""
        return [name for name, found in self._forms.items() if any(each in content for each in found)]

    def seen_in(self, path: Path) -> list[str]:
        """The same of a file; none of one that is gone."""
        with suppress(FileNotFoundError):
            return [f"{name} in {path}" for name in self.seen(path.read_bytes())]
        return []


def forms(value: str) -> list[bytes]:
    """A text itself, and what every base64 of something that contains it has in common, at each of three places."""
    found, raw = [value.encode()], value.encode()
    for before in range(3):
        coded = base64.b64encode(bytes(before) + raw)
        found.append(coded[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6])
    return found


class Watch:
    """Looks at all processes' command lines again and again, those of the hosts, too, which this machine sees."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._looking = repeating(self._look, ["/proc"], 0.03)
        self.commands: set[bytes] = set()

    def __enter__(self) -> "Watch":
        self._looking.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._looking.__exit__(None, None, None)

    @property
    def seen(self) -> list[str]:
        """The secrets that were in some command line, with that."""
        return [f"{name} in {words!r}" for words in self.commands for name in self._secrets.seen(words)]

    def _look(self, processes: str) -> None:
        for path in Path(processes).glob("[0-9]*/cmdline"):
            with suppress(OSError):
                self.commands.add(path.read_bytes())


def files_below(folder: Path, *without: Path) -> Iterator[Path]:
    """The files in a folder and the folders in it, but for `without`."""
    for base, folders, names in os.walk(folder):
        folders[:] = [each for each in folders if Path(base, each) not in without]
        yield from (Path(base, name) for name in names)


def readable_by_all(lab: Lab, host: str) -> Iterator[Path]:
    """The files of a host that everybody may read, as far as they were written since the host was made."""
    root = lab.inside(host, "/")
    made = (lab.inside(host, "/etc/hostname")).lstat().st_ctime
    for path in files_below(root, *(lab.inside(host, each) for each in ELSEWHERE)):
        with suppress(OSError):
            status = path.lstat()
            if stat.S_ISREG(status.st_mode) and status.st_mode & stat.S_IROTH and status.st_ctime >= made:
                yield path
