"""Where the instances keep their threads, and whether that can work."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from deploy.settings.environment import Environment
from deploy.settings.masking import Path
from deploy.settings.placement import Place
from deploy.settings.report import Report
from deploy.settings.values import FILE, REDIS, STORE
from deploy.settings.variables import encrypt


@dataclass(frozen=True, slots=True)
class _Mistake:
    path: Path
    value: str | None
    reason: str
    suggestion: str


def check_stores(
    places: Sequence[Place], shared: Environment, edges: Sequence[str], report: Report, *, slotted: bool = False
) -> None:
    """Who keeps threads in Redis has its address; no two instances on a host share a file; behind an edge is Redis.

    `edges` are the hosts with an edge, and `slotted` says that each instance has a second slot behind it. What is wrong
    with one setting is told once, whomever it concerns.
    """
    told: set[Path] = set()
    for mistake in (*_redis(places, shared), *_files(places, shared, slotted), *_apart(places, shared, edges, slotted)):
        if mistake.path not in told:
            told.add(mistake.path)
            report.add(mistake.path, mistake.value, mistake.reason, mistake.suggestion)


def _redis(places: Sequence[Place], shared: Environment) -> Iterator[_Mistake]:
    for place in places:
        if _store(place, shared) == "redis" and not _has_address(place, shared):
            reason = f"is missing: {STORE} of {place.name} is redis"
            yield _missing(place, shared, reason)


def _files(places: Sequence[Place], shared: Environment, slotted: bool) -> Iterator[_Mistake]:
    first: dict[tuple[str | None, str], Place] = {}
    for place in places:
        file = shared.of(place).get(FILE)
        other = first.setdefault((place.host, file), place) if file else place
        if file and slotted and _store(place, shared) in ("", "file"):
            reason = f"{place.name} and its second slot would both write this file"
            yield _Mistake(shared.path(FILE, place), file, reason, "leave it out: pulumi config rm --path '{path}'")
        elif file and place.host and other is not place:
            reason = f"{other.name} and {place.name} on host {place.host} would both write this file"
            path = shared.path(FILE, place)
            yield _Mistake(path, file, reason, "leave it out: each instance has a file of its own")


def _apart(places: Sequence[Place], shared: Environment, edges: Sequence[str], slotted: bool) -> Iterator[_Mistake]:
    """Behind an edge, any instance may get any alert of an incident: only with one store does it stay one thread."""
    if not edges or len(places) < (1 if slotted else 2):
        return
    who = f"{len(places)} instances" if len(places) > 1 else "an instance and its second slot"
    why = f"host {edges[0]} is an edge, behind which {who} have to share their threads in Redis"
    for place in places:
        store = _store(place, shared)
        if store == "":
            yield _missing(place, shared, f"is missing: {why}")
        elif store != "redis":
            path = shared.path(STORE, place)
            yield _Mistake(path, shared.of(place)[STORE], why, "pulumi config set --path '{path}' redis")


def _store(place: Place, shared: Environment) -> str:
    """The store that an instance is told to use, or would use because it has Redis; empty: a file by default."""
    return shared.of(place).get(STORE, "").strip().lower() or ("redis" if _has_address(place, shared) else "")


def _has_address(place: Place, shared: Environment) -> bool:
    given = shared.of(place).get(REDIS)
    if given is None and REDIS in shared.secrets:
        given = shared.secrets[REDIS].value
    return REDIS in shared.given if given is None else bool(given.strip())


def _missing(place: Place, shared: Environment, reason: str) -> _Mistake:
    if REDIS in shared.of(place):  # it is empty, and so hides what is under secrets or in the shell
        return _Mistake(shared.path(REDIS, place), "", reason, "pulumi config rm --path '{path}'")
    return _Mistake(("secrets", REDIS), None, reason, encrypt(REDIS))
