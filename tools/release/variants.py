"""Releases that are bad on purpose, for tests of the way back: the real artifact with another `run`."""

from __future__ import annotations

import hashlib
import tarfile
import tempfile
from pathlib import Path
from typing import Literal

from tools.release import archive, cache
from tools.release.build import Artifact, build, publish

Kind = Literal["health500", "hangs", "exits", "refuses"]

_SICK = b"""\
#!/usr/bin/python3 -ISB
# Answers 500 on /health and everything else, as a release with a fault in it would.
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Sick(BaseHTTPRequestHandler):
    def do_GET(self):
        body = b'{"status":"broken","reason":"bad on purpose"}'
        self.send_response(500)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET


address = (os.environ.get("BIND_HOST") or "127.0.0.1", int(os.environ.get("BIND_PORT") or 9009))
ThreadingHTTPServer(address, Sick).serve_forever()
"""

RUNS: dict[Kind, bytes] = {
    "health500": _SICK,
    "hangs": b"#!/bin/sh\n# Lives, but never listens.\nexec sleep 86400\n",
    "exits": b"#!/bin/sh\necho 'threader: bad on purpose' >&2\nexit 1\n",
    "refuses": b"#!/bin/sh\necho 'threader: settings that it can not use, on purpose' >&2\nsleep 1\nexit 78\n",
}


def build_variant(kind: Kind, out: Path, version: str | None = None, base: Artifact | None = None) -> Artifact:
    """Build the bad release `kind` into `out`; its version is the base's with the kind behind it."""
    with tempfile.TemporaryDirectory() as scratch:
        good = base or build(out=Path(scratch))
        named = version or f"{good.version}-{kind}"
        name = f"alert-threader-{good.impl}-{named}.tar.gz"

        def make(into: Path) -> None:
            archive.write(into / name, entries_of(good.path) | {"run": archive.Entry(RUNS[kind], executable=True)})
            (into / "sha256").write_text(hashlib.sha256((into / name).read_bytes()).hexdigest(), encoding="ascii")

        kept = cache.folder("variant", cache.digest_of([good.sha256.encode(), name.encode(), RUNS[kind]]), make)
        return publish(kept / name, (kept / "sha256").read_text(encoding="ascii"), named, out, good.impl, fresh=False)


def entries_of(artifact: Path) -> dict[str, archive.Entry]:
    """The files of an artifact."""
    found = {}
    with tarfile.open(artifact) as tar:
        for info in tar:
            file = tar.extractfile(info) if info.isfile() else None
            if file is not None:
                found[info.name] = archive.Entry(file.read(), executable=bool(info.mode & 0o100))
    return found
