"""The units as they are on a host, word for word; and what they must never lose."""

import sys
from pathlib import Path

import pytest

from deploy.manifest import unit
from deploy.manifest.host import helper_files, host_manifest
from deploy.manifest.paths import HEALTH_PROBE, HELPER

GOLDEN = Path(__file__).parent / "golden"
UNITS = {"alert-threader@.service": unit.TEMPLATE, "alert-threader-settle.service": unit.SETTLE}


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_is_word_for_word_what_was_last_looked_at(name):
    """When the change is meant: read the difference, then copy the text into the golden file."""
    assert UNITS[name] == (GOLDEN / name).read_text()


@pytest.mark.parametrize(
    "line",
    [
        "User=alert-threader",
        "EnvironmentFile=/etc/alert-threader.d/%i.env",
        "ExecStart=/var/lib/alert-threader/%i/current/release/run",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "CapabilityBoundingSet=",
    ],
)
def test_a_threader_runs_as_its_own_user_and_can_write_only_its_own_data(line):
    assert line in unit.TEMPLATE.splitlines()


def test_no_threader_starts_before_what_was_left_unconfirmed_is_undone():
    after = next(line for line in unit.TEMPLATE.splitlines() if line.startswith("After="))
    assert "alert-threader-settle.service" in after.split()


def test_a_host_gets_the_helper_and_the_units_each_with_its_rights():
    manifest = host_manifest()
    assert helper_files().items() <= manifest.files.items()
    assert manifest.access[HELPER] == "root:root 0755"
    assert set(manifest.files) == set(manifest.access)
    programs = {path for path, access in manifest.access.items() if access == "root:root 0755"}
    assert programs == {HELPER, HEALTH_PROBE}
    assert {access for path, access in manifest.access.items() if path not in programs} == {"root:root 0644"}


def test_the_helper_says_how_it_is_run():
    assert helper_files()[HELPER].startswith("#!/usr/bin/python3 -EsSB\n")


def test_all_that_the_helper_imports_lies_beside_it():
    beside = {path.rpartition("/")[2].removesuffix(".py") for path in helper_files() if path != HELPER}
    words = (line.split() for text in helper_files().values() for line in text.splitlines())
    imported = {line[1].split(".")[0] for line in words if line[:1] in (["import"], ["from"])}
    assert imported - sys.stdlib_module_names == beside
