import json
import subprocess
import sys

import pytest

from deploy.hosts.facts import script
from tests.answering import answering


@pytest.fixture
def base():
    with answering({"/well": (200, '{"n": 1}'), "/bad": (422, '{"error":\n "no"}'), "/page": (200, "<html>")}) as url:
        yield url


def test_answers_come_as_one_line_in_the_order_of_the_urls(base):
    urls = [f"{base}/well", f"{base}/bad", f"{base}/page", "http://127.0.0.1:1/"]
    done = subprocess.run(
        [sys.executable, "-c", script("get")],
        input=json.dumps({"urls": urls, "access": {}, "seconds": 10}),
        capture_output=True,
        text=True,
        check=True,
        env={"http_proxy": "http://127.0.0.1:1"},
    )
    [line] = done.stdout.splitlines()
    well, bad, page, nobody = json.loads(line)
    assert well == {"found": {"n": 1}}
    assert bad == {"why": 'HTTP 422: {"error": "no"}'}
    assert "Expecting value" in page["why"]
    assert "Connection refused" in nobody["why"]
