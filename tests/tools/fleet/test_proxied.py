import socket

import pytest

from tools.fleet import proxied
from tools.fleet.errors import FleetError


@pytest.fixture
def nobody(monkeypatch):
    """An address at which nobody listens yet, looked for again soon."""
    monkeypatch.setattr(proxied, "AGAIN", 0.1)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        yield free


def test_a_proxy_that_went_is_started_again(nobody, monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(proxied, "ensure", lambda *words: (asked.append(words), nobody.listen()))
    port = nobody.getsockname()[1]
    proxied.answering("us", "127.0.0.1", port, tmp_path / "log", patience=5)
    assert asked == [("us", "127.0.0.1", port, tmp_path / "log")]


def test_one_that_never_answers_is_told(nobody, monkeypatch, tmp_path):
    monkeypatch.setattr(proxied, "ensure", lambda *words: None)
    with pytest.raises(FleetError, match="does not answer at 127"):
        proxied.answering("us", "127.0.0.1", nobody.getsockname()[1], tmp_path / "log", patience=0.3)
