"""Many test files of Prometheus's rules at once, by the real promtool."""

import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import yaml

BATCH: Final = 24
"""Files for one run of promtool, which takes longer to start than to read one."""
WORKERS: Final = 2
_FILE: Final = re.compile(r"^Unit Testing:  (.*)$", re.MULTILINE)
_INVALID: Final = ("parse error", "could not parse", "yaml:", "cannot unmarshal")


def passed(files: Sequence[Path]) -> dict[Path, str]:
    """What promtool says of each test file; nothing at all of one that passes. ValueError where one is no test."""
    batches = [files[start : start + BATCH] for start in range(0, len(files), BATCH)]
    with ThreadPoolExecutor(WORKERS) as pool:
        return {path: said for found in pool.map(_batch, batches) for path, said in found.items()}


def _batch(files: Sequence[Path]) -> dict[Path, str]:
    words = ["promtool", "test", "rules", *map(str, files)]
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    parts = _FILE.split(done.stdout)[1:]
    found = dict(zip(map(Path, parts[::2]), parts[1::2], strict=True))
    for path in files:
        said = found.get(path)
        if said is None or any(word in said for word in _INVALID):
            raise ValueError(f"promtool can not run {path}: {said or done.stdout}")
    return {path: "" if said.strip() == "SUCCESS" else said.strip() for path, said in found.items()}


def write(folder: Path, name: str, tests: Mapping[str, Any], rules: Iterable[Mapping[str, Any]]) -> Path:
    """Write a test file, and beside it the rules that it is about, as one group; the path of the former."""
    (folder / f"{name}.rules.yml").write_text(_text({"groups": [{"name": "tested", "rules": list(rules)}]}))
    path = folder / f"{name}.yml"
    path.write_text(_text({**tests, "rule_files": [f"{name}.rules.yml"]}))
    return path


def _text(value: Any) -> str:
    return yaml.dump(value, Dumper=_Fast, sort_keys=False, width=10_000)


_Fast: Final = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
