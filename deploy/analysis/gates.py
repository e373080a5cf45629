"""What a gate is, what it measures and what it says: frozen values. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from deploy.rollout.plan import Phase


class GateKind(StrEnum):
    """Where a gate's numbers come from."""

    SMOKE = "smoke"  # GET of /health, /ready and /metrics of each candidate, from its own host
    COMPARE = "compare"  # failed deliveries of candidates against baselines: real ones, and signed synthetic alerts
    PROMQL = "promql"  # a query to the fleet's Prometheus
    LOGQL = "logql"  # a query to the fleet's Loki
    COMMAND = "command"  # a command of the user's own on the machine that deploys


class Action(StrEnum):
    """What a gate that fails does to the rollout."""

    ROLLBACK = "rollback"
    HOLD = "hold"
    WARN = "warn"


class Outcome(StrEnum):
    """What a gate says. Without data it is never a pass."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class GateSpec:
    """One gate.

    `query` is PromQL or LogQL, or the command. `success` and `failure` are conditions on a measured value, such as
    "< 0.01"; what meets neither is inconclusive. It measures every `interval` s, first after `delay` s, until `count`
    measurements succeeded or the verdict is sure, for `limit` s at most; `failures` may fail, and `errors` in a row may
    be no measurement at all. With `dry_run` its verdict changes nothing. `phases` are the checks that it is part of.
    `margin` is what COMPARE lets candidates be worse by, as a share of deliveries.
    """

    name: str
    kind: GateKind
    query: str = ""
    success: str = ""
    failure: str = ""
    interval: float = 5.0
    delay: float = 0.0
    count: int = 1
    limit: float = 60.0
    failures: int = 0
    errors: int = 3
    timeout: float = 10.0
    margin: float = 0.1
    on_fail: Action = Action.ROLLBACK
    dry_run: bool = False
    phases: tuple[Phase, ...] = (Phase.IDLE, Phase.TRAFFIC, Phase.AFTER)


DEFAULT_GATES = (
    GateSpec("smoke", GateKind.SMOKE),
    GateSpec("delivery", GateKind.COMPARE, interval=1.0),
)
"""The gates of a stack that names none."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Deliveries since the measurement before: how many there were, and how many of them failed."""

    candidate: int = 0
    candidate_failed: int = 0
    baseline: int = 0
    baseline_failed: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.candidate + other.candidate,
            self.candidate_failed + other.candidate_failed,
            self.baseline + other.baseline,
            self.baseline_failed + other.baseline_failed,
        )

    @property
    def compares(self) -> bool:
        """Whether both sides had some."""
        return bool(self.candidate and self.baseline)


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a gate found `at` seconds after its check began.

    `value` None with `error` None is no data; `error` says why nothing could be measured. `counts` are synthetic
    alerts, `traffic` requests at the edges, None where a check has none. `detail` is for people.
    """

    at: float
    value: float | None = None
    error: str | None = None
    counts: Counts | None = None
    traffic: Counts | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a gate said, with all that is needed to say it again offline."""

    gate: GateSpec
    outcome: Outcome
    reason: str
    measurements: tuple[Measurement, ...] = ()
    rule: str = ""
