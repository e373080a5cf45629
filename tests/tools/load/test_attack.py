"""A load on a server of the test: what it sends, how it ends, and that it leaves nothing."""

import http.server
import threading
import time
from pathlib import Path

import pytest

from tools.load.attack import KINDS, Attack, direct

pytestmark = pytest.mark.toolchain


class Server(http.server.ThreadingHTTPServer):
    """Counts requests and connections; answers `status`."""

    daemon_threads, request_queue_size = True, 256

    def __init__(self, status=200):
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.requests, self.connections = status, 0, 0
        self.thread = threading.Thread(target=self.serve_forever, daemon=True)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/alert"

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.server.connections += 1

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests += 1
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def test_it_sends_at_its_rate_for_its_time_half_over_connections_that_are_kept():
    with Server() as server, Attack(server.url, 100, 2) as attack:
        found = attack.wait()
    assert (found.sent, found.ok) == (200, 200) == (server.requests, found.ok)
    assert 95 < found.rate < 105
    assert 100 < server.connections < 150


def test_it_can_be_stopped_and_tells_what_came_of_all_that_was_sent():
    with Server(status=503) as server, Attack(server.url, 50) as attack:
        while server.requests < 20:
            time.sleep(0.02)
        found = attack.stop()
    assert found.sent == server.requests >= 20
    assert found.failed == {"HTTP 503": found.sent}


def test_nobody_there_is_a_failure_of_every_request():
    with Server() as server:
        url = server.url
    with Attack(url, 20, 1) as attack:
        found = attack.wait()
    assert found.failed == {"connection refused": found.sent}


def test_a_test_that_fails_leaves_no_load_behind():
    with Server() as server, pytest.raises(RuntimeError), Attack(server.url, 20) as attack:
        processes, folder = list(attack._processes.values()), attack._folder
        raise RuntimeError
    assert len(processes) == len(KINDS)
    assert all(process.poll() is not None for process in processes)
    assert not Path(folder).exists()


def test_no_proxy_is_asked(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://proxy.invalid")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.invalid")
    assert not {"http_proxy", "HTTPS_PROXY"} & direct().keys()
