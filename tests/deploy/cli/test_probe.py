"""The script that asks instances on their own host, run here against a small server."""

import json

import pytest

from deploy.hosts.helper import probe
from tests.answering import answering

ANSWERS = {
    "ok": (200, '{"status": "ok"}'),
    "sick": (503, '{"status": "sick"}'),
    "odd": (200, "hello"),
    "no": (200, "{}"),
}


@pytest.fixture
def instances(tmp_path, monkeypatch):
    monkeypatch.setattr(probe, "DATA", str(tmp_path))
    with answering({f"/{name}": answer for name, answer in ANSWERS.items()}) as base:
        for name in ANSWERS:
            (tmp_path / name / "current").mkdir(parents=True)
            (tmp_path / name / "generations").mkdir()
            (tmp_path / name / "current" / "settings.json").write_text(json.dumps({"health": f"{base}/{name}"}))
        (tmp_path / "stories").mkdir()
        yield


def test_exactly_a_2xx_answer_that_says_ok_is_healthy(instances, capfd):
    probe.main([])
    found = json.loads(capfd.readouterr().out)
    assert found["ok"] is None
    assert found["sick"].startswith("HTTP 503 from http://127.0.0.1")
    assert found["sick"].endswith('/sick: {"status": "sick"}')
    assert "no healthy answer" in found["odd"]
    assert found["no"].endswith("says status None")
    assert found.keys() == ANSWERS.keys()


def test_an_instance_with_nothing_activated_says_so(instances):
    assert probe.unhealthy("nobody") == "nothing is activated"


def test_waiting_ends_with_the_reasons(instances, capfd):
    with pytest.raises(SystemExit, match="sick: HTTP 503"):
        probe.main(["--wait", "0.1", "sick"])
    probe.main(["--wait", "5", "ok"])
