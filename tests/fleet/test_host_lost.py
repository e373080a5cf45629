"""One host is away: the others converge, nothing is activated unless that is wanted, and every way on works."""

import pytest

from tests.fleet import listing
from tests.fleet.answers import version_soon
from tests.fleet.deployment import Deployment
from tests.fleet.lab import Lab
from tools.local.config import host_settings

pytestmark = pytest.mark.fleet
AWAY = "host app-2 ({address}): unreachable: no answer on port 22 within 5 s"


@pytest.fixture(scope="module")
def away(lab: Lab, converged: Deployment):
    lab.fleet.stop("app-2")
    yield AWAY.format(address=lab.address("app-2"))
    lab.whole("app-2")


def test_a_preview_warns_with_the_reason_and_shows_what_is_not_known(away: str, converged: Deployment):
    seen = converged.preview().good()
    assert f"unverified: {away}" in seen.text
    assert "update" in next(line for line in seen.text.splitlines() if "Host app-2" in line and "refresh" not in line)


def test_up_repairs_the_others_and_fails(away: str, lab: Lab, converged: Deployment):
    before = listing.content(lab, "app-1")
    lab.sh("app-1", "chmod 0700 /etc/alert-threader.d")
    done = converged.apply().failed()
    assert away in done.text
    assert listing.changed(before, listing.content(lab, "app-1")) == []


def test_a_new_release_is_activated_nowhere(away: str, lab: Lab, converged: Deployment):
    converged.release(lab.other)
    done = converged.apply().failed()
    assert f"nothing was activated: {away}" in done.text
    assert "pulumi config set --path alert-threader:rollout.unreachable skip" in done.text
    assert [version_soon(converged, host) for host in ("app-1", "app-3")] == [lab.good.version] * 2


def test_with_skip_the_others_are_activated(away: str, lab: Lab, converged: Deployment):
    converged.change(rollout={"unreachable": "skip", "confirm_within": 6})
    done = converged.apply().good()
    assert f"skipped until it answers again: {away}" in done.text
    assert [version_soon(converged, host) for host in ("app-1", "app-3")] == [lab.other.version] * 2
    assert "unverified" in converged.preview().good().text


def test_a_skipped_host_is_shown_until_it_has_caught_up(away: str, lab: Lab, converged: Deployment):
    lab.fleet.start("app-2")
    assert not converged.preview().good().unchanged
    assert version_soon(converged, "app-2") == lab.good.version
    converged.apply().good()
    assert version_soon(converged, "app-2") == lab.other.version
    assert converged.preview().good().unchanged


@pytest.fixture(scope="module")
def two(lab: Lab, spare) -> Deployment:
    """A stack of two hosts, the second of which is switched off."""
    deployment = spare("lost", ("app-4", "app-5"))
    deployment.apply().good()
    lab.fleet.stop("app-5")
    return deployment


def hosts(deployment: Deployment, *names: str, **more: object) -> list[dict]:
    """Settings of hosts; `more` is for the last of them."""
    found = host_settings(deployment.lab.fleet.host(name) for name in names)
    return [*found[:-1], {**found[-1], **more}]


def test_a_host_marked_lost_is_not_contacted_and_holds_up_nothing(two: Deployment):
    two.change(hosts=hosts(two, "app-4", "app-5", lost=True), release={"version": "1.0.1", "python": other(two)})
    done = two.apply().good()
    assert "host app-5 is marked lost: not contacted" in done.text
    assert set(done.execs[-1]) == {"app-4"}
    assert version_soon(two, "app-4") == "1.0.1"


def test_a_dead_host_can_get_the_address_of_a_fresh_one(two: Deployment):
    two.change(hosts=hosts(two, "app-4", "app-5", address=two.lab.address("app-6")))
    two.apply().good()
    assert [version_soon(two, host) for host in ("app-4", "app-6")] == ["1.0.1"] * 2
    assert two.preview().good().unchanged


def test_a_dead_host_is_removed_only_when_it_is_said_to_be_lost(two: Deployment):
    two.lab.fleet.stop("app-6")
    first = two.config()["instances"][:1]  # type: ignore[index]
    two.change(hosts=hosts(two, "app-4"), instances=first)
    assert "next, if it is gone for good: THREADER_LOST=app-5 pulumi up" in two.apply().failed().text
    done = two.apply(environ={"THREADER_LOST": "app-5"}).good()
    assert "app-5 is lost" in done.text
    assert two.preview().good().unchanged
    assert version_soon(two, "app-4") == "1.0.1"


def other(deployment: Deployment) -> str:
    return str(deployment.lab.other.path)
