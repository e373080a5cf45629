from pathlib import Path

import pytest

from tools.setup import paths


@pytest.mark.parametrize(
    ("env", "folder"),
    [
        ({}, "/home/ann/.cache/alert-threader"),
        ({"XDG_CACHE_HOME": "/big/cache"}, "/big/cache/alert-threader"),
        ({"XDG_CACHE_HOME": "relative"}, "/home/ann/.cache/alert-threader"),
        ({"XDG_CACHE_HOME": ""}, "/home/ann/.cache/alert-threader"),
    ],
)
def test_the_cache_is_where_xdg_says(env, folder):
    assert paths.cache_folder(env, "/home/ann") == Path(folder)


def test_under_sudo_the_cache_is_not_in_the_callers_home():
    assert paths.home({"SUDO_UID": "1000", "HOME": "/home/ann"}) != "/home/ann"


def test_a_home_that_was_set_on_purpose_counts():
    assert paths.home({"HOME": "/tmp/elsewhere"}) == "/tmp/elsewhere"


def test_a_path_inside_the_checkout_is_shown_relative():
    assert paths.shown(Path("/here/.state/logs/x.log"), Path("/here")) == ".state/logs/x.log"
    assert paths.shown(Path("/elsewhere/x"), Path("/here")) == "/elsewhere/x"
