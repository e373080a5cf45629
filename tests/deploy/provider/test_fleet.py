"""Snapshots are taken once a host and write; what goes over the wire never removes what was just made."""

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.manifest.found import found_manifest
from deploy.manifest.items import Change, Manifest, difference
from deploy.provider.fleet import Fleet, given_up, removal_fault, wired
from tests.deploy.provider.fakes import connection, fault


class FakeHosts:
    """The worker's client: counts what it was asked."""

    def __init__(self, error=None):
        self.asked, self.error = [], error

    async def ask(self, connection, task, **arguments):
        self.asked.append((connection["host"], task))
        self.arguments = arguments
        await asyncio.sleep(0)
        if self.error:
            raise self.error
        return {"number": len(self.asked)}


def test_a_host_is_read_once_for_all_who_ask_at_the_same_time():
    async def ask():
        fleet = Fleet(hosts)
        return await asyncio.gather(*(fleet.snapshot(connection("h1")) for _ in range(5)))

    hosts = FakeHosts()
    assert len({json.dumps(each) for each in asyncio.run(ask())}) == 1
    assert hosts.asked == [("h1", "snapshot")]


def test_a_write_makes_the_host_be_read_again_and_no_other():
    async def ask():
        fleet = Fleet(hosts)
        for name in ("h1", "h2"):
            await fleet.snapshot(connection(name))
        await fleet.call(connection("h1"), ("true",))
        for name in ("h1", "h2"):
            await fleet.snapshot(connection(name))

    hosts = FakeHosts()
    asyncio.run(ask())
    assert hosts.asked == [("h1", "snapshot"), ("h2", "snapshot"), ("h1", "run"), ("h1", "snapshot")]


def test_a_host_that_does_not_answer_is_asked_once_and_everybody_is_told():
    async def ask():
        fleet = Fleet(hosts)
        return await asyncio.gather(*(fleet.snapshot(connection("h1")) for _ in range(3)), return_exceptions=True)

    hosts = FakeHosts(fault("h1"))
    assert [str(each) for each in asyncio.run(ask())] == [str(hosts.error)] * 3
    assert hosts.asked == [("h1", "snapshot")]


