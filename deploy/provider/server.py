"""The one module that knows the SDK's experimental provider server: it maps its calls to our resources."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any, Final

import grpc
from pulumi.provider.experimental import provider as api
from pulumi.provider.experimental import server
from pulumi.runtime.proto import provider_pb2, status_pb2

from deploy.errors import ForPeople
from deploy.hosts.client import Hosts
from deploy.manifest.monitoring.kinds import PARTS
from deploy.provider.difference import ADD, DELETE
from deploy.provider.engine import Engine
from deploy.provider.fleet import Fleet
from deploy.provider.parent import leave_with_engine
from deploy.provider.resources.base import Context, Resource
from deploy.provider.resources.edge import EdgeResource
from deploy.provider.resources.health import HealthTimerResource
from deploy.provider.resources.host import HostResource
from deploy.provider.resources.instance import InstanceResource
from deploy.provider.resources.part import PartResource
from deploy.provider.resources.rollout import RolloutResource
from deploy.provider.values import plain, properties

VERSION: Final = "0.1.0"
TYPES: Final[dict[str, type[Resource]]] = {
    "threader:index:Host": HostResource,
    "threader:index:Instance": InstanceResource,
    "threader:index:Edge": EdgeResource,
    "threader:index:Rollout": RolloutResource,
    "threader:index:HealthTimer": HealthTimerResource,
    **{f"threader:index:{kind}": PartResource for kind in PARTS},
}


class Threader(api.Provider):
    """The provider: finds the resource of a request's type and lets it answer."""

    def __init__(self, engine: Engine) -> None:
        self._hosts = Hosts()
        context = Context(Fleet(self._hosts), engine)
        made = {kind: kind(context) for kind in TYPES.values()}
        self._resources = {name: made[kind] for name, kind in TYPES.items()}

    @property
    def busy(self) -> bool:
        """Whether something is under way that has to be undone before this process goes."""
        return any(resource.busy for resource in self._resources.values())

    def _resource(self, path: str) -> Resource:
        """The resource of a URN's type path, which names the types of the parents, too: PARENT$TYPE."""
        return self._resources[path.rpartition("$")[2]]

    async def get_schema(self, request: api.GetSchemaRequest) -> api.GetSchemaResponse:
        """No schema: the program that uses the provider lies beside it."""
        return api.GetSchemaResponse('{"name": "threader"}')

    async def check_config(self, request: api.CheckRequest) -> api.CheckResponse:
        """There is nothing to configure."""
        return api.CheckResponse(inputs=request.new_inputs)

    async def diff_config(self, request: api.DiffRequest) -> api.DiffResponse:
        """There is nothing to configure."""
        return api.DiffResponse(changes=False)

    async def configure(self, request: api.ConfigureRequest) -> api.ConfigureResponse:
        """Say what this provider understands."""
        return api.ConfigureResponse(
            accept_secrets=True, supports_preview=True, accept_resources=True, accept_outputs=True
        )

    async def check(self, request: api.CheckRequest) -> api.CheckResponse:
        """Settings are checked in the program, all at once, before any resource; here it says what is to exist."""
        self._resource(request.type).claim(plain(request.new_inputs))
        return api.CheckResponse(inputs=request.new_inputs)

    async def diff(self, request: api.DiffRequest) -> api.DiffResponse:
        """New inputs against old outputs, by the keys that make line-by-line previews."""
        resource = self._resource(request.type)
        found = resource.diff(plain(request.old_state), plain(request.new_inputs))
        replaces = [key for key in found if key in resource.replaces]
        return api.DiffResponse(
            changes=bool(found),
            replaces=replaces,
            diffs=sorted({key.partition("[")[0] for key in found}),
            detailed_diff={key: api.PropertyDiff(_kind(kind, key in replaces), True) for key, kind in found.items()},
        )

    async def create(self, request: api.CreateRequest) -> api.CreateResponse:
        """Create, or say what creating would give."""
        resource, new = self._resource(request.type), plain(request.properties)
        if request.preview:
            return api.CreateResponse(
                resource_id="", properties=properties(await resource.preview(request.urn, None, new))
            )
        name, outputs = await resource.create(request.urn, new)
        return api.CreateResponse(resource_id=name, properties=properties(outputs))

    async def read(self, request: api.ReadRequest) -> api.ReadResponse:
        """What was found, as inputs, too: without them a refresh shows no drift."""
        resource, old = self._resource(request.type), plain(request.properties)
        found = await resource.read(request.urn, old)
        if found is None:
            return api.ReadResponse(resource_id="")
        inputs = {name: value for name, value in found.items() if name in plain(request.inputs)}
        return api.ReadResponse(request.resource_id, properties(found), properties(inputs))

    async def update(self, request: api.UpdateRequest) -> api.UpdateResponse:
        """Update, or say what updating would give."""
        resource, old, new = self._resource(request.type), plain(request.olds), plain(request.news)
        act = resource.preview if request.preview else resource.update
        return api.UpdateResponse(properties=properties(await act(request.urn, old, new)))

    async def delete(self, request: api.DeleteRequest) -> None:
        """Delete, unless the program wants the same under another name."""
        resource, old = self._resource(request.type), plain(request.properties)
        if not resource.taken_over(old):
            await resource.delete(request.urn, old)

    async def cancel(self) -> None:
        """The first Ctrl-C or SIGTERM; the second kills this process."""
        await asyncio.gather(*(resource.cancel() for resource in self._resources.values()))


