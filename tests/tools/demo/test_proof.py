import pytest

from tools.demo.proof import NotProven, verdict

FIRED, RESOLVED = "Firing: Demo", "Resolved: Demo"


def test_one_thread_of_a_firing_and_a_resolved_message_is_the_proof():
    assert verdict("Demo", "py-a", "go-a", [[FIRED, RESOLVED]]) == (
        "thread ok  Demo: fired at py-a, resolved at go-a, one thread of 2 messages"
    )


@pytest.mark.parametrize(
    "found", [[], [[FIRED]], [[FIRED], [RESOLVED]], [[RESOLVED, FIRED]], [[FIRED, RESOLVED, RESOLVED]]]
)
def test_anything_else_is_none(found):
    with pytest.raises(NotProven, match="expected one thread of 2 messages"):
        verdict("Demo", "py-a", "go-a", found)
