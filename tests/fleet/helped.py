"""A host with the activation helper and small threaders, set up without Pulumi: what only the helper does is tested."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from deploy.manifest.host import host_manifest
from deploy.manifest.instance import instance_manifest
from deploy.manifest.items import Manifest
from deploy.manifest.paths import HELPER, USER
from tests.deploy.hosts.conftest import seal
from tests.fleet.lab import Lab
from tests.fleet.records import until

THREADER = """\
#!/usr/bin/python3
import http.server, os

class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        ill = {ill!r} == "ill" if self.path == "/health" else {ill!r} == "unready"
        self.send_response(503 if ill else 200)
        self.end_headers()
        self.wfile.write(b'{{"status": "ok", "generation": "{name}"}}')

http.server.HTTPServer(("127.0.0.1", int(os.environ.get("BIND_PORT", {port}))), Answers).serve_forever()
"""


class Helped:
    """One host; instances are staged by writing files."""

    def __init__(self, lab: Lab, host: str) -> None:
        self.lab, self.host = lab, host

    def install(self, *instances: str) -> None:
        """Everything that a host and its instances have, except generations."""
        self.sh(f"id {USER} >/dev/null 2>&1 || useradd --system --home /var/lib/alert-threader {USER}")
        for manifest in (host_manifest(), *(instance_manifest(name) for name in instances)):
            self._make(manifest)
        self.sh("systemctl daemon-reload")

    def _make(self, manifest: Manifest) -> None:
        for path in sorted(manifest.directories):
            self._at(path).mkdir(mode=0o755, parents=True, exist_ok=True)
        for path, text in manifest.files.items():
            self._write(self._at(path), text, int(manifest.access[path].split()[1], 8))
        for path, target in manifest.links.items():
            self.sh(f"mkdir -p {path.rpartition('/')[0]}; ln -sfn {target} {path}")

    def stage(
        self, instance: str, name: str, port: int, ill: str = "", deadline: float = 5, slots: bool = False
    ) -> None:
        """A generation that listens on `port`; it may be "ill" or "unready". With `slots` its variables say where."""
        folder = self._at(f"/var/lib/alert-threader/{instance}/generations/{name}")
        (folder / "release").mkdir(mode=0o755, parents=True)
        self._write(folder / "release" / "run", THREADER.format(name=name, port=port, ill=ill), 0o755)
        base = f"http://127.0.0.1:{port}"
        settings = {"health": f"{base}/health", "ready": f"{base}/ready", "deadline": deadline, "interval": 0.1}
        self._write(folder / "settings.json", json.dumps(settings), 0o644)
        self._write(folder / "env", f'BIND_PORT="{port}"\nINSTANCE="{instance}"\n' if slots else "", 0o600)
        self._write(folder / "unit.conf", "[Unit]\n", 0o644)
        seal(folder)

    def ask(self, *words: str) -> dict[str, object]:
        """Call the helper."""
        answer: dict[str, object] = json.loads(self.sh(f"{HELPER} {' '.join(words)}"))
        return answer

    def begin(self, instance: str, generation: str, token: str, within: int = 60) -> dict[str, object]:
        """Switch."""
        return self.ask("begin", instance, generation, token, str(within), "test", "deploy")

    def take(self, token: str) -> dict[str, object]:
        """Take the lease."""
        return self.ask("lease", token, "45", "test", "deploy")

    def serves(self, port: int) -> str:
        """The generation that answers on a port; nothing where none does."""
        found = self.sh(f"curl -s --max-time 2 http://127.0.0.1:{port}/health || :")
        return str(json.loads(found)["generation"]) if found else ""

    def ledger(self, instance: str) -> list[Mapping[str, object]]:
        """All verdicts."""
        text = self.sh(f"cat /var/lib/alert-threader/{instance}/ledger.jsonl 2>/dev/null || :")
        return [json.loads(line) for line in text.splitlines()]

    def exists(self, path: str) -> bool:
        """Whether something is at a path."""
        return os.path.lexists(self._at(path))

    def sh(self, script: str) -> str:
        """Run a script there as root."""
        return self.lab.sh(self.host, script)

    def _at(self, path: str) -> Path:
        return self.lab.inside(self.host, path)

    def _write(self, path: Path, text: str, mode: int) -> None:
        path.write_text(text)
        path.chmod(mode)


def soon(true: Callable[[], object], patience: float = 20.0) -> None:
    """Wait until something holds on a host."""
    until(true, patience, pause=0.1)
