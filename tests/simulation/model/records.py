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

    def superseded(self) -> Answer:
        """The answer to a controller that may not write."""
        counter = rank(self.lease["token"])[0] if self.lease else 0
        return {"state": "superseded", "counter": counter, "reason": f"r{counter} has the fleet"}
