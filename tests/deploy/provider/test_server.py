"""The provider as the engine sees it: the real process, spoken to over gRPC, with a host on which nothing listens."""

import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime.proto import engine_pb2_grpc, provider_pb2, provider_pb2_grpc, status_pb2

from deploy.provider.values import Secret, plain, properties
from tests.deploy.provider.fakes import host_inputs, instance_inputs, rollout_inputs

PROGRAM = Path(__file__).parents[3] / "deploy" / "provider" / "bin" / "pulumi-resource-threader"
URN = "urn:pulumi:dev::alert-threader::alert-threader:index:Fleet$threader:index:{}::x"
SECRET = "xoxb-very-secret"
AS_THE_ENGINE = [("grpc.max_metadata_size", 16 << 20), ("grpc.absolute_max_metadata_size", 16 << 20)]
"""What Go's gRPC, in which the engine is written, takes of metadata: a state rides in there when a Read fails."""
ENV = {"BIND_PORT": "9009", "SLACK_BOT_TOKEN": Secret(SECRET)}


class FakeEngine(engine_pb2_grpc.EngineServicer):
    """Keeps what is logged."""

    def __init__(self):
        self.told = []

    def Log(self, request, context):  # noqa: N802 - the protocol's name
        self.told.append(request.message)
        return empty_pb2.Empty()


@pytest.fixture(scope="module")
def engine():
    server, made = grpc.server(ThreadPoolExecutor(2)), FakeEngine()
    engine_pb2_grpc.add_EngineServicer_to_server(made, server)
    made.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    yield made
    server.stop(None)


def started(address, environment):
    return subprocess.Popen([PROGRAM, address], stdout=subprocess.PIPE, text=True, env={**os.environ, **environment})


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    return tmp_path_factory.mktemp("provider") / "execs.log"


@pytest.fixture(scope="module")
def stub(engine, log):
    process = started(engine.address, {"THREADER_LOG": str(log), "THREADER_LOST": ""})
    with grpc.insecure_channel(f"127.0.0.1:{process.stdout.readline().strip()}", AS_THE_ENGINE) as channel:
        yield provider_pb2_grpc.ResourceProviderStub(channel)
    process.kill()
    process.wait()


@pytest.fixture
def nowhere(tmp_path):
    """How to reach a host on which nothing listens."""
    (tmp_path / "known_hosts").touch()
    return {
        "host": "h1",
        "address": "127.0.0.1",
        "user": "root",
        "port": 1,
        "key": None,
        "known_hosts": str(tmp_path / "known_hosts"),
    }


@pytest.fixture
def doorbell():
    """A port on which everybody who comes is noticed."""
    with socket.create_server(("127.0.0.1", 0)) as made:
        made.setblocking(False)
        yield made


@pytest.fixture
def inputs(nowhere):
    """The inputs of each kind of resource."""
    rollout = rollout_inputs({"py-a": "1.0-a"}, {"py-a": "h1"})
    return {
        "Host": host_inputs(connection=nowhere),
        "Instance": instance_inputs(ENV, connection=nowhere),
        "Rollout": {**rollout, "hosts": {"h1": nowhere}},
    }


KINDS = ("Host", "Instance", "Rollout")


def wire(values):
    return PropertyValue.marshal_map(properties(values))


def read_back(values):
    return plain(PropertyValue.unmarshal_map(values))


def shown(values):
    """The text of everything in properties that is not marked as secret."""

    def visible(value):
        if isinstance(value, dict):
            return {name: visible(inner) for name, inner in value.items()}
        return "[secret]" if isinstance(value, Secret) else value

    return str(visible(read_back(values)))


def people_read(error):
    """The text of an error, which is free of our insides."""
    text = error.value.details()
    assert "Traceback" not in text
    assert 'File "' not in text
    assert SECRET not in text
    return text


