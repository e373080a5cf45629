"""The Go threader's own tests, run by the Go that builds it."""

from __future__ import annotations

import pytest

from tools.release.go import Go, run
from tools.release.paths import SERVICES
from tools.release.targets import DEFAULT_ARCHITECTURES

pytestmark = pytest.mark.toolchain


@pytest.mark.parametrize("words", [("vet", "./..."), ("test", "./..."), ("mod", "verify"), ("mod", "tidy", "-diff")])
def test_go_has_nothing_to_say_against_it(words):
    run(*words, recipe=Go(SERVICES / "go", DEFAULT_ARCHITECTURES))
