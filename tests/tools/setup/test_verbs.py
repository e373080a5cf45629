import re

import pytest

from tools.setup.paths import ROOT
from tools.setup.verbs import VERBS, release_words


def test_make_has_a_target_for_every_verb_and_no_other():
    targets = re.findall(r"^([a-z-]+): ##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert sorted(targets) == sorted([*VERBS, "help"])


def test_every_recipe_is_one_line():
    text = (ROOT / "Makefile").read_text()
    recipes = re.findall(r"^[a-z-]+: ##.*\n((?:\t.*\n)+)", text, re.MULTILINE)
    assert {recipe.count("\n") for recipe in recipes} == {1}


@pytest.mark.parametrize(
    ("words", "given"),
    [((), ("build",)), (("--impl", "go"), ("build", "--impl", "go")), (("lock",), ("lock",))],
)
def test_options_of_a_release_are_those_of_its_build(words, given):
    assert release_words(words) == given
