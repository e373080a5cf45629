"""That no rule about logs is without a test of its kind is known without running any."""

from tests.monitoring.loki.cases import cases, rules


def test_every_rule_has_cases_in_which_it_fires_is_quiet_and_resolves():
    shown = {rule.name: set() for rule in rules()}
    for case in cases():
        shown[case.rule.name] |= case.seen
    assert shown == {name: {"fires", "quiet", "resolves"} for name in shown}


def test_a_case_says_which_alerts_fire_exactly_when_any_do():
    assert [case.name for case in cases() if bool(case.fires) != bool(case.alerts)] == []


def test_cases_have_names_of_their_own():
    assert len({case.name for case in cases()}) == len(cases())
