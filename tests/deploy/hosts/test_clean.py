"""Cleaning: what nobody needs goes, and nothing that runs, is pending, was confirmed lately or is young ever does."""

import fcntl
import json
import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.deploy.hosts.conftest import load

NAMES = ("g1", "g2", "g3", "g4", "g5", "g6")


class Place:
    """The script's module on temporary folders."""

    def __init__(self, root: Path) -> None:
        self.module = load("clean")
        self.module.DATA, self.module.CACHE, self.module.RUN = (root / name for name in ("data", "cache", "run"))
        self.module.CACHE.mkdir(parents=True), self.module.RUN.mkdir()

    def generation(self, name: str, hours: float = 100.0, instance: str = "py-a", release: str = "r0") -> Path:
        folder = self.module.DATA / instance / "generations" / name
        folder.mkdir(parents=True)
        (folder / "settings.json").write_text(json.dumps({"release": release}))
        return age(folder, hours)

    def generations(self, *names: str) -> None:
        """The first is the oldest."""
        for number, name in enumerate(names):
            self.generation(name, 100.0 - number)

    def artifact(self, release: str, hours: float = 100.0) -> Path:
        path = self.module.CACHE / f"{release}.tar.gz"
        path.write_text("12345")
        return age(path, hours)

    def current(self, name: str) -> None:
        (self.module.DATA / "py-a" / "current").symlink_to(f"generations/{name}")

    def pending(self, content: str) -> None:
        (self.module.DATA / "py-a" / "pending.json").write_text(content)

    def ledger(self, *lines: object) -> None:
        text = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)
        (self.module.DATA / "py-a" / "ledger.jsonl").write_text(text)

    def clean(self, keep: int = 2, *names: str) -> list[str]:
        """What went, by the last part of its path."""
        return [Path(each["path"]).name for each in self.module.clean(True, keep, list(names))]

    def left(self, instance: str = "py-a") -> list[str]:
        return sorted(path.name for path in (self.module.DATA / instance / "generations").iterdir())


def age(path: Path, hours: float) -> Path:
    then = time.time() - hours * 3600
    os.utime(path, (then, then))
    return path


def confirmed(name: str | None) -> dict[str, str | None]:
    return {"verdict": "confirmed", "to": name}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_the_oldest_generations_beyond_the_number_go(place: Place):
    place.generations("g1", "g2", "g3", "g4")
    assert place.clean(2) == ["g1", "g2"]
    assert place.left() == ["g3", "g4"]


def test_what_is_only_looked_at_stays(place: Place):
    place.generations("g1", "g2", "g3")
    place.artifact("unused")
    looked = place.module.clean(False, 1, [])
    assert place.left() == ["g1", "g2", "g3"]
    assert place.module.clean(True, 1, []) == looked


@pytest.mark.parametrize("keep", [1, 2, 3])
def test_what_runs_is_pending_or_was_confirmed_lately_stays_whatever_its_age(place: Place, keep: int):
    place.generations(*NAMES)
    place.current("g1")
    place.pending(json.dumps({"from": "g1", "to": "g2"}))
    place.ledger(confirmed("g6"), confirmed("g3"), confirmed("g4"), {"verdict": "failed", "to": "g6"})
    assert place.clean(keep) == ["g5", "g6"]


def test_what_goes_on_in_the_second_slot_stays_in_both_places(place: Place):
    place.generations(*NAMES)
    place.generation("g2", instance="py-a--prev", release="r1")
    (place.module.DATA / "py-a--prev" / "current").symlink_to("generations/g2")
    place.artifact("r1")
    assert place.clean(1) == ["g1", "g3", "g4", "g5", "g6"]
    assert (place.left(), place.left("py-a--prev")) == (["g2"], ["g2"])


def test_the_two_confirmed_last_are_two_different_ones_and_a_stop_is_none(place: Place):
    place.generations(*NAMES)
    place.ledger(confirmed("g1"), confirmed("g2"), confirmed("g1"), confirmed("g2"), confirmed(None))
    assert place.clean(1) == ["g3", "g4", "g5", "g6"]


