"""Whatever comes in: every implementation answers and posts what the first one does.

More of them: CONFORMANCE_WEBHOOKS=5000 CONFORMANCE_SEED=7 pytest -m "" tests/services/conformance/test_random.py
"""

from __future__ import annotations

import os
from contextlib import ExitStack

import pytest
import requests

from tests.services.conformance.conftest import CHANNELS
from tests.services.conformance.harness import started
from tests.services.conformance.implementations import IMPLEMENTATIONS
from tests.services.conformance.randomly import Webhooks
from tools.slack.app import StandIn
from tools.slack.running import running

pytestmark = [
    pytest.mark.toolchain,
    pytest.mark.skipif(len(IMPLEMENTATIONS) < 2, reason="there is only one implementation"),
]
COUNT = int(os.environ.get("CONFORMANCE_WEBHOOKS", "300"))
SEED = int(os.environ.get("CONFORMANCE_SEED", "1"))


def test_all_answer_and_post_the_same(programs, tmp_path):
    webhooks = Webhooks(SEED)
    with ExitStack() as stack:
        all_of_them = []
        for impl in IMPLEMENTATIONS:
            slack = stack.enter_context(running(StandIn(channels=CHANNELS, clock=lambda: 1_700_000_000.0)))
            threader = stack.enter_context(started(programs(impl), tmp_path, slack.api_url, SLACK_TIMEOUT="20"))
            all_of_them.append((impl.name, slack.standin, threader))
        for number in range(COUNT):
            body = webhooks.body()
            first, *others = [(name, *outcome(standin, threader, body)) for name, standin, threader in all_of_them]
            for other in others:
                assert other[1:] == first[1:], f"{other[0]}, seed {SEED}, webhook {number}: {body!r}"


def outcome(standin, threader, body: bytes) -> tuple:
    standin.recorded.clear()
    answer = requests.post(f"{threader.url}/alert", data=body, timeout=30)
    said = answer.json()
    if "error" in said:  # the wording is each one's own
        said = sorted(problem["at"] for problem in said.get("problems", []))
    return answer.status_code, said, [post.body for post in standin.recorded]
