"""A monitored fleet as a test sees it: what Prometheus and Loki say on their hosts, and what people read in Slack."""

import json
import shlex
import time
from collections.abc import Callable
from urllib.parse import urlencode

import requests
import yaml

from deploy.settings.load import load
from deploy.settings.specs import FleetSpec
from tests.fleet.deployment import Deployment
from tests.fleet.lab import Lab
from tools.local.webhook import threads
from tools.loki import build as loki

SLACK = "/services/T0/B0/fleet"
"""The path of the incoming webhook of the Slack stand-in."""
DIRECT = "alerts-webhook"
"""The channel that gets what is posted there."""


def watched(deployment: Deployment, *monitors: str, logs: bool = False, **section: object) -> Deployment:
    """The stack with monitoring on `monitors`, quick to look, and with Loki if there are to be logs."""
    rows = yaml.safe_load(deployment.stack.file.read_text())["config"]["alert-threader:hosts"]
    for row in rows:
        row["roles"] = [*row["roles"], *(["monitor"] if row["name"] in monitors else [])]
    source = {"artifact": str(loki.tarball()), "sha256": loki.sha256()} if logs else "none"
    deployment.change(hosts=rows, monitoring={"prometheus": {"every": 5}, "loki": {"source": source}, **section})
    words = ("config", "set", "--secret", "--path", "alert-threader:secrets.SLACK_WEBHOOK_URL")
    deployment.stack.pulumi(*words, told=f"{deployment.lab.slack}{SLACK}", quiet=True)
    return deployment


def spec_of(deployment: Deployment) -> FleetSpec:
    """The fleet as the program of the stack sees it."""
    found = json.loads(deployment.run("config", "--json", "--show-secrets", secret=True).good().text)
    config = {
        key.removeprefix("alert-threader:"): each.get("objectValue", each["value"]) for key, each in found.items()
    }
    hidden = frozenset(key.removeprefix("alert-threader:") for key, each in found.items() if each.get("secret"))
    return load(config, secret_keys=hidden, environ={}, stack=deployment.stack.name)


def asked(lab: Lab, host: str, address: str, path: str, **query: str) -> dict:
    """What an HTTP API says that listens on a host, asked there."""
    url = f"http://{address}{path}?{urlencode(query)}"
    return json.loads(lab.sh(host, shlex.join(["curl", "-fsS", "--max-time", "5", url])))


def prometheus(lab: Lab, host: str, query: str) -> list[dict]:
    """The samples of an instant query."""
    return asked(lab, host, "127.0.0.1:9090", "/api/v1/query", query=query)["data"]["result"]


def targets(lab: Lab, host: str) -> dict[tuple[str, str], str]:
    """The health of each target, by its job and instance."""
    found = asked(lab, host, "127.0.0.1:9090", "/api/v1/targets", state="active")["data"]["activeTargets"]
    return {(each["labels"]["job"], each["labels"]["instance"]): each["health"] for each in found}


def past_them(lab: Lab, *words: str) -> list[dict]:
    """The messages with all the words that came to Slack without a threader."""
    there = slack(lab, "conversations.list")["channels"]
    number = next((each["id"] for each in there if each["name"] == DIRECT), None)
    found = slack(lab, "conversations.history", channel=number, limit="999")["messages"] if number else []
    return [each for each in found if all(word in json.dumps(each) for word in words)]


def slack(lab: Lab, method: str, **arguments: str) -> dict:
    """What a method of Slack's API answers."""
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {lab.slack_token}"
        return session.get(f"{lab.slack}/api/{method}", params=arguments, timeout=10).json()


def slack_fails(lab: Lab, how: str | None) -> None:
    """Let posts to Slack fail from now on; None: no more."""
    with requests.Session() as session:
        session.trust_env = False
        session.post(f"{lab.slack}/_control", json={"fail": how}, timeout=10).raise_for_status()


def threads_of(lab: Lab, *words: str) -> list[list[str]]:
    """The threads whose first message has all the words, each as its texts in order."""
    return [each for each in threads(lab.slack, words[0]) if all(word in each[0] for word in words)]


def seconds(what: Callable[[], object], patience: float) -> float:
    """Wait until something holds; how long that took."""
    begun = time.monotonic()
    while not what():
        assert time.monotonic() - begun < patience, what
        time.sleep(1)
    return time.monotonic() - begun
