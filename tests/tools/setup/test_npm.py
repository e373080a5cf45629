import pytest

from tools.setup import npm
from tools.setup.errors import SetupError
from tools.setup.progress import Step


def test_the_npm_at_hand_is_used_and_nothing_is_installed(monkeypatch):
    monkeypatch.setattr(npm.shutil, "which", lambda name, path=None: "/opt/npm")
    monkeypatch.setattr(npm.apt, "install", lambda *args: pytest.fail("installed"))
    assert npm.find_or_install(Step("release")) == "/opt/npm"


def test_without_one_debians_is_installed(monkeypatch):
    there: list[str] = []
    monkeypatch.setattr(npm.shutil, "which", lambda name, path=None: there[0] if there else None)
    monkeypatch.setattr(npm.apt, "install", lambda step, names: there.extend(f"/usr/bin/{name}" for name in names))
    assert npm.find_or_install(Step("release")) == "/usr/bin/npm"


def test_an_installation_that_brings_none_says_what_to_do(monkeypatch):
    monkeypatch.setattr(npm.shutil, "which", lambda name, path=None: None)
    monkeypatch.setattr(npm.apt, "install", lambda step, names: None)
    with pytest.raises(SetupError, match="cannot be had"):
        npm.find_or_install(Step("release"))