def test_it_says_its_version_and_what_it_understands(stub):
    assert stub.GetPluginInfo(empty_pb2.Empty()).version
    answer = stub.Configure(provider_pb2.ConfigureRequest(acceptSecrets=True, acceptResources=True))
    assert (answer.acceptSecrets, answer.supportsPreview) == (True, True)
    assert "threader" in stub.GetSchema(provider_pb2.GetSchemaRequest(version=0)).schema


@pytest.mark.parametrize("kind", KINDS)
def test_checking_comparing_and_previewing_contact_no_host(stub, inputs, nowhere, doorbell, kind, log):
    nowhere["port"] = doorbell.getsockname()[1]
    urn, sent = URN.format(kind), wire(inputs[kind])
    checked = stub.Check(provider_pb2.CheckRequest(urn=urn, news=sent))
    assert read_back(checked.inputs) == read_back(sent)
    same = stub.Diff(provider_pb2.DiffRequest(urn=urn, id="x", olds=sent, news=sent))
    assert same.changes == provider_pb2.DiffResponse.DIFF_NONE
    created = stub.Create(provider_pb2.CreateRequest(urn=urn, properties=sent, preview=True))
    assert read_back(created.properties) == read_back(sent)
    stub.Update(provider_pb2.UpdateRequest(urn=urn, id="x", olds=sent, news=sent, preview=True))
    with pytest.raises(BlockingIOError):
        doorbell.accept()
    assert not log.exists()


def test_a_difference_is_told_line_by_line_and_names_what_replaces(stub, inputs):
    old, new = inputs["Instance"], {**inputs["Instance"], "env": {**ENV, "BIND_PORT": "9010"}, "host": "h2"}
    found = stub.Diff(provider_pb2.DiffRequest(urn=URN.format("Instance"), id="x", olds=wire(old), news=wire(new)))
    assert found.changes == provider_pb2.DiffResponse.DIFF_SOME
    assert sorted(found.diffs) == ["env", "host"]
    assert list(found.replaces) == ["host"]
    kinds = {key: value.kind for key, value in found.detailedDiff.items()}
    assert kinds == {
        'env["BIND_PORT"]': provider_pb2.PropertyDiff.UPDATE,
        "host": provider_pb2.PropertyDiff.UPDATE_REPLACE,
    }


def test_a_secret_stays_secret_in_everything_that_is_answered(stub, inputs):
    # another instance: what the program was said to want is not removed by the tests below
    urn, sent = URN.format("Instance"), wire({**inputs["Instance"], "instance": "py-secret"})
    answers = (
        stub.Check(provider_pb2.CheckRequest(urn=urn, news=sent)).inputs,
        stub.Create(provider_pb2.CreateRequest(urn=urn, properties=sent, preview=True)).properties,
        stub.Update(provider_pb2.UpdateRequest(urn=urn, olds=sent, news=sent, preview=True)).properties,
    )
    for answer in answers:
        assert SECRET not in shown(answer)
        assert read_back(answer)["env"] == ENV


@pytest.mark.parametrize("kind", ["Host", "Instance"])
def test_reading_a_host_that_does_not_answer_says_not_initialised_and_keeps_the_state(stub, inputs, kind):
    sent = wire(inputs[kind])
    with pytest.raises(grpc.RpcError) as error:
        stub.Read(provider_pb2.ReadRequest(urn=URN.format(kind), id="the-id", properties=sent, inputs=sent))
    assert "host h1 (127.0.0.1): connection refused" in people_read(error)
    details = dict(error.value.trailing_metadata())["grpc-status-details-bin"]
    status, kept = status_pb2.Status.FromString(details), provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(kept)
    assert (kept.id, kept.properties, kept.inputs) == ("the-id", sent, sent)
    assert list(kept.reasons) == [f"unverified: {people_read(error)}"]


