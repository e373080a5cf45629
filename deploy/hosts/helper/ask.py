"""Asks what listens on its host for a gate of a rollout. Reads one line of JSON, and answers with one.

{"what": "smoke", "places": [...], "seconds": S}  of each place why it does not answer as it should, or null
{"what": "send", "places": [...], "seconds": S, "alerts": {"name", "count", "status", "started"}}
    to each place that many signed synthetic alerts: [sent, failed, why], or why none could be sent

A place is {"name", "folder": its `current`, "generation", "port"}. The key that signs is read here, from the
environment of the place: each generation has its own, and none travels. A release that does not count synthetic alerts
does not know them, and would post them where people read: it gets none. Runs on the host, as root; nothing of it is
left there. Python 3.10, standard library.
"""

import hashlib
import hmac
import json
import os
import re
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

AT_A_TIME, LONGEST = 32, 2**22
LINE = re.compile(r'^(SYNTHETIC_KEY|SYNTHETIC_CHANNEL)=(?:"((?:[^"\\]|\\.)*)"|(.*))$', re.MULTILINE)
INFO, COUNTED = "threader_info", "threader_synthetic_alerts_total"
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
Place = dict[str, Any]


class UnfitError(Exception):
    """A place does not run what it should, or can not be asked, for the reason given."""


def answer(url: str, seconds: float, body: "bytes | None" = None, headers: "dict[str, str] | None" = None) -> bytes:
    """The body of a 2xx answer; raises UnfitError for any other, with the first words of it, and for none."""
    try:
        with DIRECT.open(urllib.request.Request(url, body, headers or {}), timeout=seconds) as got:
            said: bytes = got.read(LONGEST)
            return said
    except urllib.error.HTTPError as error:
        with error:
            words = " ".join(error.read(2000).decode(errors="replace").split())
        raise UnfitError(f"HTTP {error.code}: {words}") from error
    except Exception as error:  # whatever listens there may answer anything
        raise UnfitError(str(getattr(error, "reason", error)) or type(error).__name__) from error


def base(place: Place) -> str:
    """Where a place answers; raises UnfitError where something else runs."""
    try:
        runs = os.path.basename(os.readlink(place["folder"]))
        with open(os.path.join(place["folder"], "settings.json")) as file:
            url = urlsplit(json.load(file)["health"])
    except (OSError, ValueError, LookupError) as error:
        raise UnfitError("nothing is activated") from error
    if runs != place["generation"]:
        raise UnfitError(f"it runs {runs}, not {place['generation']}")
    if url.port != place["port"]:
        raise UnfitError(f"it answers at port {url.port}, not {place['port']}")
    return f"{url.scheme}://{url.netloc}"


def smoke(place: Place, seconds: float) -> "str | None":
    """Why a place does not answer as it should."""
    path = "/health"
    try:
        root = base(place)
        found = json.loads(answer(root + path, seconds))
        if not isinstance(found, dict) or found.get("status") != "ok":
            raise UnfitError("its status is not ok")
        path = "/ready"
        answer(root + path, seconds)
        path = "/metrics"
        if not exports(answer(root + path, seconds), INFO):
            raise UnfitError(f"it exports no {INFO}")
    except (UnfitError, ValueError) as error:
        return f"{path}: {error}"
    return None


def exports(text: bytes, name: str) -> bool:
    """Whether a metric is among those of an exposition."""
    return re.search(rf"^{name}(?:{{| )", text.decode(errors="replace"), re.MULTILINE) is not None


def key(place: Place) -> bytes:
    """What a place signs with; raises UnfitError where it takes no synthetic alerts."""
    try:
        with open(os.path.join(place["folder"], "env"), encoding="utf-8", errors="surrogateescape") as file:
            found = LINE.findall(file.read())
    except OSError as error:
        raise UnfitError(f"its environment can not be read: {error}") from error
    values = {name: re.sub(r'\\([\\"`$])', r"\1", quoted) or bare for name, quoted, bare in found}
    if not values.get("SYNTHETIC_KEY") or not values.get("SYNTHETIC_CHANNEL"):
        raise UnfitError("it has no SYNTHETIC_KEY or no SYNTHETIC_CHANNEL")
    return values["SYNTHETIC_KEY"].encode("utf-8", "surrogateescape")


def send(place: Place, seconds: float, alerts: "dict[str, Any]") -> "list[Any] | str":
    """How many alerts were sent, how many of them got no message in Slack, and why the first of these did not."""
    try:
        root, secret = base(place), key(place)
        if not exports(answer(root + "/metrics", seconds), COUNTED):
            return "its release does not know synthetic alerts"
    except UnfitError as error:
        return str(error)
    names = [f"synthetic-{alerts['name']}-{number}-{place['name']}" for number in range(alerts["count"])]
    with ThreadPoolExecutor(max(1, len(names))) as pool:
        whys = list(pool.map(lambda name: undelivered(root, secret, name, seconds, alerts), names))
    refused = [why for why in whys if why and why.startswith("HTTP 403")]
    if refused:
        return refused[0]
    failed = [why for why in whys if why]
    return [len(whys), len(failed), failed[0] if failed else None]


def undelivered(root: str, secret: bytes, name: str, seconds: float, alerts: "dict[str, Any]") -> "str | None":
    """Post one alert; why it did not come to Slack, or None."""
    body, now = webhook(name, alerts["status"], alerts["started"]), str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "X-Threader-Synthetic-Time": now,
        "X-Threader-Synthetic-Signature": "sha256="
        + hmac.new(secret, now.encode() + b"." + body, hashlib.sha256).hexdigest(),
    }
    try:
        found = json.loads(answer(root + "/alert", seconds, body, headers))
        given = {each["fingerprint"]: each["ts"] for each in found["delivered"]}
    except UnfitError as error:
        return str(error)
    except (ValueError, LookupError, TypeError):
        return "its answer does not tell what was delivered"
    return None if given.get(name) else "Slack gave it no message"


def webhook(name: str, status: str, started: str) -> bytes:
    """An alert as Alertmanager posts it."""
    labels = {"alertname": "ThreaderSynthetic", "severity": "info"}
    notes = {"summary": "A rollout tries whether alerts are delivered: nothing is wrong."}
    alert = {"status": status, "labels": labels, "annotations": notes, "startsAt": started, "fingerprint": name}
    alert |= {"endsAt": started if status == "resolved" else "0001-01-01T00:00:00Z", "generatorURL": ""}
    group = {"receiver": "synthetic", "groupKey": name, "groupLabels": {}, "truncatedAlerts": 0, "externalURL": ""}
    common = {"commonLabels": labels, "commonAnnotations": notes}
    return json.dumps({"version": "4", "status": status, "alerts": [alert], **group, **common}).encode()


def main(request: "dict[str, Any]") -> None:
    """Ask all side by side, and print."""
    seconds, found = request["seconds"], list[Any]()
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        if request["what"] == "smoke":
            found = list(pool.map(lambda place: smoke(place, seconds), request["places"]))
        else:
            found = list(pool.map(lambda place: send(place, seconds, request["alerts"]), request["places"]))
    print(json.dumps(found))


if __name__ == "__main__":
    main(json.loads(sys.stdin.readline()))
