"""How a rollout goes through the instances."""

from collections.abc import Mapping, Sequence

from deploy.settings.placement import Place
from deploy.settings.report import Report, near
from deploy.settings.scalars import filled, soft


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


def _homeless(name: str, found: Sequence[Place]) -> bool:
    """Whether it may be an instance that has no host yet, which is told elsewhere."""
    return any(place.host is None and name.startswith(f"{place.name}-") for place in found)
