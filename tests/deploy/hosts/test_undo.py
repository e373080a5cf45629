"""Undoing what a killed controller left: by the helper, and by settling where that did not help."""

import json

import pytest

from tests.deploy.hosts.conftest import load

HELPER = """#!/bin/sh
echo "$@" >> {folder}/asked
[ "$1" = "{clears}" ] && rm -f {folder}/data/py-a/pending.json
[ "$1" = undo ] && echo '{answer}'
exit 0
"""


@pytest.fixture
def host(tmp_path, monkeypatch):
    """The script, and a helper that answers `answer` to an undo and ends what is pending at the verb `clears`."""
    module, home = load("undo"), tmp_path / "data" / "py-a"
    home.mkdir(parents=True)
    (home / "pending.json").write_text(json.dumps({"from": "1.0-a", "to": "1.1-b", "token": "7:me"}))
    monkeypatch.setattr(module, "DATA", tmp_path / "data")
    monkeypatch.setattr(module, "HELPER", str(tmp_path / "activate"))

    def undo(answer='{"state": "reverted"}', clears="undo"):
        (tmp_path / "activate").write_text(HELPER.format(folder=tmp_path, answer=answer, clears=clears))
        (tmp_path / "activate").chmod(0o755)
        done = module.undo("py-a")
        asked = tmp_path / "asked"
        return done, asked.read_text().splitlines() if asked.exists() else []

    return undo, home


@pytest.mark.parametrize(
    ("answer", "undone"),
    [
        ('{"state": "reverted"}', True),
        ('{"state": "failed"}', True),
        ('{"state": "confirmed"}', False),
        ("", True),
        ("[]", True),
    ],
)
def test_a_pending_switch_is_ordered_back_by_its_token(host, answer, undone):
    undo, _ = host
    assert undo(answer) == (undone, ["undo py-a 7:me"])


def test_what_the_order_did_not_end_is_settled(host):
    undo, _ = host
    assert undo('{"state": "lost"}', clears="settle") == (True, ["undo py-a 7:me", "settle py-a"])


@pytest.mark.parametrize("text", [None, "", "[]", "{}", "null"])
def test_where_nothing_is_pending_nothing_is_undone(host, text):
    undo, home = host
    (home / "pending.json").unlink()
    if text is not None:
        (home / "pending.json").write_text(text)
    assert undo() == (False, [])
