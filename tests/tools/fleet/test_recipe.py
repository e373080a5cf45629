from tools.fleet.archives import Archives
from tools.fleet.recipe import recipe

ONE = Archives("sources.list", "deb http://a.example/d bookworm main\n", ("http://a.example/d",))
TWO = Archives("sources.list", "deb http://b.example/d bookworm main\n", ("http://b.example/d",))


def test_the_same_machine_gives_the_same_digest():
    assert recipe(ONE).digest == recipe(ONE).digest


def test_other_archives_give_another_base():
    assert recipe(ONE).digest != recipe(TWO).digest


def test_the_first_archive_is_the_mirror_to_build_from():
    assert recipe(TWO).mirror == "http://b.example/d"
