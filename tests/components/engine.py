"""The engine replaced by mocks: runs a program, and keeps all that it registers as it came over the wire."""

import asyncio
import logging

import pulumi
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime import mocks, settings

from deploy.provider.values import Secret, plain


class Echo(pulumi.runtime.Mocks):
    """Every resource becomes what was asked for, with the outputs that were given for it."""

    def __init__(self, found):
        self._found = found

    def new_resource(self, args):
        return args.name, {**args.inputs, **self._found.get(args.name, {})}

    def call(self, args):
        return {}


class Program:
    """What a program did: requests by name, and what it logged."""

    def __init__(self):
        self.requests, self.outputs, self.logged = {}, {}, []

    def types(self):
        return {name: request.type for name, request in self.requests.items()}

    def inputs(self, name):
        return plain(PropertyValue.unmarshal_map(self.requests[name].object))

    def waits_for(self, name):
        """The names of the resources that have to be there before."""
        return {urn.rpartition("::")[2] for urn in self.requests[name].dependencies}

    def waits_for_all(self, name):
        """The same, over as many steps as there are."""
        found = set()
        for each in self.waits_for(name):
            found |= {each, *self.waits_for_all(each)}
        return found


def run(program, **found):
    """Run `program` (a function) as the language host would; `found` are outputs of resources by their names."""
    done, mock = Program(), Echo(found)

    class Monitor(mocks.MockMonitor):
        def RegisterResource(self, request):  # noqa: N802 - the protocol's name
            done.requests[request.name] = request
            return super().RegisterResource(request)

        def RegisterResourceOutputs(self, request):  # noqa: N802 - the protocol's name
            done.outputs[request.urn.rpartition("::")[2]] = plain(PropertyValue.unmarshal_map(request.outputs))
            return super().RegisterResourceOutputs(request)

    class Listening(logging.Handler):
        def emit(self, record):
            done.logged.append(record.getMessage())

    logger = logging.Logger("engine")
    logger.addHandler(Listening())
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        settings.SETTINGS.outputs.clear()
        pulumi.runtime.set_mocks(
            mock, project="alert-threader", stack="test", preview=False, logger=logger, monitor=Monitor(mock)
        )
        settings.set_root_resource(None)  # the one of the mocks, and of the program before: the stack makes its own
        loop.run_until_complete(pulumi.runtime.run_in_stack(program))
    finally:
        asyncio.set_event_loop(None)
        loop.close()
    return done


def shown(value):
    """A plain value with its secrets struck out, as text: what everybody can read."""
    if isinstance(value, dict):
        return str({name: shown(inner) for name, inner in value.items()})
    if isinstance(value, list):
        return str([shown(inner) for inner in value])
    return "[secret]" if isinstance(value, Secret) else str(value)
