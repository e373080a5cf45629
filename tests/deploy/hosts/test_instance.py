"""What an instance runs and how it is: the link, the checksums, and what its health, readiness and port say."""

import http.server
import socket
import threading
import time

import pytest

from tests.deploy.hosts.conftest import Clock, load

# --- the link


def test_current_names_a_generation_of_the_instance(host):
    host.generation("1.0-a")
    host.helper.point("py-a", "1.0-a")
    assert host.current == "generations/1.0-a"
    assert host.helper.current("py-a") == "1.0-a"


def test_pointing_leaves_nothing_beside_the_link_even_after_a_cut(host):
    (host.folder / ".current").symlink_to("generations/left-over")
    host.helper.point("py-a", "1.0-a")
    assert sorted(path.name for path in host.folder.iterdir()) == ["current", "generations"]


def test_pointing_at_nothing_removes_the_link(host):
    host.helper.point("py-a", "1.0-a")
    host.helper.point("py-a", None)
    host.helper.point("py-a", None)
    assert host.current is None


@pytest.mark.parametrize(
    "target",
    ["generations/gone", "/etc", "generations", "generations/1.0-a/release", "../py-b/generations/x", "current"],
)
def test_a_link_that_leads_to_no_generation_of_the_instance_names_none(host, target):
    host.generation("1.0-a")
    (host.data / "py-b" / "generations" / "x").mkdir(parents=True)
    (host.folder / "current").symlink_to(target)
    assert host.helper.current("py-a") is None


def test_a_folder_in_the_place_of_the_link_names_no_generation(host):
    (host.folder / "current").mkdir()
    assert host.helper.current("py-a") is None


# --- checksums


def test_a_generation_as_staged_is_not_damaged(host):
    host.generation("1.0-a")
    assert host.helper.damage("py-a", "1.0-a") is None


def edited(folder):
    (folder / "release" / "run").write_text("#!/bin/sh\nrm -rf /\n")


def longer(folder):
    (folder / "release" / "more.py").write_text("")


def shorter(folder):
    (folder / "env").unlink()


def linked(folder):
    (folder / "release" / "lib").symlink_to("/usr/lib")


def unsealed(folder):
    (folder / "MANIFEST.sha256").write_text("nonsense\n")


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (edited, "release/run"),
        (longer, "release/more.py"),
        (shorter, "env"),
        (linked, "release/lib"),
        (unsealed, "MANIFEST.sha256"),
    ],
)
def test_damage_is_named(host, change, name):
    change(host.generation("1.0-a"))
    assert host.helper.damage("py-a", "1.0-a") == f"generation 1.0-a is damaged: {name}"


def test_a_generation_that_was_never_staged_is_not_on_the_host(host):
    assert host.helper.damage("py-a", "1.0-a") == "generation 1.0-a is not on this host"


# --- health


class Answering(http.server.BaseHTTPRequestHandler):
    answer = b""

    def do_GET(self):
        self.wfile.write(self.answer)

    def log_message(self, *words):
        pass


def answered(body, status="200 OK"):
    return f"HTTP/1.0 {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


@pytest.fixture(scope="module")
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering) as made:
        threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield made
        made.shutdown()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (answered('{"status": "ok", "more": 1}'), None),
        (answered('{"status": "degraded"}'), "says status 'degraded'"),
        (answered("{}"), "says status None"),
        (answered('{"status": "ok"}', "503 Service Unavailable"), "HTTP 503 from"),
        (answered("ok"), "no healthy answer from"),
        (answered('["status", "ok"]'), "no healthy answer from"),
        (answered("[" * 60000), "no healthy answer from"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "no healthy answer from"),
        (b"\xff\xfe" * 100, "no healthy answer from"),
        (b"", "no healthy answer from"),
    ],
)
def test_only_an_instance_that_says_that_it_is_ok_is_healthy(server, answer, reason):
    Answering.answer = answer
    found = load("instance").probe(f"http://127.0.0.1:{server.server_port}/health")
    assert (found is None) if reason is None else (reason in found)


def test_where_nothing_listens_nobody_is_healthy():
    assert load("instance").probe("http://127.0.0.1:1/health").startswith("no healthy answer from http://127.0.0.1:1/")


def test_a_url_that_is_none_is_a_reason_and_no_error():
    assert "no healthy answer" in load("instance").probe("None")


# --- readiness


