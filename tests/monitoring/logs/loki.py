"""A stand-in for Loki's push API that keeps what it took, in order, and answers as the test says."""

import http.server
import json
import threading
from collections import deque


class Loki:
    """Answers at `url`; `answers` are used up one a request, then `status` is given. Only a 204 keeps the lines."""

    def __init__(self, port=0):
        self.status, self.answers, self.taken, self.refused = 204, deque(), [], []
        loki = self

        class Answering(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(loki.answer(self.path, self.headers["Content-Type"], body))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *words):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Answering)
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path, kind, body):
        """The status; a body that is no JSON fails the test by never arriving."""
        if (path, kind) != ("/loki/api/v1/push", "application/json"):
            return 404
        streams = json.loads(body)["streams"]
        status = self.answers.popleft() if self.answers else self.status
        found = [(stream["stream"], when, text) for stream in streams for when, text in stream["values"]]
        (self.taken if status == 204 else self.refused).extend(found)
        return status

    @property
    def lines(self):
        """What was taken of units, in order: labels and text."""
        return [
            (labels, text) for labels, _, text in self.taken if not labels.get("unit", "").endswith("shipper.service")
        ]
