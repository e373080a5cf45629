"""What the sections of the settings ask of each other."""

from collections.abc import Collection, Mapping, Sequence

from deploy.settings import read, shape
from deploy.settings.masking import Path
from deploy.settings.report import Report
from deploy.settings.scalars import soft
from deploy.settings.specs import Impl, InstanceSpec
from deploy.settings.variables import FILE, REDIS, encrypt


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


def check_stores(
    instances: Sequence[tuple[int, InstanceSpec]], env: Mapping[str, str], given: Collection[str], report: Report
) -> None:
    """Who keeps threads in Redis has its address, and no two instances on a host share a file.

    `given` are the names of all variables of the fleet, also of those whose values are wrong.
    """
    first: dict[tuple[str, str], InstanceSpec] = {}
    told: set[Path] = set()

    def tell(path: Path, value: object, reason: str, suggestion: str) -> None:
        if path not in told:
            told.add(path)
            report.add(path, value, reason, suggestion)

    for index, instance in instances:
        own = {**env, **instance.env}
        if own.get("THREAD_STORE", "").lower() == "redis" and not {REDIS} & {*given, *instance.env}:
            tell(("secrets", REDIS), None, f"is missing: THREAD_STORE of {instance.name} is redis", encrypt(REDIS))
        file = own.get(FILE)
        other = first.setdefault((instance.host, file), instance) if file else instance
        if other is not instance:
            path = ("instances", index, "env", FILE) if FILE in instance.env else ("env", FILE)
            reason = f"{other.name} and {instance.name} on host {instance.host} would both write this file"
            tell(path, file, reason, "leave it out: each instance has a file of its own")
