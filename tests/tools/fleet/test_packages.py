import pytest

from tools.fleet.errors import FleetError
from tools.fleet.packages import PACKAGES, missing, require


def test_nothing_is_missing_where_every_tool_is_found():
    assert missing(lambda tool: f"/usr/bin/{tool}") == ()


def test_all_missing_tools_are_named_in_one_command():
    with pytest.raises(FleetError) as caught:
        require(lambda tool: None if tool in ("ip", "nft", "ssh", "ssh-keygen") else tool)
    assert caught.value.next_step == "apt-get install -y --no-install-recommends iproute2 nftables openssh-client"


def test_the_set_up_knows_every_package():
    assert set(missing(lambda tool: None)) == set(PACKAGES)
