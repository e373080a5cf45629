from deploy.settings.docs import section


def test_a_section_is_printed_as_it_is_in_the_sample(threader):
    assert threader("docs", "rollout") == (0, section("rollout"))


def test_without_a_section_all_are_listed(threader, golden):
    golden("docs", *threader("docs"))


def test_a_mistyped_section_is_a_usage_error(threader):
    code, text = threader("docs", "hots")
    assert (code, text.splitlines()[-1]) == (2, "next: threader docs hosts")
