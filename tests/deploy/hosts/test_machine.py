"""How what happens on a connection becomes a fault of the host."""

from types import SimpleNamespace

import pytest

from deploy.faults import HostFault, Place
from deploy.hosts.machine import Machine, asked

PLACE = Place("app-1", "10.0.0.1")


def machine(active: bool) -> Machine:
    """A connected host whose link is up or broken."""
    transport = SimpleNamespace(sock=None, is_active=lambda: active)
    client = SimpleNamespace(get_transport=lambda: transport)
    return Machine(SimpleNamespace(run_shell_command=None, connector=SimpleNamespace(client=client)), PLACE)


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
