from __future__ import annotations

import pytest

from tests.services.conformance.harness import COMMANDS, started
from tests.services.conformance.implementations import EACH, PAIRS
from tests.services.python.harness import redis_server
from tools.slack.app import StandIn
from tools.slack.faults import Control
from tools.slack.running import running

CHANNELS = ("alerts-critical", "alerts-warning", "alerts-info", "alerts-webhook", "elsewhere", "synthetic")


@pytest.fixture(scope="session")
def programs(tmp_path_factory):
    """Makes an implementation ready to run, once in a session."""

    def ready(impl):
        if impl.name not in COMMANDS:
            COMMANDS[impl.name] = impl.command(tmp_path_factory.mktemp(impl.name))
        return impl

    yield ready
    COMMANDS.clear()


@pytest.fixture(scope="session", params=EACH)
def impl(request, programs):
    """Each implementation in turn."""
    return programs(request.param)


@pytest.fixture(scope="session", params=PAIRS)
def pair(request, programs):
    """Each pair of implementations, both ways round and with itself."""
    return tuple(programs(one) for one in request.param)


@pytest.fixture(scope="session")
def one_slack():
    """Its clock stands still, so that message ids are the same in every run."""
    with running(StandIn(channels=CHANNELS, clock=lambda: 1_700_000_000.0)) as slack:
        yield slack


@pytest.fixture
def slack(one_slack):
    """The stand-in with nothing said and no fault switched on."""
    one_slack.standin.faults.set(Control())
    one_slack.standin.clear()
    return one_slack


@pytest.fixture
def fail(slack):
    """Switches a fault of Slack on, or off with None."""
    return lambda fault, **more: slack.standin.faults.set(Control(fail=fault, **more))


@pytest.fixture
def told(slack):
    """What a channel shows: for each of its threads, oldest first, the first words of its messages."""

    def words(channel="alerts-critical"):
        threads = slack.standin.workspace.channel(channel).messages
        return [[m.text.split(":")[2].strip() for m in (first, *first.replies)] for first in threads]

    return words


@pytest.fixture
def start(tmp_path, slack):
    """Starts an implementation with variables of the test's own, and ends it with the block."""
    return lambda impl, **environ: started(impl, tmp_path / "logs", slack.api_url, **environ)


@pytest.fixture(scope="session")
def resident(impl, one_slack, tmp_path_factory):
    """One that lives through many tests; each test needs fingerprints of its own."""
    with started(impl, tmp_path_factory.mktemp("resident"), one_slack.api_url) as threader:
        yield threader


@pytest.fixture(scope="session")
def redis_url():
    with redis_server() as url:
        yield url
