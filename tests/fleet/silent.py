"""Two servers behind an HAProxy, of which one takes every request and says nothing; runs on a host.

    python3 silent.py CONFIG

CONFIG is HAProxy's, with servers at ports 9291 (silent) and 9292; it listens at 9280. Prints as JSON, for POST and GET,
the statuses of 12 requests and how many requests the silent server got.
"""

import collections
import contextlib
import http.client
import http.server
import json
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

got = collections.Counter()


class Handler(http.server.BaseHTTPRequestHandler):
    """Silent at one port."""

    def do_GET(self):
        """Take it."""
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        ready = self.path == "/ready"
        if self.server.server_port == 9291 and not ready:
            got[self.command] += 1
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET  # noqa: N815 - the library's name

    def log_message(self, *_):
        """Say nothing."""


def status(method):
    """The status of one request."""
    link = http.client.HTTPConnection("127.0.0.1", 9280, timeout=10)
    link.request(method, "/alert", "{}" if method == "POST" else None)
    return link.getresponse().status


for port in (9291, 9292):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
Path("/run/silent").mkdir()
proxy = subprocess.Popen(["haproxy", "-db", "-f", sys.argv[1]], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
try:
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", 9280)):
            break
        time.sleep(0.05)
    print(json.dumps({method: [[status(method) for _ in range(12)], got[method]] for method in ("POST", "GET")}))
finally:
    proxy.kill()
    proxy.wait()
