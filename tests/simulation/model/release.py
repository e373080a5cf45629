"""What a generation is to the model: where it answers, and how it behaves once it runs."""

import json
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Release:
    """One generation of one instance.

    `bad`: it never becomes healthy. `sick_after`: so many seconds after it became healthy it falls ill. `deadline` and
    `starts` are the seconds that it has, and that it takes, to become healthy.
    """

    name: str
    port: int
    starts: float = 1.0
    deadline: float = 30.0
    bad: bool = False
    sick_after: float | None = None

    @property
    def good(self) -> bool:
        """Whether it can run."""
        return not self.bad and self.sick_after is None

    @cached_property
    def settings(self) -> str:
        """Its settings.json, as a snapshot has it."""
        return json.dumps({"port": self.port, "deadline": self.deadline})


RESTARTS = 6.0
"""Seconds after which a service that can not start has exited so often that a switch gives it up."""


class Service:
    """A unit that runs one generation; one whose port is taken exits, and systemd starts it again for ever."""

    def __init__(self, release: Release, now: float, hindered: bool = False) -> None:
        self.release, self.started = release, now
        self.hindered = hindered
        self.ill: str | None = None

    @property
    def healthy_at(self) -> float:
        """When it will answer, if it does."""
        return self.started + self.release.starts

    def hopeless(self, now: float) -> bool:
        """Whether it has exited too often."""
        return self.hindered and now >= self.started + RESTARTS

    def unwell(self, now: float) -> str | None:
        """Why it is not healthy, or None."""
        if self.hindered:
            return "it exited, its port is taken"
        if self.release.bad or now < self.healthy_at:
            return "no healthy answer"
        late = self.release.sick_after
        if late is not None and now >= self.healthy_at + late:
            return "HTTP 500"
        return self.ill
