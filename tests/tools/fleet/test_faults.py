import pytest

from tools.fleet import faults
from tools.fleet.errors import FleetError, NotAvailableError


class Done:
    def __init__(self, code, error=""):
        self.returncode, self.stderr, self.stdout = code, error, ""


@pytest.fixture
def nft(monkeypatch):
    given = []

    def install(answer):
        monkeypatch.setattr(faults.subprocess, "run", lambda *_, **options: given.append(options["input"]) or answer)
        return given

    return install


def test_packets_are_dropped_in_both_directions(nft):
    given = nft(Done(0))
    faults.drop("0123abcd", 2, 30)
    for hook in ("ingress", "egress"):
        assert f'{hook} device "fl0123abcd-2"' in given[0]
        assert f"{hook} numgen random mod 100 < 30 drop" in given[0]


def test_all_packets_can_be_dropped(nft):
    given = nft(Done(0))
    faults.drop("0123abcd", 2, 100)
    assert "numgen" not in given[0]


def test_none_removes_the_filter(nft):
    given = nft(Done(0))
    faults.drop("0123abcd", 2, 0)
    assert "drop" not in given[0]


def test_a_kernel_without_it_is_said_with_exit_code_3(nft):
    nft(Done(1, "Error: No such file or directory\nmore"))
    with pytest.raises(NotAvailableError, match="not available here: nftables on this kernel: Error") as caught:
        faults.drop("0123abcd", 2, 30)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("percent", [-1, 101])
def test_what_is_no_percentage_is_refused(percent):
    with pytest.raises(FleetError, match="not a percentage"):
        faults.drop("0123abcd", 2, percent)
