"""What the engine shows while a resource is at work."""

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc


class Engine:
    """The log of the running Pulumi command."""

    def __init__(self, address: str) -> None:
        self._stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))

    def progress(self, urn: str, text: str) -> None:
        """Show `text` live in the resource's own line."""
        self._log(engine_pb2.INFO, urn, text, passing=True)

    def note(self, urn: str, text: str) -> None:
        """Keep `text` under Diagnostics."""
        self._log(engine_pb2.INFO, urn, text)

    def warn(self, urn: str, text: str) -> None:
        """Keep `text` under Diagnostics, as a warning."""
        self._log(engine_pb2.WARNING, urn, text)

    def _log(self, severity: engine_pb2.LogSeverity.ValueType, urn: str, text: str, passing: bool = False) -> None:
        self._stub.Log(engine_pb2.LogRequest(severity=severity, message=text, urn=urn, ephemeral=passing))
