"""How a rollout goes through the instances."""

from collections.abc import Mapping, Sequence
from typing import Final

from deploy.settings.masking import setting
from deploy.settings.placement import Place
from deploy.settings.report import Report, near
from deploy.settings.scalars import count, filled, soft
from deploy.settings.specs import RolloutSpec

_DEFAULT: Final = RolloutSpec()


def check_batch(rollout: object, report: Report) -> None:
    """No more instances are switched at a time than may be out of service."""
    given = rollout if isinstance(rollout, Mapping) else {}
    batch = _count(given.get("batch"), _DEFAULT.batch)
    most = _count(given.get("max_unavailable"), _DEFAULT.max_unavailable)
    if batch is not None and most is not None and batch > most:
        command = f"pulumi config set --path '{setting(('rollout', 'max_unavailable'))}' {batch}"
        report.add(("rollout", "batch"), batch, f"has to be at most max_unavailable, which is {most}", command)


def check_order(rollout: object, found: Sequence[Place], report: Report) -> None:
    """Each name in `order` is that of an instance, and is there once."""
    given = rollout.get("order") if isinstance(rollout, Mapping) else None
    order = [soft(filled, name) for name in given] if isinstance(given, list | tuple) else []
    names = list(dict.fromkeys(place.name for place in found))
    for number, name in enumerate(order):
        if name is not None and order.index(name) == number and name not in names and not _homeless(name, found):
            close = near(name, names)
            command = f"did you mean {close}: pulumi config set --path '{{path}}' {close}"
            known = f"instances: {', '.join(names) or 'none'}"
            report.add(("rollout", "order", number), name, "no such instance", command if close else known)
    for number, name in reversed(list(enumerate(order))):  # so that no removal moves what the next one names
        if name is not None and order.index(name) != number:
            reason = f"order[{order.index(name)}] names this instance, too"
            report.add(("rollout", "order", number), name, reason, "pulumi config rm --path '{path}'")


def _count(value: object, default: int) -> int | None:
    return default if value is None else soft(count, value)


def _homeless(name: str, found: Sequence[Place]) -> bool:
    """Whether it may be an instance that has no host yet, which is told elsewhere."""
    return any(place.host is None and name.startswith(f"{place.name}-") for place in found)