def ask(server, says_ok):
    return load("instance").probe(f"http://127.0.0.1:{server.server_port}/ready", says_ok)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (answered("anything"), None),
        (answered("", "204 No Content"), None),
        (answered('{"status": "ok"}', "503 Service Unavailable"), "HTTP 503 from"),
        (answered("", "302 Found\r\nLocation: http://127.0.0.1:1/"), "HTTP 302 from"),
        (b"", "no healthy answer from"),
    ],
)
def test_an_instance_is_ready_whose_answer_is_2xx_whatever_it_says(server, answer, reason):
    Answering.answer = answer
    found = ask(server, says_ok=False)
    assert (found is None) if reason is None else (reason in found)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"deadline": "x", "interval": null, "health": 5}'])
def test_settings_that_were_spoilt_by_hand_are_defaults(host, text):
    (host.generation("1.0-a") / "settings.json").write_text(text)
    host.helper.point("py-a", "1.0-a")
    found = host.helper.settings("py-a")
    assert (found["deadline"], found["interval"], found["ready"]) == (30, 0.1, None)


@pytest.mark.parametrize(
    ("health", "ready", "counts", "found"),
    [
        (None, None, True, None),
        ("HTTP 500", "HTTP 503", True, "HTTP 500"),
        (None, "HTTP 503", True, "HTTP 503"),
        (None, "HTTP 503", False, None),
        ("HTTP 500", None, False, "HTTP 500"),
    ],
)
def test_it_is_well_when_it_is_healthy_and_ready_where_that_counts(host, health, ready, counts, found):
    host.generation("1.0-a", ready=True)
    host.helper.point("py-a", "1.0-a")
    host.probes, host.ready = [health], [ready]
    assert host.helper.unwell("py-a", counts) == found


def test_an_older_generation_that_does_not_say_where_it_is_ready_has_only_to_be_healthy(host):
    host.generation("1.0-a")
    host.helper.point("py-a", "1.0-a")
    host.ready = ["HTTP 503"]
    assert host.helper.unwell("py-a") is None


# --- many looks


def test_all_are_looked_at_side_by_side():
    both = threading.Barrier(2, timeout=5)

    def look(name):
        both.wait()
        return None if name == "a" else f"{name} is ill"

    assert load("instance").at_once(look, ("a", "b")) == {"a": None, "b": "b is ill"}


def test_who_does_not_get_done_with_its_answer_is_not_waited_for(monkeypatch):
    module, forever = load("instance"), threading.Event()
    monkeypatch.setattr(module, "PROBE", 0.01)
    begun = time.monotonic()
    found = module.at_once(lambda name: forever.wait(5) if name == "a" else None, ("a", "b"))
    forever.set()
    assert found == {"a": "no whole answer within 0.02 s", "b": None}
    assert time.monotonic() - begun < 4


# --- the port


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


def port_of(made):
    return made.getsockname()[1]


def test_a_port_on_which_somebody_listens_is_taken(listener):
    found = load("instance").taken(f"http://127.0.0.1:{port_of(listener)}/health")
    assert found == f"another process has port {port_of(listener)}"


def test_a_port_is_taken_also_by_one_that_listens_at_all_addresses():
    with socket.create_server(("", 0)) as made:
        assert load("instance").taken(f"http://127.0.0.1:{port_of(made)}/health")


def test_a_port_is_free_when_its_listener_has_gone_though_its_connections_linger(listener):
    port = port_of(listener)
    client = socket.create_connection(("127.0.0.1", port))
    server, _ = listener.accept()
    listener.close(), server.close(), client.close()  # the side that closes first keeps the port in TIME_WAIT
    assert load("instance").taken(f"http://127.0.0.1:{port}/health") is None


@pytest.mark.parametrize(
    "url", ["None", "http://127.0.0.1/health", "http://a..b:1/", "http://127.0.0.1:99999/", "http://[::1/"]
)
def test_what_is_no_place_of_this_host_is_not_waited_for(url):
    assert load("instance").taken(url) is None


# --- whether something listens


def test_a_wait_for_somebody_to_listen_ends_when_somebody_does(listener):
    instance = load("instance")
    instance.time = Clock()
    instance.listened(f"http://127.0.0.1:{port_of(listener)}/health", 30.0)
    assert instance.time.now == 0.0


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/health", "http://a..b:1/", "http://[::1/"])
def test_it_lasts_no_longer_than_it_is_told(url):
    instance = load("instance")
    instance.time = Clock()
    instance.listened(url, 0.5)
    assert 0.5 <= instance.time.now < 0.6
