"""A threader as gates see it, and no more lenient: four paths, and synthetic alerts whose signature has to hold."""

import contextlib
import hashlib
import hmac
import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KNOWS = "threader_synthetic_alerts_total"


class Threader:
    """Serves on a port of its own. `drops` tells by the number of an alert (from 1) how it is not delivered, or None.

    What is wrong with a request is in `wrong`; `delivered` are (fingerprint, status), `read` is what people would read.
    """

    def __init__(self, key="s3cret", drops=lambda number: None, knows=True, answers=None):
        self.key, self.drops, self.knows, self.answers = key, drops, knows, answers or {}
        self.delivered, self.wrong, self.read, self.count = [], [], [], 0
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def get(self, path):
        if path in self.answers:
            return self.answers[path]
        metrics = '# HELP threader_info Who.\nthreader_info{impl="python"} 1\n'
        metrics += f'{KNOWS}{{result="delivered"}} 0\n' if self.knows else ""
        known = {"/health": '{"status": "ok"}', "/ready": '{"status": "ready"}', "/metrics": metrics}
        return (200, known[path]) if path in known else (404, "")

    def post(self, path, headers, body):
        at, signature = headers.get("X-Threader-Synthetic-Time"), headers.get("X-Threader-Synthetic-Signature")
        if not self.knows or at is None:
            self.read.append(body)
            return 200, "{}"
        right = "sha256=" + hmac.new(self.key.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
        if path != "/alert" or signature != right or abs(time.time() - int(at)) > 300:
            return 403, json.dumps({"error": "not a synthetic alert: the signature is not that of SYNTHETIC_KEY"})
        (alert,) = self._checked(json.loads(body))
        with self._lock:
            self.count += 1
            fault = self.drops(self.count)
        if fault is None:
            self.delivered.append((alert["fingerprint"], alert["status"]))
            return 200, json.dumps({"delivered": [{"fingerprint": alert["fingerprint"], "ts": f"17.{self.count}"}]})
        return fault

    def _checked(self, webhook):
        alerts = webhook["alerts"]
        for each in alerts:
            fits = webhook["version"] == "4" and webhook["status"] == each["status"] in ("firing", "resolved")
            fits = fits and re.fullmatch(r"[0-9A-Za-z_.-]{1,128}", each["fingerprint"])
            if not fits or each["startsAt"][10] != "T" or each["labels"]["alertname"] != "ThreaderSynthetic":
                self.wrong.append(each)
        return alerts

    def _handler(threader):  # noqa: N805 - the handler has a self of its own
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.answer(threader.get(self.path))

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.answer(threader.post(self.path, self.headers, body))

            def answer(self, given):
                status, text = given
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # who asked went away
                    self.send_response(status)
                    self.end_headers()
                    self.wfile.write(text.encode())

            def log_message(self, *_):
                pass

        return Handler