def test_one_who_stops_waiting_does_not_end_the_reading_of_the_others():
    async def ask():
        fleet = Fleet(hosts)
        first, second = (asyncio.ensure_future(fleet.snapshot(connection("h1"))) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        return await second

    hosts = FakeHosts()
    assert asyncio.run(ask()) == {"number": 1}


def test_a_package_that_nobody_usually_wants_is_asked_for_once_and_not_forgotten():
    async def ask():
        fleet = Fleet(hosts)
        await fleet.snapshot(connection("h1"))
        usual = hosts.arguments["packages"]
        found = await asyncio.gather(*(fleet.snapshot(connection("h1"), ["grafana"]) for _ in range(3)))
        assert hosts.arguments["packages"] == sorted([*usual, "grafana"])
        return [*found, await fleet.snapshot(connection("h1")), await fleet.snapshot(connection("h1"), ["haproxy"])]

    hosts = FakeHosts()
    assert {found["number"] for found in asyncio.run(ask())} == {2}


def test_what_is_installed_is_installed_before_and_beside_the_rest():
    async def ask(*changes):
        hosts.asked.clear()
        await Fleet(hosts).apply(connection("h1"), changes, {"/x": "root:root 0644"})
        return [task for _, task in hosts.asked]

    hosts = FakeHosts()
    package, file = Change("packages", "a", None, "installed"), Change("files", "/x", None, "text")
    mask, gone = Change("masks", "a.service", None, "masked"), Change("masks", "b.service", "masked", None)
    assert asyncio.run(ask(package, file, mask, gone)) == ["install", "apply"]
    assert asyncio.run(ask(mask)) == ["install"]
    assert asyncio.run(ask(gone, file)) == ["apply"]


def test_nothing_to_change_asks_nothing():
    hosts = FakeHosts()
    asyncio.run(Fleet(hosts).apply(connection("h1"), (), {}))
    assert hosts.asked == []


# --- the wire


def test_a_file_goes_with_its_rights_in_one_step():
    wanted = Manifest(files={"/x": "text"}, access={"/x": "root:root 0644"})
    assert wired(difference(Manifest(), wanted), wanted.access) == [
        ["files", "/x", None, json.dumps(["text", "root:root 0644"])]
    ]


def test_a_program_goes_with_its_tarball():
    change = Change("programs", "/opt/alert-threader/loki-ab", None, "ab" * 32)
    assert wired([change], {}, "/here/loki.tar.gz") == [
        ["programs", "/opt/alert-threader/loki-ab", None, json.dumps(["ab" * 32, "/here/loki.tar.gz"])]
    ]


def test_rights_alone_are_a_step_of_their_own():
    change = Change("access", "/x", "root:root 0666", "root:root 0644")
    assert wired([change], {"/x": "root:root 0644"}) == [["access", "/x", "root:root 0666", "root:root 0644"]]


@pytest.mark.parametrize("thing", [{"link": "/elsewhere"}, {"directory": "root:root 0755"}])
def test_a_file_in_the_place_of_something_else_is_not_removed_again(thing):
    wanted = Manifest(files={"/x": "text"}, access={"/x": "root:root 0644"})
    found = found_manifest({"paths": {"/x": thing}, "users": {}}, wanted)
    wire = wired(difference(found, wanted), wanted.access)
    assert [(section, after) for section, _, _, after in wire] == [("files", json.dumps(["text", "root:root 0644"]))]


def test_a_link_in_the_place_of_a_file_is_not_removed_again():
    wanted = Manifest(links={"/x": "/target"})
    found = found_manifest({"paths": {"/x": {"file": "t", "access": "root:root 0644"}}, "users": {}}, wanted)
    assert wired(difference(found, wanted), {}) == [["links", "/x", None, "/target"]]


def test_a_user_of_the_same_name_as_a_path_saves_no_path():
    found, wanted = Manifest(links={"x": "/y"}), Manifest(users={"x": "somebody"})
    assert [each[0] for each in wired(difference(found, wanted), {})] == ["users", "links"]


PATHS = st.sampled_from(("/a", "/b", "/c"))
THINGS = st.sampled_from(
    (None, {"link": "/t"}, {"directory": "root:root 0755"}, {"file": "one", "access": "root:root 0644"})
)


@given(st.dictionaries(PATHS, THINGS), st.dictionaries(PATHS, THINGS))
def test_a_path_is_made_or_removed_and_never_both(before, after):
    def manifest(things):
        snapshot = {"paths": {path: thing for path, thing in things.items() if thing}, "users": {}}
        return found_manifest(snapshot, Manifest(links=dict.fromkeys(things, "")))

    wanted = manifest(after)
    wire = wired(difference(manifest(before), wanted), wanted.access)
    made = {name for _, name, _, wanted_text in wire if wanted_text is not None}
    gone = {name for _, name, _, wanted_text in wire if wanted_text is None}
    assert not made & gone
    assert made <= set(wanted.paths)
    assert not gone & set(wanted.paths)


# --- gone for good


@pytest.mark.parametrize(
    ("named", "lost", "result"),
    [
        ("", False, False),
        ("", True, True),
        ("h1", False, True),
        ("h2,h1", False, True),
        ("h2 h1", False, True),
        ("h12", False, False),
    ],
)
def test_a_host_is_given_up_only_when_somebody_says_so(monkeypatch, named, lost, result):
    monkeypatch.setenv("THREADER_LOST", named)
    assert given_up("h1", lost) is result


def test_nothing_is_forgotten_silently():
    assert str(removal_fault(fault("h1"))) == (
        "host h1 (addr-h1): nothing listens on its port 22: sshd is not running there, so nothing was removed there, "
        "and what runs goes on; next, if it is gone for good: THREADER_LOST=h1 pulumi up (or destroy)"
    )
