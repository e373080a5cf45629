import pytest

from tools.demo.alert import whole
from tools.demo.words import addresses


@pytest.mark.parametrize(
    ("thread", "is_whole"),
    [
        (["Firing: ThreaderInstanceDown", "Resolved: ThreaderInstanceDown"], True),
        (["Firing: ThreaderInstanceDown"], False),
        (["Resolved: ThreaderInstanceDown", "Firing: ThreaderInstanceDown"], False),
        ([], False),
    ],
)
def test_a_thread_that_tells_of_beginning_and_end_is_the_proof(thread, is_whole):
    assert whole(thread) is is_whole


def test_a_grafana_that_is_not_there_is_said_to_be_not_there():
    assert "Grafana       not installed here, set monitoring.grafana.source" in addresses({"grafana": None})


def test_a_grafana_that_is_there_has_an_address():
    assert "Grafana       http://localhost:3000/" in addresses({"grafana": {"host": "app-1"}})
