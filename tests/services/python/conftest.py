from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.services.python.harness import redis_server
from tools.slack.faults import Control
from tools.slack.running import Running, running


@pytest.fixture(scope="session")
def one_slack() -> Iterator[Running]:
    with running() as started:
        yield started


@pytest.fixture
def slack(one_slack: Running) -> Running:
    """The stand-in with nothing said and no fault switched on."""
    one_slack.standin.faults.set(Control())
    one_slack.standin.workspace.clear()
    one_slack.standin.calls.clear()
    return one_slack


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with redis_server() as url:
        yield url
