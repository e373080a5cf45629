"""The times of the settings: their limits, and which has to be shorter than which."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from deploy.settings.masking import setting
from deploy.settings.report import Report
from deploy.settings.scalars import seconds, soft
from deploy.settings.specs import HealthSpec, RolloutSpec

Reader = Callable[[object], float]

CONFIRM_WITHIN: Final[Reader] = partial(seconds, least=5, most=3600)
WAIT: Final[Reader] = partial(seconds, least=0, most=3600)
PROGRESS_DEADLINE: Final[Reader] = partial(seconds, least=10, most=86400)
DRAIN: Final[Reader] = partial(seconds, least=0, most=300)
DEADLINE: Final[Reader] = partial(seconds, least=1, most=600)
INTERVAL: Final[Reader] = partial(seconds, least=0.1, most=60)
EVERY: Final[Reader] = partial(seconds, least=1, most=3600)
SCRAPES: Final[Reader] = partial(seconds, least=1, most=300)
TIMEOUT: Final[Reader] = partial(seconds, least=0.5, most=60)
DAY: Final[Reader] = partial(seconds, least=0, most=86400)
MEASURED: Final[Reader] = partial(seconds, least=0.5, most=3600)
DELAY: Final[Reader] = partial(seconds, least=0, most=3600)
LIMIT: Final[Reader] = partial(seconds, least=1, most=86400)
ANSWERED: Final[Reader] = partial(seconds, least=0.5, most=600)


def check_times(health: object, rollout: object, report: Report) -> None:
    """An attempt ends before the next one, a check before the next one, and a rollout waits longer than an instance."""
    of_health, of_rollout = _keys(health), _keys(rollout)
    deadline = _time(of_health, "deadline", DEADLINE, HealthSpec().deadline)
    _check_attempts(of_health, deadline, report)
    _check_checks(of_health, report)
    progress = _time(of_rollout, "progress_deadline", PROGRESS_DEADLINE, RolloutSpec().progress_deadline)
    if deadline is not None and progress is not None and progress <= deadline:
        reason = f"has to be longer than deadline of health, which is {deadline:g}"
        command = f"pulumi config set --path '{{path}}' {2 * deadline:g}"
        report.add(("rollout", "progress_deadline"), f"{progress:g}", reason, command)


def _check_attempts(health: Mapping[object, object], deadline: float | None, report: Report) -> None:
    interval = _time(health, "interval", INTERVAL, HealthSpec().interval)
    if deadline is not None and interval is not None and interval >= deadline:
        reason = f"has to be shorter than deadline, which is {deadline:g}"
        report.add(("health", "interval"), f"{interval:g}", reason, "pulumi config rm --path '{path}'")


def _check_checks(health: Mapping[object, object], report: Report) -> None:
    every = _time(health, "every", EVERY, HealthSpec().every)
    timeout = _time(health, "timeout", TIMEOUT, HealthSpec().timeout)
    if every is None or timeout is None or timeout < every:
        return
    command = f"pulumi config set --path '{setting(('health', 'timeout'))}' {every / 2:g}"
    if health.get("timeout") is None:
        report.add(("health", "every"), f"{every:g}", f"has to be longer than timeout, which is {timeout:g}", command)
    else:
        report.add(("health", "timeout"), f"{timeout:g}", f"has to be shorter than every, which is {every:g}", command)


def _keys(section: object) -> Mapping[object, object]:
    return section if isinstance(section, Mapping) else {}


def _time(section: Mapping[object, object], key: str, reader: Reader, default: float) -> float | None:
    """A time as given, or its default; None if it is wrong, which is told elsewhere."""
    return default if section.get(key) is None else soft(reader, section[key])
