"""What the section `rollout` asks of the instances, and of the section `health`."""

from collections.abc import Callable, Mapping, Sequence

from deploy.settings import words
from deploy.settings.masking import Path
from deploy.settings.placement import Place
from deploy.settings.report import Report, near
from deploy.settings.scalars import filled, soft
from deploy.settings.specs import HealthSpec, RolloutSpec


def check_order(section: object, found: Sequence[Place], report: Report) -> None:
    """Each name in `order` is that of an instance, and is there once."""
    names = list(dict.fromkeys(place.name for place in found))
    first: dict[str, int] = {}
    for number, name in enumerate(_order(section)):
        path: Path = ("rollout", "order", number)
        if name is None:
            continue
        if first.setdefault(name, number) != number:
            reason = f"order[{first[name]}] names this instance, too"
            report.add(path, name, reason, "pulumi config rm --path '{path}'")
        elif name not in names and not _homeless(name, found):
            close = near(name, names)
            command = f"did you mean {close}: pulumi config set --path '{{path}}' {close}"
            report.add(path, name, "no such instance", command if close else f"instances: {', '.join(names) or 'none'}")


def check_deadlines(config: Mapping[str, object], report: Report) -> None:
    """A rollout waits longer for progress than for an instance to become healthy."""
    health = _seconds(config.get("health"), "deadline", words.deadline, HealthSpec().deadline)
    progress = _seconds(
        config.get("rollout"), "progress_deadline", words.progress_deadline, RolloutSpec().progress_deadline
    )
    if health is not None and progress is not None and progress <= health:
        reason = f"has to be longer than deadline of health, which is {health:g}"
        command = f"pulumi config set --path '{{path}}' {2 * health:g}"
        report.add(("rollout", "progress_deadline"), f"{progress:g}", reason, command)


def _order(section: object) -> list[str | None]:
    given = section.get("order") if isinstance(section, Mapping) else None
    return [soft(filled, name) for name in given] if isinstance(given, list | tuple) else []


def _homeless(name: str, found: Sequence[Place]) -> bool:
    """Whether it may be an instance that has no host yet, which is told elsewhere."""
    return any(place.host is None and name.startswith(f"{place.name}-") for place in found)


def _seconds(section: object, key: str, reader: Callable[[object], float], default: float) -> float | None:
    """A time as given, or its default; None if it is wrong, which is told elsewhere."""
    given = section.get(key) if isinstance(section, Mapping) else None
    return default if given is None else soft(reader, given)
