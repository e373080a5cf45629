"""Hosts that got another name."""

from deploy.provider.resources.survey import renamed
from tests.deploy.provider.fakes import connection


def test_a_machine_that_has_another_name_now_is_the_same():
    hosts = {"web-1": connection("h1"), "h2": connection("h2")}
    old = {"hosts": {"h1": connection("h1"), "h2": connection("h2")}, "placement": {"a": "h1", "b": "h2"}}
    assert renamed(old, {"hosts": hosts}) == {"a": "web-1", "b": "h2"}


def test_a_machine_that_is_gone_keeps_its_old_name():
    old = {"hosts": {"h1": connection("h1")}, "placement": {"a": "h1"}}
    assert renamed(old, {"hosts": {"h2": connection("h2")}}) == {"a": "h1"}
