from tools.fleet.archives import parse

DEB822 = """Types: deb
URIs: https://archive.example/debian http://second.example/debian/
Suites: bookworm

Types: deb
uris: http://archive.example/security
"""


def test_uris_of_deb822_files_are_found_in_order():
    found = parse("sources.list.d/debian.sources", DEB822).uris
    expected = ("https://archive.example/debian", "http://second.example/debian", "http://archive.example/security")
    assert found == expected


def test_uris_of_one_line_files_are_found_with_and_without_options():
    lines = (
        "deb http://a.example/debian x y",
        "# deb http://no.example x y",
        "deb [arch=amd64] http://b.example/d x y",
    )
    assert parse("sources.list", "\n".join(lines)).uris == ("http://a.example/debian", "http://b.example/d")


def test_a_host_asks_for_plain_http_since_the_proxy_knows_the_scheme():
    assert "https://" not in parse("sources.list.d/debian.sources", DEB822).text


def test_an_archive_named_twice_is_one():
    assert parse("sources.list", "deb http://a.example/d x y\ndeb-src http://a.example/d/ x y\n").uris == (
        "http://a.example/d",
    )
