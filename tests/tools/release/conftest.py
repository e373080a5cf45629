from __future__ import annotations

import pytest

from tools.release.build import Artifact, build


@pytest.fixture(autouse=True)
def cache_of_its_own(tmp_path, monkeypatch, request):
    """Tests that really fetch or compile share the user's cache, all others have an empty one."""
    if not any(request.node.get_closest_marker(name) for name in ("fleet", "toolchain")):
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def without_wheels(monkeypatch):
    """Builds without the registry: the libraries are one small file."""
    from tools.release.archive import Entry

    monkeypatch.setattr("tools.release.python.libraries", lambda lock, wanted: {"lib/x.py": Entry(b"x = 1\n")})


@pytest.fixture(scope="session")
def real_artifact(tmp_path_factory) -> Artifact:
    return build(out=tmp_path_factory.mktemp("dist"))