@pytest.mark.parametrize("line", ["", "{", "[]", "null", '{"verdict": "confirmed"}', '"text"'])
def test_a_torn_line_of_the_ledger_or_a_spoilt_record_of_a_switch_stops_nothing(place: Place, line: str):
    place.generations("g1", "g2", "g3")
    place.ledger(confirmed("g1"), line)
    place.pending(line)
    assert place.clean(1) == ["g2", "g3"]


def test_what_a_deploy_may_be_about_to_use_stays(place: Place):
    place.generation("new", hours=0.5)
    place.generation("newer", hours=0.1)
    place.generation(".cut.new", hours=0.5)
    place.artifact("fresh", hours=0.5)
    assert place.clean(1) == []


def test_what_a_cut_staging_left_goes(place: Place):
    for name in ("g1", ".g2.new", ".g1.old"):
        place.generation(name)
    assert place.clean() == [".g1.old", ".g2.new"]
    assert place.left() == ["g1"]


def test_artifacts_go_that_no_generation_left_has_of_any_instance(place: Place):
    for number, release in enumerate(("r1", "r2", "r3")):
        place.generation(f"g{number}", 100.0 - number, release=release)
    place.generation("h1", instance="py-b", release="r4")
    for release in ("r1", "r2", "r3", "r4", "r5"):
        place.artifact(release)
    assert place.clean(1, "py-a") == ["g0", "g1", "r1.tar.gz", "r2.tar.gz", "r5.tar.gz"]


def test_only_the_instances_that_were_named_are_cleaned(place: Place):
    for instance in ("py-a", "py-b"):
        place.generation("g1", 99.0, instance)
        place.generation("g2", 98.0, instance)
    assert place.clean(1, "py-b") == ["g1"]
    assert (place.left("py-a"), place.left("py-b")) == (["g1", "g2"], ["g2"])


def test_an_instance_that_is_being_switched_is_left_alone(place: Place):
    place.generations("g1", "g2")
    with (place.module.RUN / "py-a.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert place.clean(1) == []
    assert place.clean(1) == ["g1"]


def test_bytes_are_those_of_all_files(place: Place):
    folder = place.generation("g1", 100.0)
    (folder / "release").mkdir()
    (folder / "release" / "run").write_bytes(bytes(1000))
    age(folder, 100.0)
    place.generation("g2", 99.0)
    place.artifact("unused")
    settings = (folder / "settings.json").stat().st_size
    assert [each["bytes"] for each in place.module.clean(True, 1, [])] == [1000 + settings, 5]


def test_a_link_among_generations_is_not_followed(place: Place, tmp_path: Path):
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").write_text("kept")
    place.generations("g1", "g2")
    (place.module.DATA / "py-a" / "generations" / "g0").symlink_to(tmp_path / "precious")
    (place.module.DATA / "py-a" / "generations" / ".g0.old").symlink_to(tmp_path / "precious")
    place.clean(1)
    assert (tmp_path / "precious" / "file").read_text() == "kept"


@given(
    keep=st.integers(1, 6),
    current=st.sampled_from(NAMES),
    ledger=st.lists(st.sampled_from(NAMES), max_size=6),
    pending=st.lists(st.sampled_from(NAMES), max_size=2),
)
def test_never_does_one_go_that_is_needed_and_what_is_left_is_enough(tmp_path_factory, keep, current, ledger, pending):
    place = Place(tmp_path_factory.mktemp("host"))
    place.generations(*NAMES)
    place.current(current)
    place.ledger(*map(confirmed, ledger))
    place.pending(json.dumps(dict(zip(("from", "to"), pending, strict=False))))
    needed = {current, *pending, *list(dict.fromkeys(reversed(ledger)))[:2]}
    gone = place.clean(keep)
    assert not needed & set(gone)
    assert len(place.left()) == max(keep, len(needed))
