import pytest

from tools.fleet.proxy import real_address

ARCHIVES = ("https://archive.example/debian", "http://second.example/security")


def test_a_file_of_an_archive_is_fetched_with_the_archives_own_scheme():
    asked = "http://archive.example/debian/dists/x/InRelease"
    assert real_address(asked, ARCHIVES) == "https://archive.example/debian/dists/x/InRelease"


@pytest.mark.parametrize(
    "asked",
    [
        "http://archive.example/other/file",
        "http://archive.example/debian-evil/file",
        "http://archive.example.evil/debian/file",
        "http://archive.example/debian/../secret",
        "http://127.0.0.1/",
        "/",
        "",
    ],
)
def test_nothing_else_is_served(asked):
    assert real_address(asked, ARCHIVES) is None
