"""The corpus: what comes in from Alertmanager, what it is answered, and what Slack gets, byte for byte."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import requests

from tests.services.python.harness import TOKEN

CORPUS = Path(__file__).with_name("corpus")
CASES = sorted(CORPUS.glob("*.json"))


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_a_case_is_answered_and_posted_as_written(case, resident, slack, fail):
    for number, step in enumerate(json.loads(case.read_text(encoding="utf-8"))["steps"], 1):
        if "slack" in step:
            fail(**step["slack"])
        elif "slack_forgets" in step:
            slack.standin.workspace.channel(step["slack_forgets"]).messages.clear()
        else:
            answer = requests.post(f"{resident.url}/alert", data=body_of(step), timeout=30)
            assert seen(answer, step["answer"]) == step["answer"], f"step {number}: {answer.text}"
    posts = [recorded.body for recorded in slack.standin.recorded]
    golden = case.with_suffix(".posts.jsonl")
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_bytes(b"".join(body + b"\n" for body in posts))
    assert posts == golden.read_bytes().split(b"\n")[:-1]
    for recorded in slack.standin.recorded:
        assert recorded.path == "/api/chat.postMessage"
        assert recorded.headers["content-type"] == "application/json; charset=utf-8"
        assert recorded.headers["authorization"] == f"Bearer {TOKEN}"


def body_of(step: dict) -> bytes:
    """A webhook, or bytes as they are: `raw` in UTF-8, `raw_latin1` for what is not UTF-8."""
    if "webhook" in step:
        return json.dumps({"version": "4", "status": "firing"} | step["webhook"]).encode()
    return step["raw"].encode() if "raw" in step else step["raw_latin1"].encode("latin-1")


def seen(answer: requests.Response, wanted: dict) -> dict:
    """The parts of an answer that a case speaks of; the wording of a refusal is each implementation's own."""
    body = answer.json()
    found = {"code": answer.status_code, "retry_after": answer.headers.get("Retry-After")}
    if found["code"] in (200, 502, 503):
        found |= body
    else:
        assert body["error"]
        assert all(problem["problem"] for problem in body.get("problems", []))
        found["at"] = [problem["at"] for problem in body.get("problems", [])]
    unsaid = {"retry_after": None, "done": {}, "failed": [], "not_tried": 0, "at": []}
    return {key: value for key, value in found.items() if key in wanted or value != unsaid.get(key)}


def test_each_case_has_fingerprints_of_its_own_and_its_posts():
    owners: dict[str, str] = {}
    for case in CASES:
        assert case.with_suffix(".posts.jsonl").exists()
        for step in json.loads(case.read_text(encoding="utf-8"))["steps"]:
            for alert in step.get("webhook", {}).get("alerts", []):
                assert owners.setdefault(str(alert.get("fingerprint")), case.stem) == case.stem
    assert {path.name.split(".")[0] for path in CORPUS.iterdir()} == {case.stem for case in CASES}