def _kind(kind: str, replaces: bool) -> api.PropertyDiffKind:
    kinds = api.PropertyDiffKind
    if kind == ADD:
        return kinds.ADD_REPLACE if replaces else kinds.ADD
    if kind == DELETE:
        return kinds.DELETE_REPLACE if replaces else kinds.DELETE
    return kinds.UPDATE_REPLACE if replaces else kinds.UPDATE


SDK = server.ProviderServicer
Call = Callable[[Any, Any, Any], Awaitable[Any]]


def _undecorated(name: str) -> Call:
    """The SDK wraps its methods in a traceback printer that keeps no __wrapped__: reach the function in its closure."""
    call: Call = getattr(SDK, name).__closure__[0].cell_contents
    return call


def _plain_errors(name: str) -> Call:
    """An error for people reaches the user as its text, without the SDK's class names and traceback."""

    async def call(self: Any, request: Any, context: Any) -> Any:
        try:
            return await _undecorated(name)(self, request, context)
        except ForPeople as error:
            return await context.abort(grpc.StatusCode.UNKNOWN, str(error))

    return call


class Servicer(SDK):
    """The SDK's servicer, with errors for people and a Read that a host's fault does not fail."""

    Create, Update, Delete = _plain_errors("Create"), _plain_errors("Update"), _plain_errors("Delete")

    async def Read(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        """A failing Read would block the whole stack: the resource is told to be not initialised, and updated."""
        try:
            return await _undecorated("Read")(self, request, context)
        except Exception as error:
            text = str(error) if isinstance(error, ForPeople) else f"unexpected {type(error).__name__}: {error}"
            kept = provider_pb2.ErrorResourceInitFailed(
                id=request.id,
                properties=request.properties,
                inputs=request.inputs,
                reasons=[f"unverified: {text}"],
            )
            status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=text)
            status.details.add().Pack(kept)
            metadata = (("grpc-status-details-bin", status.SerializeToString()),)
            return await context.abort(grpc.StatusCode.UNKNOWN, text, trailing_metadata=metadata)


def main() -> None:
    """Serve the engine whose address is the first argument, and go when it goes.

    SIGINT is the engine's goodbye: gRPC would sit through it, and be killed 5 s later. Ctrl-C on a terminal may send
    it, too, in the middle of a rollout, which has to be undone first: the engine calls Cancel.
    """
    threader = Threader(Engine(sys.argv[1]))
    signal.signal(signal.SIGINT, lambda *_: None if threader.busy else os._exit(0))
    setattr(server, "ProviderServicer", Servicer)  # noqa: B010 - the SDK has no other way in
    leave_with_engine(sys.argv[1])
    server.main(sys.argv[1:], VERSION, threader)


if __name__ == "__main__":
    main()
