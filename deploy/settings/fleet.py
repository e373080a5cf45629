"""What the sections of the settings ask of each other."""

from collections.abc import Mapping, Sequence

from deploy.settings import read, shape
from deploy.settings.report import Report
from deploy.settings.scalars import soft
from deploy.settings.specs import Impl


def check_artifacts(items: Sequence[object], release: object, report: Report) -> None:
    """Every implementation that an instance uses has an artifact."""
    if not isinstance(release, Mapping):
        return
    users: dict[Impl, int] = {}
    for index, raw in enumerate(items):
        impl = soft(shape.impl_word, raw.get("impl")) if isinstance(raw, Mapping) else None
        if impl is not None:
            users.setdefault(impl, index)
    named = read.mapping(release, ("release",), report)
    for impl, index in users.items():
        if impl not in named:
            reason = f"is missing: instances[{index}] uses it"
            command = f"pulumi config set --path '{{path}}' dist/alert-threader-{impl}-VERSION.tar.gz"
            report.add(("release", impl.value), None, reason, command)
