"""A stand-in for Alertmanager that takes and refuses what the real one (0.25) does at POST /api/v2/alerts."""

import http.server
import json
import re
import threading
import time
from datetime import datetime

NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


class Alertmanager:
    """Answers at `url`; it keeps the alerts that it took, and `broken` makes it refuse everything with a 503."""

    def __init__(self, address="127.0.0.1"):
        self.firing, self.resolved, self.refused, self.broken = [], [], [], False
        manager = self

        class Answering(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, text = manager.answer(self.path, self.headers["Content-Type"], body)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *words):
                pass

        self._server = http.server.ThreadingHTTPServer((address, 0), Answering)
        self.url = f"http://{address}:{self._server.server_port}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path, kind, body):
        status, text = (503, "broken") if self.broken else verdict(path, kind, body)
        if status != 200:
            self.refused.append((status, text))
            return status, text
        for alert in json.loads(body):
            over = moment(alert["endsAt"]) <= time.time()
            (self.resolved if over else self.firing).append(alert)
        return status, text


def verdict(path, kind, body):
    """Status and text of the answer."""
    if path != "/api/v2/alerts":
        return 404, "no such path"
    if kind != "application/json":
        return 415, f'unsupported media type "{kind}", only [application/json] are allowed'
    try:
        alerts = json.loads(body)
    except ValueError as error:
        return 400, f"parsing alerts body failed: {error}"
    if not isinstance(alerts, list):
        return 400, "cannot unmarshal object into Go value of type models.PostableAlerts"
    return next((refusal for refusal in map(refused, alerts) if refusal), (200, ""))


def refused(alert):
    """Why one alert is not taken, or None."""
    if "labels" not in alert:
        return 422, "labels in body is required"
    for name in ("labels", "annotations"):
        pairs = alert.get(name, {})
        if not all(isinstance(value, str) for value in pairs.values()):
            return 400, "cannot unmarshal number into Go struct field of type string"
        if wrong := [each for each in pairs if not NAME.fullmatch(each)]:
            return 400, f'invalid name "{wrong[0]}"'
    if not any(alert["labels"].values()):
        return 400, "at least one label pair required"
    for name in ("startsAt", "endsAt"):
        if name in alert and not (isinstance(alert[name], str) and RFC3339.fullmatch(alert[name])):
            return 400, f"cannot unmarshal {name}"
    if "startsAt" in alert and "endsAt" in alert and moment(alert["endsAt"]) < moment(alert["startsAt"]):
        return 400, "start time must be before end time"
    return None


def moment(text):
    """The Unix time of a text as RFC 3339 has it."""
    return datetime.fromisoformat(text).timestamp()
