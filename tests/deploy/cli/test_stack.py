import pytest

from deploy.cli.errors import CliError
from deploy.cli.stack import Known, choose


def test_the_named_stack_wins():
    assert choose("prod", [Known("dev", True), Known("prod")]) == "prod"


def test_a_fully_qualified_name_is_taken_as_it_is():
    assert choose("acme/alert-threader/prod", [Known("prod")]) == "acme/alert-threader/prod"


def test_else_the_selected_one():
    assert choose(None, [Known("dev"), Known("prod", True)]) == "prod"


def test_else_the_only_one():
    assert choose(None, [Known("dev")]) == "dev"


@pytest.mark.parametrize(
    ("named", "stacks", "text"),
    [
        (None, [], "there is no stack yet; next: pulumi stack init dev"),
        (None, ["a", "b"], "which stack? There are: a, b; next: pulumi stack select a (or --stack a for this once)"),
        ("prd", ["dev", "prod"], "there is no stack prd; did you mean prod?; next: the same command with --stack prod"),
        ("x", ["dev"], "there is no stack x; there are: dev; next: pulumi stack init x"),
        ("x", [], "there is no stack x; there is none yet; next: pulumi stack init x"),
    ],
)
def test_whatever_can_not_be_chosen_is_told_with_the_next_command(named, stacks, text):
    with pytest.raises(CliError) as caught:
        choose(named, [Known(name) for name in stacks])
    assert str(caught.value) == text
