"""A snapshot in the shape of what is wanted: only what is named, whatever it turned out to be."""

import hashlib

import pytest

from deploy.manifest.found import found_manifest
from deploy.manifest.host import SERVICE_USER
from deploy.manifest.items import Manifest, difference

FILE = {"file": "text", "access": "root:root 0644"}
FOLDER = {"directory": "root:root 0755"}
LINK = {"link": "/elsewhere"}
ACCOUNT = {"uid": 999, "home": "/var/lib/alert-threader", "shell": "/usr/sbin/nologin"}


@pytest.mark.parametrize("wanted", ["directories", "files", "links"])
@pytest.mark.parametrize(
    ("thing", "found"),
    [
        (FILE, Manifest(files={"/x": "text"}, access={"/x": "root:root 0644"})),
        (FOLDER, Manifest(directories={"/x": "root:root 0755"})),
        (LINK, Manifest(links={"/x": "/elsewhere"})),
        (None, Manifest()),
    ],
)
def test_a_path_is_found_as_what_it_is_whatever_it_should_be(wanted, thing, found):
    snapshot = {"paths": {"/x": thing} if thing else {}, "users": {}}
    assert found_manifest(snapshot, Manifest(**{wanted: {"/x": "as wanted"}})) == found


def test_what_is_not_named_is_not_found():
    assert found_manifest({"paths": {"/y": FILE}, "users": {"root": ACCOUNT}}, Manifest()) == Manifest()


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        (ACCOUNT, SERVICE_USER),
        ({**ACCOUNT, "shell": "/sbin/nologin"}, SERVICE_USER),
        ({**ACCOUNT, "shell": "/bin/bash"}, "home /var/lib/alert-threader, shell /bin/bash"),
        ({**ACCOUNT, "home": "/home/x"}, "home /home/x, shell /usr/sbin/nologin"),
    ],
)
def test_a_user_is_the_service_user_only_with_its_home_and_without_a_login(entry, text):
    names = Manifest(users={"alert-threader": SERVICE_USER})
    assert found_manifest({"paths": {}, "users": {"alert-threader": entry}}, names).users == {"alert-threader": text}


def test_a_link_in_the_place_of_a_file_is_replaced_and_the_file_gets_its_rights():
    wanted = Manifest(files={"/x": "text"}, access={"/x": "root:root 0644"})
    changes = difference(found_manifest({"paths": {"/x": LINK}, "users": {}}, wanted), wanted)
    assert [(change.section, change.found, change.wanted) for change in changes] == [
        ("files", None, "text"),
        ("access", None, "root:root 0644"),
        ("links", "/elsewhere", None),
    ]


@pytest.mark.parametrize(
    ("state", "found"), [("active", "active"), ("failed", "failed"), ("inactive", None), (None, None)]
)
def test_a_unit_is_found_in_the_state_that_it_is_in_and_one_that_is_inactive_is_absent(state, found):
    names = Manifest(units={"a.timer": "active"})
    units = {"b.timer": "active", **({"a.timer": state} if state else {})}
    manifest = found_manifest({"paths": {}, "users": {}, "units": units}, names)
    assert manifest.units == ({"a.timer": found} if found else {})


@pytest.mark.parametrize(
    ("thing", "found"),
    [({"link": "/dev/null"}, {"a.service": "masked"}), ({"link": "/elsewhere"}, {}), (FILE, {}), (None, {})],
)
def test_a_unit_is_masked_only_by_a_link_to_nothing(thing, found):
    paths = {"/etc/systemd/system/a.service": thing} if thing else {}
    assert found_manifest({"paths": paths, "users": {}}, Manifest(masks={"a.service": "masked"})).masks == found


@pytest.mark.parametrize(
    ("thing", "found"),
    [
        (FILE, {"loki": "text"}),
        ({**FILE, "access": "root:root 0666"}, {"loki": "rights: root:root 0666"}),
        (LINK, {"loki": "rights: no file"}),
        (None, {}),
    ],
)
def test_what_apt_is_told_is_found_and_other_rights_stand_for_it(thing, found):
    paths = {"/etc/apt/sources.list.d/alert-threader-loki.sources": thing} if thing else {}
    assert found_manifest({"paths": paths, "users": {}}, Manifest(sources={"loki": "x"})).sources == found


def test_programs_are_found_by_the_digests_of_their_tarballs():
    snapshot = {"paths": {}, "users": {}, "programs": {"/opt/p": "ab, edited by hand: run", "/opt/q": "cd"}}
    assert found_manifest(snapshot, Manifest(programs={"/opt/p": "ab"})).programs == {
        "/opt/p": "ab, edited by hand: run"
    }


def test_a_file_that_is_too_large_to_be_sent_is_known_by_its_digest():
    text = "x" * 70000
    thing = {"file": f"not text: sha256 {hashlib.sha256(text.encode()).hexdigest()}", "access": "root:root 0644"}
    snapshot = {"paths": {"/x": thing}, "users": {}}
    assert found_manifest(snapshot, Manifest(files={"/x": text})).files == {"/x": text}
    assert found_manifest(snapshot, Manifest(files={"/x": "y"})).files == {"/x": thing["file"]}


def test_a_snapshot_that_tells_of_no_units_has_none():
    assert found_manifest({"paths": {}, "users": {}}, Manifest(units={"a.timer": "active"})).units == {}
