"""A page of commands as somebody follows it: its blocks, the words that are its reader's own, and a shell for it."""

import re
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SEPARATOR = "===== block"


@dataclass(frozen=True)
class Page:
    """The text of a page."""

    text: str

    @property
    def own(self) -> set[str]:
        """The words in the first column of its table: what readers put their own words for."""
        rows = re.findall(r"^\| (.*?) \|", self.text, re.MULTILINE)
        return {word for row in rows for word in re.findall(r"`([^`]+)`", row)}

    def blocks(self, words: Mapping[str, str]) -> list[str]:
        """Its `bash` blocks in their order, with `words` put for those of the table, and nothing else changed."""
        assert words.keys() == self.own
        found = re.findall(r"^```bash\n(.*?)^```$", self.text, re.MULTILINE | re.DOTALL)
        return [_replaced(block, words) for block in found]


def _replaced(block: str, words: Mapping[str, str]) -> str:
    for word, instead in words.items():
        block = block.replace(word, instead)
    return block


def script(blocks: Sequence[str], answers: Mapping[str, Path]) -> str:
    """One shell that goes from block to block and ends at the first that fails.

    A block with a command that asks for something is told what is in the file that `answers` has for its name.
    """
    lines = ["set -e", f"mark () {{ echo; echo '{SEPARATOR}' $1 $(date +%s.%N); }}"]
    for number, block in enumerate(blocks):
        asked = [str(file) for name, file in answers.items() if re.search(rf"{name} +# asks", block)]
        lines.append(f"mark {number}")
        lines.append(f"{{\n{block}}} < {shlex.quote(asked[0] if asked else '/dev/null')}")
    return "\n".join([*lines, "mark end\n"])


def run(text: str, folder: Path, home: Path, env: Mapping[str, str], patience: float) -> tuple[int, str]:
    """Run a script in `folder`, where `home` alone is seen in the place of the operator's ~/.ssh; its code and output.

    OpenSSH does not look at HOME, so it gets a mount namespace, which ends with the script.
    """
    real = Path("~/.ssh").expanduser()
    new = not real.exists()
    real.mkdir(mode=0o700, exist_ok=True)
    inside = f'mount --bind "{home}" "{real}" && exec bash -c "$0"'
    words = ["unshare", "--mount", "--propagation", "private", "sh", "-c", inside, text]
    try:
        done = subprocess.run(
            words,
            cwd=folder,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=patience,
            check=False,
        )
    finally:
        if new:
            real.rmdir()
    return done.returncode, done.stdout


def parts(output: str) -> list[tuple[str, float]]:
    """What each block said, and how many seconds it took, as far as it came."""
    pieces = re.split(rf"^{SEPARATOR} \w+ ([\d.]+)\n", output, flags=re.MULTILINE)
    times = [float(each) for each in pieces[1::2]]
    return [(text, end - begin) for text, begin, end in zip(pieces[2::2], times, times[1:], strict=False)]
