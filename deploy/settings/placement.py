"""Which instance runs on which host, and what two of them must not share."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from deploy.settings import words
from deploy.settings.hosts import HostRow
from deploy.settings.report import Report, near
from deploy.settings.scalars import filled, soft


@dataclass(frozen=True, slots=True)
class Place:
    """An instance on a host: `index` is that of its item in `instances`. `host` is None if the item names none.

    `env` are the instance's own variables. It is known also when something else in the item is wrong.
    """

    index: int
    name: str
    host: str | None
    port: int | None
    env: Mapping[str, str] = field(default_factory=dict, compare=False)


def places(items: Sequence[object], hosts: Sequence[HostRow], report: Report) -> list[Place]:
    """Where the instances run, one place for each host that an item means."""
    found = []
    for index, raw in enumerate(items):
        if not isinstance(raw, Mapping):
            continue
        name, port = soft(filled, raw.get("name")), soft(words.port, raw.get("port"))
        targets = _targets(index, raw, hosts, report)
        by_role = raw.get("role") is not None
        if name is not None and targets:
            found += [Place(index, f"{name}-{host}" if by_role else name, host, port) for host in targets]
        elif name is not None:
            found.append(Place(index, name, None, port))
    return found


def check_places(found: Sequence[Place], report: Report) -> None:
    """Two instances share neither a name nor a port on a host, and names made of two are not too long."""
    for place in _once(place for place in found if len(place.name) > words.LONGEST_NAME):
        if place.host and place.name.endswith(f"-{place.host}"):
            reason = f"with its host's name added it is {place.name}, longer than {words.LONGEST_NAME} characters"
            report.add(("instances", place.index, "name"), place.name.removesuffix(f"-{place.host}"), reason)
    for place in _once(place for place in found if place.name.endswith(f"-{place.host}") and words.of_slot(place.name)):
        reason = f"with its host's name added it is {place.name}, and {words.SLOTS}"
        report.add(("instances", place.index, "name"), place.name.removesuffix(f"-{place.host}"), reason)
    names = _clashes((place.name, place) for place in found)
    for place in _once(names):
        other = names[place]
        reason = f"instances[{other.index}] has this name, too" + (f", on host {other.host}" if other.host else "")
        report.add(("instances", place.index, "name"), place.name, reason)
    ports = _clashes(((place.host, place.port), place) for place in found if place.host and place.port)
    for place in _once(ports):
        other = ports[place]
        reason = f"on host {place.host} this is the port of instances[{other.index}] ({other.name})"
        command = f"pulumi config set --path '{{path}}' {free_port(place.port or 0, {each.port for each in found})}"
        report.add(("instances", place.index, "port"), place.port, reason, command)


def _clashes(keyed: Iterable[tuple[object, Place]]) -> dict[Place, Place]:
    """Each place whose key another one had before, and that other one."""
    first: dict[object, Place] = {}
    return {place: other for key, place in keyed if (other := first.setdefault(key, place)) is not place}


def _once(found: Iterable[Place]) -> list[Place]:
    """One place of each item."""
    return list({place.index: place for place in reversed(list(found))}.values())


def _targets(index: int, keys: Mapping[object, object], hosts: Sequence[HostRow], report: Report) -> list[str]:
    """The hosts that an item of `instances` names, by itself or by a role."""
    names = list(dict.fromkeys(row.name for row in hosts if row.name is not None))
    host, role = soft(filled, keys.get("host")), soft(filled, keys.get("role"))
    if host is not None and role is not None:
        report.add(("instances", index, "role"), role, "an instance has a host or a role, not both")
        return []
    if keys.get("host") is not None:
        return _known("host", host, names, [host or ""], index, report)
    if keys.get("role") is not None:
        roles = list(dict.fromkeys(each for row in hosts for each in row.roles))
        with_role = [name for name in names if any(row.name == name and role in row.roles for row in hosts)]
        return _known("role", role, roles, with_role, index, report)
    if len(hosts) > 1:
        command = f"pulumi config set --path '{{path}}' {names[0]}" if names else ""
        reason = f"is missing: there are {len(hosts)} hosts, so say which one, or name a role"
        report.add(("instances", index, "host"), None, reason, command)
        return []
    return names


def _known(kind: str, word: str | None, known: list[str], targets: list[str], index: int, report: Report) -> list[str]:
    if word is None or not known or word in known:
        return targets if word in known else []
    close = near(word, known)
    have = f"{kind}s: {', '.join(known)}"
    reason = "no such host" if kind == "host" else "no host has this role"
    command = f"did you mean {close}: pulumi config set --path '{{path}}' {close}"
    report.add(("instances", index, kind), word, reason, command if close else have)
    return []


def free_port(port: int, used: Collection[int | None]) -> int:
    """A port near to one that is taken, which none of the `used` ones is."""
    free = (number for number in (*range(port, 65536), *range(9009, port)) if number not in used)
    return next(free, port)
