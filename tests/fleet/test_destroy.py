"""`destroy` leaves a host as it was before the first `up`; what was stored stays, unless purging is asked for."""

from dataclasses import dataclass

import pytest

from tests.fleet import listing
from tests.fleet.answers import version_soon
from tests.fleet.deployment import Deployment, Done
from tests.fleet.lab import Lab
from tools.local.webhook import post, threads, webhook

pytestmark = pytest.mark.fleet
HOSTS = ("app-4", "app-5")
HOME = "/var/lib/alert-threader"
KEPT = {HOME, f"{HOME}/py-a", *(f"{HOME}/py-a/data{name}" for name in ("", "/threads.json", "/threads.json.lock"))}
COPIES = {"/etc/passwd-", "/etc/group-", "/etc/shadow-", "/etc/gshadow-"}
"""Debian's own copies of the files of users and groups, as they were before the last change of those."""
ALERT = "Stored"


@dataclass(frozen=True)
class Story:
    """A stack of two hosts and what app-4 was like before it."""

    deployment: Deployment
    before: dict[str, object]

    def left(self) -> set[str]:
        """What is not on app-4 as it was."""
        return {*listing.changed(self.before, listing.everything(self.deployment.lab, "app-4"))} - COPIES

    def tell(self, status: str) -> None:
        """Send a webhook to the threader on app-4."""
        version_soon(self.deployment, "app-4")
        post(f"http://{self.deployment.lab.address('app-4')}:9009", webhook(ALERT, status))


@pytest.fixture(scope="module")
def story(lab: Lab, spare) -> Story:
    made = spare("destroy", HOSTS)
    made.change(protect=True, env={**made.config()["env"], "THREAD_STORE": "file"})
    before = listing.everything(lab, "app-4")
    made.up().good()
    found = Story(made, before)
    found.tell("firing")
    return found


@pytest.fixture(scope="module")
def refused(story: Story) -> Done:
    return story.deployment.destroy().failed()


def test_a_protected_stack_is_not_destroyed(refused: Done, story: Story):
    assert "it is protected" in refused.text
    assert [version_soon(story.deployment, host) for host in HOSTS] == [story.deployment.lab.good.version] * 2


@pytest.fixture(scope="module")
def destroyed(refused: Done, story: Story) -> Done:
    """The second host is dead, and said to be lost."""
    story.deployment.change(protect=False)
    story.deployment.run("state", "unprotect", "--all", "--yes").good()
    story.deployment.lab.fleet.stop("app-5")
    return story.deployment.destroy(environ={"THREADER_LOST": "app-5"}).good()


def test_destroy_leaves_a_host_as_it_was_but_for_what_was_stored(destroyed: Done, story: Story):
    assert story.left() == KEPT
    assert '"status": "firing"' in story.deployment.lab.sh("app-4", f"cat {HOME}/py-a/data/threads.json")


def test_what_was_stored_belongs_to_nobody_who_may_come_later(destroyed: Done, lab: Lab):
    assert lab.sh("app-4", f"find {HOME} -not -user root -or -not -group root") == ""


def test_a_lost_host_is_forgotten_together_with_the_rest(destroyed: Done, story: Story):
    assert "app-5 is lost" in destroyed.text
    assert story.deployment.state() == {}


@pytest.fixture(scope="module")
def again(destroyed: Done, story: Story, lab: Lab):
    """Another user has the number that the service user had; the other host is back."""
    lab.sh("app-4", "useradd --system --no-create-home newcomer")
    lab.fleet.start("app-5")
    story.deployment.up().good()
    story.tell("resolved")
    yield
    lab.sh("app-4", "userdel newcomer 2>/dev/null || :")


def test_the_next_up_goes_on_with_what_was_stored(again, story: Story):
    assert [len(thread) for thread in threads(story.deployment.lab.slack, ALERT)] == [2]


@pytest.fixture(scope="module")
def purged(again, story: Story, lab: Lab) -> Done:
    """The second host is dead again, and nothing is said of it."""
    lab.fleet.stop("app-5")
    failed = story.deployment.destroy(environ={"THREADER_PURGE": "1"}).failed()
    lab.sh("app-4", "userdel newcomer")
    return failed


def test_a_dead_host_is_not_forgotten_and_the_text_says_how_it_would_be(purged: Done, story: Story):
    address = story.deployment.lab.address("app-5")
    assert f"host app-5 ({address}): no answer on port 22 within 5 s, so nothing was removed there" in purged.text
    assert "next, if it is gone for good: THREADER_LOST=app-5 pulumi up (or destroy)" in purged.text
    assert {"app-5", "py-b"} <= story.deployment.state().keys()


def test_the_other_host_is_as_it_was_all_the_same_with_nothing_stored_after_a_purge(purged: Done, story: Story):
    assert story.left() == set()


def test_destroy_is_finished_by_saying_that_the_host_is_lost(purged: Done, story: Story):
    story.deployment.destroy(environ={"THREADER_LOST": "app-5"}).good()
    assert story.deployment.state() == {}
