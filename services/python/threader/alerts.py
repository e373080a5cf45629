"""Alertmanager's webhook, version 4, as the threader accepts it."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from threader.incidents import Status

Fingerprint = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[0-9A-Za-z_.-]+$")]


class _Part(BaseModel):
    # Alertmanager adds fields in minor versions; what we do not know we do not need.
    model_config = ConfigDict(frozen=True, extra="ignore")


class Alert(_Part):
    """One alert of a webhook; `status` is its own, the group's may differ."""

    status: Status
    fingerprint: Fingerprint
    starts_at: datetime = Field(alias="startsAt")
    ends_at: datetime | None = Field(default=None, alias="endsAt")
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)
    generator_url: str = Field(default="", alias="generatorURL")

    @property
    def incident(self) -> str:
        """The incident's identity: the same alert that opens again later has another start, so another thread."""
        start = self.starts_at if self.starts_at.tzinfo else self.starts_at.replace(tzinfo=timezone.utc)
        # Not strftime: its %Y has fewer than four digits for early years on some systems.
        utc = start.astimezone(timezone.utc).replace(tzinfo=None).isoformat(timespec="microseconds")
        return f"{self.fingerprint}:{utc.replace('-', '').replace(':', '')}Z"

    @property
    def name(self) -> str:
        """The label `alertname`, or a word that says there is none."""
        return self.labels.get("alertname") or "(no alertname)"

    @property
    def severity(self) -> str:
        """The label `severity` in lower case, empty when missing."""
        return self.labels.get("severity", "").strip().lower()


class Webhook(_Part):
    """One delivery of Alertmanager."""

    version: Literal["4"]
    status: Status
    alerts: tuple[Alert, ...]
    truncated_alerts: int = Field(default=0, ge=0, alias="truncatedAlerts")
    external_url: str = Field(default="", alias="externalURL")
