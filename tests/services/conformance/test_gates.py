"""What gates of a rollout ask of threaders, by the script that runs on their hosts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.services.conformance.harness import KEY, SYNTHETIC, started

SCRIPT = (Path(__file__).parents[3] / "deploy/hosts/helper/ask.py").read_text()


def asked(place, what, **more):
    request = {"what": what, "places": [place], "seconds": 10, **more}
    words = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(words, input=json.dumps(request) + "\n", capture_output=True, text=True, check=True)
    return json.loads(done.stdout)[0]


@pytest.fixture
def place(impl, slack, tmp_path):
    """A threader that takes synthetic alerts, as a host knows it."""
    with started(impl, tmp_path / "logs", slack.api_url, **SYNTHETIC) as threader:
        folder, port = tmp_path / "generations" / "1-a", int(threader.url.rpartition(":")[2])
        folder.mkdir(parents=True)
        (folder / "settings.json").write_text(json.dumps({"health": f"http://127.0.0.1:{port}/health"}))
        (folder / "env").write_text(f'SYNTHETIC_CHANNEL="#synthetic"\nSYNTHETIC_KEY="{KEY}"\n')
        (tmp_path / "current").symlink_to("generations/1-a")
        yield {"name": "py-a", "folder": str(tmp_path / "current"), "generation": "1-a", "port": port}


def alerts(status):
    return {"name": "n1", "count": 3, "status": status, "started": "2026-11-26T20:00:00+00:00"}


def test_a_smoke_test_finds_all_that_it_looks_for(place):
    assert asked(place, "smoke") is None


def test_synthetic_alerts_are_delivered_and_resolved_in_their_threads(place, slack):
    assert asked(place, "send", alerts=alerts("firing")) == [3, 0, None]
    assert asked(place, "send", alerts=alerts("resolved")) == [3, 0, None]
    messages = slack.standin.workspace.channel("synthetic").messages
    assert [len(each.replies) for each in messages] == [1, 1, 1]


def test_what_slack_does_not_take_is_not_delivered(place, fail):
    fail("500")
    sent, failed, why = asked(place, "send", alerts=alerts("firing"))
    assert (sent, failed) == (3, 3)
    assert why.startswith("HTTP 50")