def test_reading_the_rollout_succeeds_and_says_what_is_unverified(stub, inputs):
    sent = wire(inputs["Rollout"])
    found = stub.Read(provider_pb2.ReadRequest(urn=URN.format("Rollout"), id="rollout", properties=sent, inputs=sent))
    assert read_back(found.inputs)["instances"] == {"py-a": "1.0-a (unverified: connection refused)"}
    assert found.id == "rollout"


@pytest.mark.parametrize("kind", KINDS)
def test_changing_a_host_that_does_not_answer_fails_with_cause_and_next_command(stub, inputs, kind):
    urn, sent = URN.format(kind), wire(inputs[kind])
    for call in (
        lambda: stub.Create(provider_pb2.CreateRequest(urn=urn, properties=sent)),
        lambda: stub.Update(provider_pb2.UpdateRequest(urn=urn, id="x", olds=sent, news=sent)),
    ):
        with pytest.raises(grpc.RpcError) as error:
            call()
        text = people_read(error)
        assert "host h1 (127.0.0.1): connection refused: nothing listens on its port 1" in text
        assert "; next: " in text


def test_what_the_program_wants_under_another_name_is_not_removed_under_its_old_one(stub, inputs):
    wanted = wire({**inputs["Instance"], "instance": "py-moved"})
    stub.Check(provider_pb2.CheckRequest(urn=URN.format("Instance"), news=wanted))
    stub.Delete(provider_pb2.DeleteRequest(urn=URN.format("Instance") + "-old", id="x", properties=wanted))


@pytest.mark.parametrize("kind", ["Host", "Instance"])
def test_removing_from_a_host_that_does_not_answer_says_how_to_give_it_up(stub, inputs, kind):
    with pytest.raises(grpc.RpcError) as error:
        stub.Delete(provider_pb2.DeleteRequest(urn=URN.format(kind), id="x", properties=wire(inputs[kind])))
    assert "THREADER_LOST=h1" in people_read(error)


def test_removing_the_rollout_contacts_nobody(stub, inputs):
    sent = wire(inputs["Rollout"])
    stub.Delete(provider_pb2.DeleteRequest(urn=URN.format("Rollout"), id="rollout", properties=sent))


def test_what_is_skipped_is_told_to_the_engine(stub, engine, inputs):
    sent = wire({**inputs["Instance"], "unreachable": "skip"})
    answer = stub.Update(provider_pb2.UpdateRequest(urn=URN.format("Instance"), id="x", olds=sent, news=sent))
    assert "nothing listens" in read_back(answer.properties)["unverified"]
    assert any("skipped until it answers again: host h1" in text for text in engine.told)
    assert SECRET not in str(engine.told)


def test_a_lost_host_is_removed_without_contact(stub, engine, inputs):
    for kind in ("Host", "Instance"):
        sent = wire({**inputs[kind], "lost": True})
        stub.Delete(provider_pb2.DeleteRequest(urn=URN.format(kind), id="x", properties=sent))
    assert sum("lost" in text for text in engine.told) >= 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_state_that_is_not_understood_gives_an_error_without_our_insides(stub, kind):
    urn, nothing = URN.format(kind), wire({})
    for call in (
        lambda: stub.Create(provider_pb2.CreateRequest(urn=urn, properties=nothing)),
        lambda: stub.Read(provider_pb2.ReadRequest(urn=urn, id="x", properties=nothing, inputs=nothing)),
    ):
        with pytest.raises(grpc.RpcError) as error:
            call()
        people_read(error)


# --- the end of the process


def gone(pid):
    """Whether a process ends soon."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False


def test_the_engines_goodbye_ends_it(engine):
    process = started(engine.address, {})
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=10) == 0


def test_when_its_parent_is_killed_it_goes_too(engine):
    parent_program = (
        "import subprocess, sys, time\n"
        f"child = subprocess.Popen([{str(PROGRAM)!r}, {engine.address!r}], stdout=subprocess.PIPE, text=True)\n"
        "child.stdout.readline()\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", parent_program], stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    assert gone(child)
