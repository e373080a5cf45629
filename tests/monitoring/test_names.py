"""The names on which rules rely."""

from monitoring.names import names_used
from tests.monitoring.fleets import FLEET
from threader.metrics import Metrics

FOUND = names_used(FLEET)


def test_recorded_names_are_not_expected_of_anybody():
    assert not [name for name in FOUND if ":" in name]


def test_labels_of_selectors_groups_and_annotations_count():
    assert FOUND["http_requests_total"] == {"path", "code", "instance", "impl", "host"}
    assert FOUND["up"] >= {"job", "host", "instance"}


def test_what_rules_ask_of_threaders_is_what_threaders_export():
    given = {"job", "host", "instance", "impl"}  # of targets
    text = Metrics("py-a", "production")
    text.requests.labels("POST", "/alert", "200").inc()
    exported = {sample.name: {*sample.labels} for family in text.registry.collect() for sample in family.samples}
    asked = {name for name in FOUND if name.startswith("http_") or name in exported}
    assert asked == {"http_requests_total", "threader_errors_total", "threader_health_status", "threader_info"}
    for name in asked:
        assert FOUND[name] - given <= exported[name], name
