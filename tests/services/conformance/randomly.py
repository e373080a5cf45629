"""Webhooks that no sane Alertmanager sends, the same ones for the same seed."""

from __future__ import annotations

import json
import random
from typing import Any

TEXTS = ["", "a", "Ünï", "🔥", "<!here>", "&", "\u2028", "\0", "a\nb", "http://x/|y", "https://ü/ß", "x" * 3100]
TEXTS += ["🔥" * 2999, " critical ", "CRITICAL", "warning\u00a0", "\x1cinfo\x1f", "\ufeffcritical", "\u0085info"]
TIMES = ["2026-11-23T22:00:00Z", "2026-11-23T22:00:00.5Z", "2026-11-23T22:00:00+01:00", "2026-11-23T22:00:00"]
TIMES += ["2026-11-23", "2026-11-23T22:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"]
ODD_TIMES = ["", "1e3", "1764000000", "20261123T220000Z", "2026-11-23T22:00:60Z", " 2026-11-23"]
ODD_TIMES += ["2026-11-23T22:00:00+23:59", 1764000000]
JUNK: list[Any] = [None, True, False, 0, 1, -1, 1.5, 7.0, "", "7", [], {}, [1], {"a": 1}, "firing", "4"]
LABELS = ["alertname", "severity", "instance", "é", "ﬁ", "🔥", "Z", "_"]
ANNOTATIONS = ["summary", "description", "message", "runbook_url", "other"]


class Webhooks:
    """Makes bodies; most are right, some have wrong parts, a few are broken."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def body(self) -> bytes:
        chance = self._random.random
        webhook: dict[str, Any] = {"version": "4", "status": "firing"}
        webhook["alerts"] = [self._alert() for _ in range(self._random.randrange(4))]
        if chance() < 0.1:
            webhook["truncatedAlerts"] = self._one([0, 3, *JUNK])
        if chance() < 0.05:
            webhook[self._one([*webhook, "externalURL"])] = self._one(JUNK)
        if chance() < 0.02:
            webhook.pop(self._one(list(webhook)))
        body = bytearray(json.dumps(webhook, ensure_ascii=chance() < 0.5).encode())
        if chance() < 0.06:
            body[self._random.randrange(len(body))] = self._random.randrange(256)
        return bytes(body)

    def _alert(self) -> dict[str, Any]:
        chance = self._random.random
        alert: dict[str, Any] = {
            "status": self._one(["firing", "resolved"]),
            "fingerprint": f"random-{self._random.randrange(40)}",
            "startsAt": self._time(),
            "labels": {self._one(LABELS): self._one(TEXTS) for _ in range(self._random.randrange(5))},
            "annotations": {self._one(ANNOTATIONS): self._one(TEXTS) for _ in range(self._random.randrange(4))},
        }
        if chance() < 0.7:
            alert["endsAt"] = self._time()
        if chance() < 0.4:
            alert["generatorURL"] = self._one(TEXTS)
        if chance() < 0.08:
            alert[self._one(list(alert))] = self._one(JUNK)
        if chance() < 0.05:
            alert.pop(self._one(list(alert)))
        return alert

    def _time(self) -> Any:
        return self._one(ODD_TIMES) if self._random.random() < 0.05 else self._one(TIMES)

    def _one(self, choices: list[Any]) -> Any:
        return self._random.choice(choices)
