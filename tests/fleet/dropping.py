"""Releases that look well and lose alerts: every fifth call to Slack is not made, and answered as if it had been.

No health check sees it and no 5xx tells of it: only an alert without an id from Slack does. The fault is put into a
copy of the sources before the release is built of them; the threaders themselves know nothing of it.
"""

import shutil
import tempfile
from pathlib import Path
from types import MappingProxyType

from tools.release.build import Artifact, build
from tools.release.implementations import recipe
from tools.release.paths import SERVICES
from tools.release.targets import DEFAULT_ARCHITECTURES

EVERY = 5
"""Of so many calls to Slack one is dropped, counted over all that a process makes."""
SUFFIX = "-drops"
"""What is behind the version of such a release."""
FAULTS = MappingProxyType(
    {
        "python": (
            "threader/slack.py",
            ("import json\n", "import itertools\n"),
            ("class WebApi:\n", "CALLS = itertools.count(1)\n\n\n"),
            (
                "        payload: dict[str, Any] = {\n",
                f"        if next(CALLS) % {EVERY} == 0:\n            return Posted(message.channel, None)\n",
            ),
        ),
        "node": (
            "threader/slack.js",
            ("/** chat.postMessage. ", "let calls = 0;\n\n"),
            ("    const payload = {", f"    if ((calls += 1) % {EVERY} === 0) return {{ channel, ts: null }};\n"),
        ),
        "go": (
            "internal/slack/webapi.go",
            ('\t"strings"\n', '\t"sync/atomic"\n'),
            ("// webAPI is chat.postMessage.\n", "var calls atomic.Int64\n\n"),
            (
                "\tgot, err := w.client.call(w.url, payload{",
                f"\tif calls.Add(1)%{EVERY} == 0 {{\n\t\treturn Posted{{Channel: text.Channel}}, nil\n\t}}\n",
            ),
        ),
    }
)
"""For each implementation the file, and before which texts of it, each there once, what is to stand."""


def build_dropping(impl: str, out: Path, version: str | None = None) -> Artifact:
    """Build the release of an implementation that drops calls; its version has `SUFFIX` behind it."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / impl
        shutil.copytree(SERVICES / impl, copy, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        put_fault(impl, copy)
        own = recipe(impl, DEFAULT_ARCHITECTURES, copy).own_version()
        return build(version or f"{own}{SUFFIX}", out=out, service=copy, impl=impl)


def put_fault(impl: str, service: Path) -> None:
    """Put the fault into sources."""
    file, *changes = FAULTS[impl]
    text = (service / file).read_text(encoding="utf-8")
    for there, before in changes:
        assert text.count(there) == 1, f"{file} has changed: {there!r} is there {text.count(there)} times"
        text = text.replace(there, before + there)
    (service / file).write_text(text, encoding="utf-8")
