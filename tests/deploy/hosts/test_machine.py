"""How what happens on a connection becomes a fault of the host."""

from types import SimpleNamespace

import pytest

from deploy.faults import HostFault, Place
from deploy.hosts.machine import Machine, asked

PLACE = Place("app-1", "10.0.0.1")


def machine(active: bool, *said: str) -> Machine:
    """A connected host whose link is up or broken, and on which every command fails, with these words."""
    transport = SimpleNamespace(sock=None, is_active=lambda: active)
    client = SimpleNamespace(get_transport=lambda: transport)
    output = SimpleNamespace(stdout="", stderr="\n".join(said), stdout_lines=[], stderr_lines=list(said))
    host = SimpleNamespace(
        run_shell_command=lambda *words, **more: (False, output), connector=SimpleNamespace(client=client)
    )
    return Machine(host, PLACE)


@pytest.mark.parametrize("error", [EOFError(), OSError("Socket is closed"), OSError("anything")])
def test_a_link_that_breaks_in_the_middle_of_an_upload_is_a_cut_connection(error: Exception):
    def upload(**_: object) -> None:
        raise error

    with pytest.raises(HostFault) as raised:
        machine(active=False).operate(upload)
    assert raised.value.fault.name == "connection cut"


def test_an_error_on_a_link_that_is_up_is_told_with_its_text():
    def upload(**_: object) -> None:
        raise OSError("No space left on device")

    with pytest.raises(HostFault) as raised:
        machine(active=True).operate(upload)
    assert raised.value.fault.name == "disk full"


@pytest.mark.parametrize(
    ("command", "what"),
    [
        ("/usr/local/lib/alert-threader/edge shift '{\"py-a.app-1.9009\":0}' back", "edge-shift"),
        ("/usr/local/lib/alert-threader/activate begin py-a 1.0.0-ab 3:cd", "activate-begin"),
        ("sh -c 'cat > /etc/alert-threader.d/py-a.env'", "-"),
    ],
)
def test_the_log_of_execs_names_what_a_helper_is_asked_for_and_of_nothing_else_anything(command: str, what: str):
    assert asked(command) == what


@pytest.mark.parametrize(
    ("active", "said", "name"),
    [
        (True, ("tar: No space left on device",), "disk full"),
        (False, ("tar: No space left on device",), "connection cut"),
        (False, (), "connection cut"),
        (True, (), "connection cut"),
    ],
)
def test_a_command_that_ends_without_a_word_was_cut_off_also_where_the_link_does_not_know_yet(active, said, name):
    with pytest.raises(HostFault) as raised:
        machine(active, *said).run("activate", 10)
    assert raised.value.fault.name == name
    assert raised.value.fault.contact is (name == "connection cut")
