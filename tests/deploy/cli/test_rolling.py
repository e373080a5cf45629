import pytest

UP = "up --stack dev --yes --suppress-outputs"


def test_a_deploy_is_rolling_for_this_once(threader, world):
    assert threader("rolling") == (0, "next: threader status --stack dev\n")
    assert world.ran == [(UP, {"THREADER_STRATEGY": "rolling"})]


def test_what_is_said_is_handed_on_and_the_rest_is_the_stacks(threader, world):
    threader("rolling", "--batch", "2", "--max-unavailable", "3", "--wait", "1.5", "--retry", "--no-preview", "--ask")
    said = {
        "THREADER_STRATEGY": "rolling",
        "THREADER_BATCH": "2",
        "THREADER_MAX_UNAVAILABLE": "3",
        "THREADER_WAIT": "1.5",
        "THREADER_RETRY": "1",
    }
    assert world.ran == [("up --stack dev --skip-preview --suppress-outputs", said)]


@pytest.mark.parametrize("words", [("--batch", "0"), ("--wait", "-1"), ("--batch", "many")])
def test_nonsense_is_refused_before_anything_is_done(threader, world, words):
    code, _ = threader("rolling", *words)
    assert (code, world.ran) == (2, [])


@pytest.mark.parametrize(("verb", "strategy"), [("canary", "canary"), ("bluegreen", "blue-green")])
def test_the_other_strategies_can_be_had_for_this_once_too(threader, world, verb, strategy):
    assert threader(verb) == (0, "next: threader status --stack dev\n")
    threader(verb, "--hold", "always", "--retry")
    said = {"THREADER_STRATEGY": strategy, "THREADER_HOLD": "always", "THREADER_RETRY": "1"}
    assert world.ran == [(UP, {"THREADER_STRATEGY": strategy}), (UP, said)]
    assert threader(verb, "--hold", "sometimes")[0] == 2


@pytest.mark.parametrize("verb", ["deploy", "rolling", "canary", "bluegreen", "promote", "abort", "rollout"])
def test_their_exit_codes_are_in_their_help(threader, verb):
    assert "Exit codes: 0 done, 3 rolled back, 4 held, 5 failed" in " ".join(threader(verb, "--help")[1].split())
