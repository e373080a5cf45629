"""The lease of a host and its list of rollouts, as deploy/hosts/helper/records.py keeps them."""

from typing import Any

Answer = dict[str, Any]


def rank(token: str) -> tuple[int, str]:
    """By what tokens are ordered."""
    counter, _, controller = token.partition(":")
    return int(counter), controller


class Records:
    """What a host remembers of controllers. `fenced` False is a host that forgot to refuse: for proving the tests."""

    def __init__(self) -> None:
        self.lease: Answer | None = None
        self.rollouts: list[Answer] = []
        self.stories: dict[str, Answer] = {}
        self.request: Answer = {}
        self.fenced = True
        self.full: str | None = None
        """Why nothing can be written."""
        self.highest = (0, "")
        self.written: list[tuple[tuple[int, str], tuple[int, str]]] = []
        """Of every accepted write its token, and the highest one that had been granted."""

    def take(self, token: str, seconds: float, by: str, purpose: str, now: float, boot: int) -> Answer:
        """Take or renew the lease."""
        mine, found = rank(token), self.lease
        theirs = rank(found["token"]) if found else (-1, "")
        if found and mine != theirs and mine[0] <= theirs[0] and self.fenced:
            return self.superseded()
        if found and mine[1] != theirs[1] and self.live(now, boot):
            return {"state": "held", "lease": found}
        if self.full:
            return {"state": "failed", "reason": self.full}
        self.highest = max(self.highest, mine)
        since = found["since"] if found and mine == theirs else f"{now:.0f}"
        self.lease = {"token": token, "by": by, "purpose": purpose, "since": since, "seconds": seconds}
        self.lease |= {"renewed": now, "boot": boot, "released": False}
        return {"state": "granted"}

    def live(self, now: float, boot: int) -> bool:
        """Whether somebody has the lease now."""
        found = self.lease
        return bool(
            found and not found["released"] and found["boot"] == boot and now - found["renewed"] < found["seconds"]
        )

    def release(self, token: str) -> Answer:
        """Give it back."""
        if not self.lease or self.lease["token"] != token:
            return self.superseded()
        if self.full:
            return {"state": "failed", "reason": self.full}
        self.lease["released"] = True
        return {"state": "released"}

    def refusal(self, token: str, now: float, boot: int) -> Answer | None:
        """What a controller is told that may not write; else it is renewed, and the write is noted."""
        found = self.lease
        if self.fenced and (not found or found["token"] != token or found["released"]):
            return self.superseded()
        self.written.append((rank(token), self.highest))
        if found and found["token"] == token and not self.full:
            found |= {"renewed": now, "boot": boot}
        return None

    def note(self, record: Answer) -> Answer:
        """Add to the list of rollouts."""
        if self.full:
            return {"state": "failed", "reason": self.full}
        self.rollouts.append(record)
        return {"state": "noted"}

    def story(self, token: str, told: Answer) -> Answer:
        """Replace what is known of the rollout `token`, which may write."""
        if self.full:
            return {"state": "failed", "reason": self.full}
        self.stories[f"r{rank(token)[0]}"] = told
        return {"state": "written"}

    def newest(self) -> str | None:
        """How the newest rollout stands."""
        return self.latest(1)[0][1].get("state") if self.stories else None

    def latest(self, count: int) -> list[tuple[str, Answer]]:
        """The stories of the newest rollouts, newest first."""
        return sorted(self.stories.items(), key=lambda each: -int(each[0][1:]))[:count]

    def ask(self, token: str) -> Answer:
        """What somebody wants of the rollout `token`."""
        return {"state": "asked", "request": self._requested(token)}

    def wish(self, wanted: Answer) -> Answer:
        """Leave what somebody wants of a rollout."""
        if wanted.get("verb") != "abort":
            return {"state": "failed", "reason": "no request"}
        if self.full:
            return {"state": "failed", "reason": self.full}
        self.request = wanted
        return {"state": "requested"}

    def _requested(self, token: str) -> Answer | None:
        return self.request if self.request.get("rollout") == f"r{rank(token)[0]}" else None

    def superseded(self) -> Answer:
        """The answer to a controller that may not write."""
        counter = rank(self.lease["token"])[0] if self.lease else 0
        return {"state": "superseded", "counter": counter, "reason": f"r{counter} has the fleet"}
