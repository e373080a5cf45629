from pathlib import Path

import pytest

from tools.setup.finding import Level
from tools.setup.probes import machine


def memory(tmp_path, gigabytes, build):
    info = tmp_path / "meminfo"
    info.write_text(f"MemTotal: 99 kB\nMemAvailable: {int(gigabytes * 1024 * 1024)} kB\n")
    return machine.memory(build, info).level


def test_a_small_machine_is_warned_only_when_something_big_is_built(tmp_path):
    assert memory(tmp_path, 1.5, build=True) is Level.WARN
    assert memory(tmp_path, 1.5, build=False) is Level.OK


def test_too_little_memory_for_anything_stops(tmp_path):
    assert memory(tmp_path, 0.3, build=False) is Level.STOP


def test_a_full_disk_stops_and_names_the_setting(tmp_path):
    found = machine.disk(tmp_path, needed_gb=1e9)
    assert found.level is Level.STOP
    assert "XDG_CACHE_HOME" in found.mend


def test_spaces_and_long_paths_are_fine(tmp_path):
    place = tmp_path / "with a space" / ("x" * 120)
    place.mkdir(parents=True)
    assert machine.place(place).level is Level.OK


@pytest.mark.parametrize("bad", ["a:b", "a'b", 'a"b', "a$b", "a\nb"])
def test_characters_that_break_shells_and_path_stop(bad):
    assert machine.place(Path("/tmp") / bad).level is Level.STOP
