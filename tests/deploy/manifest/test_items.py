"""Difference between manifests: complete, and in an order in which it can be done."""

from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st

from deploy.manifest.items import Change, Manifest, difference

PATHS = st.sampled_from(("/a", "/a/b", "/a/b/c", "/a/d", "/e"))
SECTION = st.dictionaries(PATHS, st.sampled_from(("one", "two")))
MANIFESTS = st.builds(Manifest, **{each.name: SECTION for each in fields(Manifest)})


def carried_out(found, changes):
    """What `found` is after the changes."""
    sections = found.sections()
    for change in changes:
        assert sections[change.section].get(change.name) == change.found
        if change.wanted is None:
            del sections[change.section][change.name]
        else:
            sections[change.section][change.name] = change.wanted
    return Manifest(**sections)


@given(MANIFESTS, MANIFESTS)
def test_what_is_found_becomes_what_is_wanted(found, wanted):
    assert carried_out(found, difference(found, wanted)) == wanted


@given(MANIFESTS)
def test_nothing_has_to_change_where_all_is_as_wanted(manifest):
    assert difference(manifest, manifest) == ()


@given(MANIFESTS, MANIFESTS)
def test_nothing_is_touched_that_is_as_wanted(found, wanted):
    for change in difference(found, wanted):
        assert change.found != change.wanted


@given(MANIFESTS, MANIFESTS)
def test_everything_is_made_before_anything_is_removed(found, wanted):
    removals = [change.wanted is None for change in difference(found, wanted)]
    assert removals == sorted(removals)


def test_users_come_first_then_packages_behind_masks_folders_parents_first_what_lies_in_them_and_units_last():
    wanted = Manifest(
        users={"alert-threader": "system account"},
        packages={"grafana": "installed"},
        masks={"grafana.service": "masked"},
        sources={"grafana": "Types: deb"},
        programs={"/opt/p": "ab"},
        directories={"/a/b": "root:root 0755", "/a": "root:root 0755"},
        files={"/a/b/c": "text"},
        access={"/a/b/c": "root:root 0644"},
        links={"/a/l": "/a/b/c"},
        units={"a.timer": "active"},
    )
    made = [(change.section, change.name) for change in difference(Manifest(), wanted)]
    assert made == [
        ("users", "alert-threader"),
        ("sources", "grafana"),
        ("masks", "grafana.service"),
        ("packages", "grafana"),
        ("directories", "/a"),
        ("directories", "/a/b"),
        ("programs", "/opt/p"),
        ("files", "/a/b/c"),
        ("access", "/a/b/c"),
        ("links", "/a/l"),
        ("units", "a.timer"),
    ]
    gone = [(change.section, change.name) for change in difference(wanted, Manifest())]
    assert gone == list(reversed(made))


def test_a_change_tells_what_was_found_and_what_is_wanted():
    found, wanted = Manifest(links={"/l": "old", "/gone": "x"}), Manifest(links={"/l": "new", "/made": "y"})
    assert difference(found, wanted) == (
        Change("links", "/l", "old", "new"),
        Change("links", "/made", None, "y"),
        Change("links", "/gone", "x", None),
    )


@given(MANIFESTS)
def test_a_manifest_survives_the_way_through_plain_maps(manifest):
    assert Manifest.of({**manifest.sections(), "connection": {"host": "app-1"}, "lost": False}) == manifest


def test_sections_that_are_absent_or_no_maps_are_empty():
    assert Manifest.of({"files": None, "links": "nonsense"}) == Manifest()
