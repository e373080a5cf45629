"""HAProxy's unit as it is on a host, word for word; and what it must never lose."""

from pathlib import Path

import pytest

from deploy.manifest.edge_unit import UNIT
from deploy.manifest.paths import EDGE_HELPER

GOLDEN = Path(__file__).parent / "golden" / "alert-threader-edge.service"


def test_the_unit_is_word_for_word_what_was_last_looked_at():
    """When the change is meant: read the difference, then copy the text into the golden file."""
    assert GOLDEN.read_text() == UNIT


@pytest.mark.parametrize("line", ["User=haproxy", "NoNewPrivileges=yes", "CapabilityBoundingSet=", "Restart=always"])
def test_haproxy_has_no_rights_and_is_always_started_again(line):
    assert line in UNIT.splitlines()


def test_a_reload_is_prepared_before_haproxy_hears_of_it():
    assert [line for line in UNIT.splitlines() if line.startswith("ExecReload=")] == [
        f"ExecReload={EDGE_HELPER} prepare",
        "ExecReload=/bin/kill -USR2 $MAINPID",
    ]
