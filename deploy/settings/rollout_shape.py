"""The form of the section `rollout`, as `shape` has those of the others."""

from functools import partial
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, PlainValidator, model_validator

from deploy.analysis.conditions import overlap, parse
from deploy.analysis.gates import Action, GateKind, GateSpec
from deploy.rollout.plan import Phase
from deploy.settings import scalars, times, words
from deploy.settings.shape import Count, Form, Name, Text, a_list, inner, some
from deploy.settings.specs import CanaryStep as CanarySpec
from deploy.settings.specs import Hold, NotifySpec, Revert, RolloutSpec, Strategy, Unreachable

_ROLLOUT: Final = RolloutSpec()
_GATE: Final = GateSpec("", GateKind.SMOKE)
_ASKS: Final = {
    GateKind.PROMQL: "PromQL, which gives one number",
    GateKind.LOGQL: "LogQL, which gives one number",
    GateKind.COMMAND: "a command, which ends with 0 for a success",
}
"""What `query` is, by the kind of the gate."""
_MEASURED: Final = (GateKind.PROMQL, GateKind.LOGQL)
"""The kinds whose values have conditions; the others know by themselves what is good."""
_OPPOSITE: Final = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


def _word(kind: type[Hold] | type[Revert] | type[Unreachable] | type[Action], value: object) -> object:
    return scalars.choice(value, kind, "choice")


def _strategy(value: object) -> Strategy:
    return scalars.choice(value, Strategy, "strategy")


def _kind(value: object) -> GateKind:
    return scalars.choice(value, GateKind, "kind of gate")


def _phase(value: object) -> Phase:
    return scalars.choice(value, Phase, "phase")


def _once(phases: tuple[Phase, ...]) -> tuple[Phase, ...]:
    return tuple(dict.fromkeys(phases))


Condition = Annotated[str, PlainValidator(words.condition)]
Some = Annotated[int, PlainValidator(partial(scalars.integer, least=0, most=100))]


class CanaryStep(Form):
    """One of `canary`; `instances` is a whole number, or a float, which is a percentage."""

    instances: Annotated[int | float, PlainValidator(words.amount)] | None = None
    weight: Annotated[float, PlainValidator(words.weight)] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "CanaryStep":
        if self.instances is None and self.weight is None:
            scalars.wrong("says neither instances nor weight", "pulumi config rm --path '{path}'")
        return self

    def spec(self) -> CanarySpec:
        """The step as a spec."""
        if isinstance(self.instances, float):
            return CanarySpec(percent=self.instances, weight=self.weight)
        return CanarySpec(self.instances, weight=self.weight)


class Gate(Form):
    """One of `gates`."""

    name: Name = Field(examples=["errors"])
    kind: Annotated[GateKind, PlainValidator(_kind)] = Field(examples=["promql"])
    query: Text = _GATE.query
    success: Condition = _GATE.success
    failure: Condition = _GATE.failure
    interval: Annotated[float, PlainValidator(times.MEASURED)] = _GATE.interval
    delay: Annotated[float, PlainValidator(times.DELAY)] = _GATE.delay
    count: Count = _GATE.count
    limit: Annotated[float, PlainValidator(times.LIMIT)] = _GATE.limit
    failures: Some = _GATE.failures
    errors: Some = _GATE.errors
    timeout: Annotated[float, PlainValidator(times.ANSWERED)] = _GATE.timeout
    margin: Annotated[float, PlainValidator(partial(scalars.number, least=0.01, most=0.5))] = _GATE.margin
    on_fail: Annotated[Action, PlainValidator(partial(_word, Action))] = _GATE.on_fail
    dry_run: Annotated[bool, PlainValidator(scalars.flag)] = _GATE.dry_run
    phases: Annotated[tuple[Annotated[Phase, PlainValidator(_phase)], ...], BeforeValidator(some)] = _GATE.phases

    @model_validator(mode="after")
    def _is_of_its_kind(self) -> "Gate":
        has = {"query": self.kind in _ASKS, "margin": self.kind is GateKind.COMPARE}
        has |= dict.fromkeys(("success", "failure"), self.kind in _MEASURED)
        for key in (key for key, fits in has.items() if key in self.model_fields_set and not fits):
            scalars.wrong_key(key, f"a gate of kind {self.kind} has none", "pulumi config rm --path '{path}'")
        missing = f"is missing: a gate of kind {self.kind} needs it"
        if has["query"] and not self.query:
            scalars.wrong_key("query", missing, _ASKS[self.kind])
        if has["success"] and not self.success:
            scalars.wrong_key("success", missing, "pulumi config set --path '{path}' '< 0.01'")
        return self

    @model_validator(mode="after")
    def _can_be_decided(self) -> "Gate":
        if self.success and self.failure and overlap(parse(self.success), parse(self.failure)):
            word, bound = self.success.split()
            how = f"pulumi config set --path '{{path}}' '{_OPPOSITE[word]} {bound}'"
            scalars.wrong_key("failure", f"a value could meet it and success, which is {self.success}", how)
        needed = self.delay + self.interval * (self.count - 1)
        if needed >= self.limit:
            how = f"pulumi config set --path '{{path}}' {needed + self.timeout:g}"
            scalars.wrong_key("limit", f"has to be longer than its measurements take, which is {needed:g} s", how)
        return self

    def spec(self) -> GateSpec:
        """The gate as a spec."""
        return GateSpec(**{**dict(self), "phases": _once(self.phases)})


