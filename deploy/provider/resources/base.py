"""What every resource of ours can do, and how a host that does not answer is met."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

from deploy.faults import HostFault
from deploy.provider.difference import detailed
from deploy.provider.engine import Engine
from deploy.provider.fleet import Fleet
from deploy.provider.values import Properties

UNVERIFIED = "unverified"
"""The output that says why a resource could not be brought up to date; its next diff is an update."""


WITHOUT = "or go on without it: pulumi config set --path alert-threader:rollout.unreachable skip"


class HeldUp(HostFault):
    """A host does not answer, which holds up the rollout, since that waits for every host."""

    @property
    def text(self) -> str:
        """What that means for the fleet, and the fault."""
        return f"nothing was activated: {super().text}; {WITHOUT}"


def machine(connection: Properties) -> str:
    """A machine by how it is reached; its name in the settings may change."""
    return f"{connection['address']}:{connection['port']:g}"


@dataclass(frozen=True)
class Context:
    """What a resource works with."""

    fleet: Fleet
    engine: Engine
    claims: set[str] = field(default_factory=set)
    """What the running program wants to exist, by `Resource.identity`."""


class Resource(ABC):
    """A kind of resource. Only `read`, and the writes outside a preview, ever contact a host."""

    names: ClassVar[tuple[str, ...]]
    """The inputs, in the order in which a diff shows them."""
    replaces: ClassVar[frozenset[str]] = frozenset()
    """The inputs whose change makes it another resource."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def identity(self, values: Properties) -> str | None:
        """What it is on which machine, whatever it is called in the program; None: deleting it touches no host."""
        return None

    def claim(self, new: Properties) -> None:
        """The program wants this to exist: a resource of another name that was the same will not remove it."""
        name = self.identity(new)
        if name:
            self.context.claims.add(name)

    def taken_over(self, old: Properties) -> bool:
        """Whether what is to be deleted is wanted under another name: a component, host or address was renamed."""
        return self.identity(old) in self.context.claims

    def diff(self, old: Properties, new: Properties) -> dict[str, str]:
        """The differences by property key."""
        return detailed({**old, UNVERIFIED: old.get(UNVERIFIED)}, {**new, UNVERIFIED: None}, (*self.names, UNVERIFIED))

    @property
    def busy(self) -> bool:
        """Whether something is under way that `cancel` would undo."""
        return False

    @abstractmethod
    async def create(self, urn: str, new: Properties) -> tuple[str, Properties]:
        """Bring into being, adopting what is right already; the id and the outputs."""

    @abstractmethod
    async def read(self, urn: str, old: Properties) -> Properties | None:
        """The inputs as found; None when there is nothing at all. Raises HostFault."""

    @abstractmethod
    async def update(self, urn: str, old: Properties, new: Properties) -> Properties:
        """Change what differs; the outputs."""

    @abstractmethod
    async def delete(self, urn: str, old: Properties) -> None:
        """Remove."""

    async def preview(self, urn: str, old: Properties | None, new: Properties) -> Properties:
        """The outputs as they will be; contacts nobody."""
        return new

    async def cancel(self) -> None:  # noqa: B027 - most have nothing to undo
        """The user pressed Ctrl-C: undo what is under way, soon."""

    def skipped(self, urn: str, new: Properties, fault: HostFault) -> Properties:
        """The outputs for a host that does not answer, where `rollout.unreachable: skip` allows it; else raises."""
        if not fault.fault.contact:
            raise fault
        if new.get("unreachable") != "skip":
            raise HeldUp(fault.place, fault.fault, fault.detail) from fault
        self.context.engine.warn(urn, f"skipped until it answers again: {fault.text}")
        return {**new, UNVERIFIED: fault.reason}
