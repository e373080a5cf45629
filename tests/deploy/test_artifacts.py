"""The bytes of a release: from this machine, or fetched once; never other bytes than those that were asked for."""

import hashlib
import http.server
import threading

import pytest

from deploy.artifacts import ArtifactError, digest_of, local

CONTENT = b"release"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class Releases(http.server.BaseHTTPRequestHandler):
    status, asked = 200, 0

    def do_GET(self):
        Releases.asked += 1
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT)

    def log_message(self, *words):
        pass


@pytest.fixture
def url(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "*")
    Releases.status, Releases.asked = 200, 0
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Releases) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/r.tar.gz"
        server.shutdown()


def test_a_file_is_taken_from_where_it_lies(tmp_path):
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "r.tar.gz").write_bytes(CONTENT)
    assert local("dist/r.tar.gz", DIGEST, tmp_path) == tmp_path / "dist" / "r.tar.gz"


def test_a_file_that_is_not_there_is_told_with_what_to_type(tmp_path):
    with pytest.raises(ArtifactError, match=r"dist/r\.tar\.gz is not there; next: make release"):
        local("dist/r.tar.gz", DIGEST, tmp_path)


def test_a_file_that_was_built_anew_is_refused(tmp_path):
    (tmp_path / "r.tar.gz").write_bytes(b"other")
    with pytest.raises(ArtifactError, match=rf"has the digest .{{12}}…, not {DIGEST[:12]}….*next: pulumi preview"):
        local("r.tar.gz", DIGEST, tmp_path)


def test_what_is_fetched_is_fetched_once(url, tmp_path):
    first, second = local(url, DIGEST, tmp_path), local(url, DIGEST, tmp_path)
    assert first == second
    assert first.read_bytes() == CONTENT
    assert Releases.asked == 1


def test_what_is_not_what_was_asked_for_is_refused_and_is_not_in_the_way_later(url, tmp_path):
    with pytest.raises(ArtifactError, match="has the digest"):
        local(url, "ab" * 32, tmp_path)
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_what_was_spoilt_in_the_cache_is_fetched_again(url, tmp_path):
    local(url, DIGEST, tmp_path).write_bytes(b"spoilt")
    assert local(url, DIGEST, tmp_path).read_bytes() == CONTENT


def test_a_cache_that_can_not_be_written_is_told_as_text(url, tmp_path):
    (tmp_path / "cache").write_text("a file in its place")
    with pytest.raises(ArtifactError, match="next: "):
        local(url, DIGEST, tmp_path)


def test_a_url_that_fails_is_told_with_what_to_type_and_leaves_nothing(url, tmp_path):
    Releases.status = 404
    with pytest.raises(ArtifactError, match=rf"404.*next: curl -fI {url}"):
        local(url, DIGEST, tmp_path)
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_the_digest_is_that_of_the_bytes(tmp_path):
    (tmp_path / "x").write_bytes(CONTENT)
    assert digest_of(tmp_path / "x") == DIGEST
