import pytest

from deploy.cli.errors import CliError
from deploy.cli.fleet import of_outputs as deployed
from deploy.cli.known import of_outputs, of_rollout, via_of
from deploy.rollout.history import history
from tests.deploy.cli.conftest import outputs
from tests.deploy.rollout.records import both

FORMS = [
    ("10.0.0.1", ("root", "10.0.0.1", 22)),
    ("ops@app-1.example.com", ("ops", "app-1.example.com", 22)),
    ("app-1:2222", ("root", "app-1", 2222)),
    ("ops@[2001:db8::1]:2222", ("ops", "2001:db8::1", 2222)),
    ("[::1]", ("root", "::1", 22)),
]


@pytest.mark.parametrize(("text", "found"), FORMS)
def test_a_host_is_named_by_address_and_maybe_user_and_port(text, found):
    via = via_of(text, "~/key", None)
    assert (via["user"], via["address"], via["port"]) == found
    assert (via["key"], via["known_hosts"]) == ("~/key", None)


@pytest.mark.parametrize("text", ["", "a b", "@x", "x@", "x:0", "x:99999", "2001:db8::1", "x:y", "a@b@c"])
def test_anything_else_is_refused(text):
    with pytest.raises(CliError, match="that is no "):
        via_of(text, None, None)


def test_edges_are_the_hosts_of_that_role_that_are_not_lost():
    told = outputs(second="app-2")
    for host in ("app-1", "app-2"):
        told["inventory"]["hosts"][host]["roles"] = ["edge"]
    found = of_outputs(deployed("dev", told))
    assert (found.edges, found.lost) == (("app-1",), {"app-2"})
    assert set(found.connections) == {"app-1", "app-2", "app-3"}


def test_a_rollout_knows_hosts_and_edges_and_the_operator_the_keys():
    (rollout,) = history([{"rollouts": both(1, edges=["app-2"])}])
    found = of_rollout(rollout, via_of("10.0.0.1", "~/key", "~/hosts"))
    assert found.edges == ("app-2",)
    assert found.connections["app-1"] == {
        "host": "app-1",
        "address": "addr-app-1",
        "user": "root",
        "port": 22,
        "key": "~/key",
        "known_hosts": "~/hosts",
    }
