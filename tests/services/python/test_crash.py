"""SIGKILL in the middle of deliveries, then a retry: nothing is lost, and a kill repeats one message at most."""

from __future__ import annotations

import contextlib
import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
import requests

from tests.services.python.harness import TOKEN, alert_json, answers, free_port, process, wait_until, webhook_json

KILLS = 5
INCIDENTS = 40


def send(url: str) -> int:
    alerts = [alert_json(fingerprint=f"f{n}") for n in range(INCIDENTS)]
    with contextlib.suppress(requests.RequestException):
        return requests.post(f"{url}/alert", json=webhook_json(*alerts), timeout=30).status_code
    return 0


def forget_claims(environ: dict[str, str]) -> None:
    """The claim of a killed holder runs out after a minute; here it is taken away."""
    if "REDIS_URL" in environ:
        client = redis.Redis.from_url(environ["REDIS_URL"])
        for key in client.scan_iter(f"{environ['REDIS_KEY_PREFIX']}claim:*"):
            client.delete(key)


@pytest.mark.fleet
@pytest.mark.parametrize("store", ["file", "redis"])
def test_a_kill_loses_nothing_and_repeats_one_message_at_most(slack, tmp_path, store, request):
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environ = {"SLACK_BOT_TOKEN": TOKEN, "SLACK_API_URL": slack.api_url, "BIND_PORT": str(port)}
    environ |= (
        {"STATE_DIRECTORY": str(tmp_path)}
        if store == "file"
        else {"REDIS_URL": request.getfixturevalue("redis_url"), "REDIS_KEY_PREFIX": f"{tmp_path}:"}
    )
    kills = 0
    for _ in range(KILLS):
        with process(**environ) as started, ThreadPoolExecutor() as pool:
            wait_until(lambda: answers(f"{url}/ready"))
            sent = pool.submit(send, url)
            time.sleep(random.uniform(0.02, 0.15))
            started.kill()
            kills += sent.result() == 0
        forget_claims(environ)
    with process(**environ) as started:
        wait_until(lambda: answers(f"{url}/ready"))
        assert send(url) == 200
        assert send(url) == 200
    channel = slack.standin.workspace.channel("#alerts-critical")
    posts = Counter(m.metadata["event_payload"]["incident"] for m in channel.messages)
    assert len(posts) == INCIDENTS
    assert sum(posts.values()) - INCIDENTS <= kills