class Notify(Form):
    """`notify` of the section `rollout`."""

    channel: Annotated[str, PlainValidator(words.channel)] = Field(examples=["C0123456789"])


class Rollout(Form):
    """The section `rollout`."""

    strategy: Annotated[Strategy, PlainValidator(_strategy)] = _ROLLOUT.strategy
    unreachable: Annotated[Unreachable, PlainValidator(partial(_word, Unreachable))] = _ROLLOUT.unreachable
    confirm_within: Annotated[float, PlainValidator(times.CONFIRM_WITHIN)] = _ROLLOUT.confirm_within
    keep: Annotated[int, PlainValidator(partial(scalars.integer, least=2, most=100))] = _ROLLOUT.keep
    batch: Count = _ROLLOUT.batch
    max_unavailable: Count = _ROLLOUT.max_unavailable
    wait: Annotated[float, PlainValidator(times.WAIT)] = _ROLLOUT.wait
    progress_deadline: Annotated[float, PlainValidator(times.PROGRESS_DEADLINE)] = _ROLLOUT.progress_deadline
    drain: Annotated[float, PlainValidator(times.DRAIN)] = _ROLLOUT.drain
    order: Annotated[tuple[Text, ...], BeforeValidator(a_list)] = _ROLLOUT.order
    slot_offset: Annotated[int, PlainValidator(words.slot_offset)] = _ROLLOUT.slot_offset
    hold: Annotated[Hold, PlainValidator(partial(_word, Hold))] = _ROLLOUT.hold
    warm: Annotated[float, PlainValidator(times.DAY)] = _ROLLOUT.warm
    guard: Annotated[float, PlainValidator(times.DAY)] = _ROLLOUT.guard
    revert: Annotated[Revert, PlainValidator(partial(_word, Revert))] = _ROLLOUT.revert
    decision: Annotated[str, PlainValidator(words.decision)] | None = _ROLLOUT.decision
    canary: Annotated[tuple[Annotated[CanaryStep, BeforeValidator(inner)], ...], BeforeValidator(some)] | None = None
    gates: Annotated[tuple[Annotated[Gate, BeforeValidator(inner)], ...], BeforeValidator(a_list)] | None = None
    notify: Annotated[Notify, BeforeValidator(inner)] | None = None

    def spec(self) -> RolloutSpec:
        """The section as a spec."""
        plain = {key: value for key, value in self if key not in ("canary", "gates", "notify")}
        return RolloutSpec(
            **plain,
            canary=_ROLLOUT.canary if self.canary is None else tuple(step.spec() for step in self.canary),
            gates=_ROLLOUT.gates if self.gates is None else tuple(gate.spec() for gate in self.gates),
            notify=NotifySpec(self.notify.channel) if self.notify else None,
        )
