"""Where gates ask, as the inputs of a Rollout say it."""

import pytest

from deploy.hosts.measures import Monitors
from deploy.provider.resources.judging import monitors_of

PLACES = {"hosts": ["app-1", "app-2"], "prometheus": "127.0.0.1:9090", "loki": None}


@pytest.mark.parametrize(
    ("access", "tls", "user", "scheme"),
    [
        ({}, False, None, "http"),
        ({"access": {"tls": True}}, True, None, "https"),
        ({"access": {"user": "ops"}}, False, "ops", "http"),
        ({"access": {"tls": True, "user": "ops"}}, True, "ops", "https"),
    ],
)
def test_gates_ask_as_the_monitoring_wants_to_be_asked(access, tls, user, scheme):
    found = monitors_of({"monitors": {**PLACES, **access}})
    assert found == Monitors(("app-1", "app-2"), "127.0.0.1:9090", None, tls, user)
    assert found.scheme == scheme


def test_a_fleet_without_monitors_has_nothing_to_ask():
    assert monitors_of({}) == Monitors()
