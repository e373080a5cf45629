"""A small apt proxy on the bridge address: `python -m tools.fleet.proxy ADDRESS PORT`, the rest on stdin.

Hosts have no route out. This serves the archives that this machine itself uses, and nothing else.
"""

import json
import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tools.fleet import cgroup

GROUP = "apt-proxy"
PASSED_ON = ("if-modified-since", "range", "if-range", "accept")
PASSED_BACK = ("Content-Length", "Content-Range", "Last-Modified", "ETag", "Content-Type")


def real_address(asked: str, archives: Sequence[str]) -> str | None:
    """Return where `asked` really is (hosts ask for http, an archive may be https); None if it is not ours."""
    if ".." in asked.split("/"):
        return None
    for archive in archives:
        plain = archive.replace("https://", "http://", 1) + "/"
        if asked.startswith(plain):
            return archive + "/" + asked.removeprefix(plain)
    return None


class Handler(BaseHTTPRequestHandler):
    """One request of a host's apt."""

    archives: Sequence[str] = ()
    opener = urllib.request.build_opener()
    timeout = 120

    def do_GET(self) -> None:
        """Fetch it from the archive and pass it on."""
        address = real_address(self.path, self.archives)
        if address is None:
            self.send_error(403, "not a Debian archive of this machine")
            return
        headers = {name: value for name, value in self.headers.items() if name.lower() in PASSED_ON}
        try:
            answer = self.opener.open(urllib.request.Request(address, headers=headers), timeout=60)
        except urllib.error.HTTPError as error:
            answer = error
        except OSError as error:
            self.send_error(502, str(error).splitlines()[0])
            return
        with answer:
            self.send_response(answer.status)
            for name in PASSED_BACK:
                if answer.headers.get(name):
                    self.send_header(name, answer.headers[name])
            self.end_headers()
            shutil.copyfileobj(answer, self.wfile)


def serve(address: str, port: int, archives: Sequence[str], upstream: Mapping[str, str]) -> None:
    """Serve until killed."""
    Handler.archives = archives
    Handler.opener = urllib.request.build_opener(urllib.request.ProxyHandler(dict(upstream)))
    ThreadingHTTPServer((address, port), Handler).serve_forever()


if __name__ == "__main__":
    told = json.loads(sys.stdin.readline())
    (cgroup.of_fleet(told["identity"]).child(GROUP).make().path / "cgroup.procs").write_text("0")
    serve(sys.argv[1], int(sys.argv[2]), told["archives"], told["upstream"])
