from pathlib import Path

import pytest

from tools.setup.pulumi_found import Found
from tools.setup.pulumi_source import Kind, choose, refusal

OURS = Path("/cache/pulumi-1234")


def never() -> bool:
    pytest.fail("the network was asked although something was at hand")


def found(version, language_host=True, path="/usr/local/bin/pulumi"):
    return Found(Path(path), version, language_host)


def test_the_users_own_cli_comes_first():
    chosen = choose([found((3, 240, 0))], [OURS], never)
    assert (chosen.kind, chosen.folder) == (Kind.OWN, Path("/usr/local/bin"))


def test_exactly_the_oldest_version_is_recent_enough():
    assert choose([found((3, 220, 0))], [], never).kind is Kind.OWN


def test_an_old_one_is_left_alone_and_people_are_told():
    chosen = choose([found((3, 100, 0))], [OURS], never)
    assert (chosen.kind, chosen.folder) == (Kind.CACHED, OURS)
    assert "/usr/local/bin/pulumi is left alone (3.100.0 is older than 3.220)" in chosen.text


def test_a_recent_one_behind_an_old_one_is_found():
    chosen = choose([found((3, 100, 0)), found((3, 231, 0), path="/opt/p/pulumi")], [], never)
    assert (chosen.kind, chosen.folder) == (Kind.OWN, Path("/opt/p"))


def test_one_without_a_python_language_host_is_not_used():
    assert choose([found((3, 240, 0), language_host=False)], [OURS], never).kind is Kind.CACHED


def test_with_nothing_at_hand_the_official_installer_is_asked_before_anything_is_built():
    assert choose([], [], lambda: True).kind is Kind.INSTALLER
    assert choose([], [], lambda: False).kind is Kind.BUILD


def test_each_refusal_says_why():
    assert refusal(found(())) == "it does not run"
    assert refusal(found((3, 1))) == "3.1 is older than 3.220"
    assert refusal(found((3, 240), language_host=False)) == "its Python language host is not beside it"
