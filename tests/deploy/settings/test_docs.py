import re

import pytest
import yaml

from deploy.settings import rollout_shape, shape
from deploy.settings.docs import UnknownSectionError, sample, section
from deploy.settings.errors import SECTIONS
from deploy.settings.load import load
from deploy.settings.specs import Strategy
from deploy.settings.variables import GIVEN, KNOWN
from tests.certificates import Authority

FORMS = {
    "hosts": (shape.Host,),
    "instances": (shape.Instance,),
    "release": (shape.Release, shape.Artifact),
    "rollout": (rollout_shape.Rollout, rollout_shape.CanaryStep, rollout_shape.Gate, rollout_shape.Notify),
    "health": (shape.Health,),
    "edge": (shape.Edge,),
    "monitoring": (
        *(shape.Monitoring, shape.Prometheus, shape.Alertmanager, shape.Loki, shape.Grafana),
        *(shape.Tls, shape.BasicAuth),
    ),
    "hooks": (shape.Hooks,),
}
ENCRYPTED = {
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_WEBHOOK_URL": "https://x.example",
    "REDIS_URL": "redis://:pw@h",
    "SYNTHETIC_KEY": "0123456789abcdef",
    "GRAFANA_ADMIN_PASSWORD": "secret-1",
    "MONITORING_PASSWORD": "secret-2",
}
ARCHIVE = (
    "Types: deb\nURIs: https://apt.example\nSuites: stable\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n"
)


def test_the_sample_is_a_stack_file_that_loads():
    stack_file = yaml.safe_load(sample())
    config = {key.removeprefix("alert-threader:"): value for key, value in stack_file["config"].items()}
    config["secrets"] = {name: ENCRYPTED[name] for name in config["secrets"]}
    config["digest_key"] = "0123456789abcdef"
    keys = frozenset({"secrets", "digest_key"})
    given = {"secret_keys": keys, "environ": {}, "stack": "dev", "stack_file": stack_file}
    ca = Authority()
    proof = ca.issue("10.0.0.11", "app-2.example.com")
    files = {"tls/monitoring.pem": proof.cert, "tls/monitoring.key": proof.key, "tls/ca.pem": ca.pem}
    fleet = load(config, **given, read_text={**files, "grafana.sources": ARCHIVE}.__getitem__)
    assert [instance.name for instance in fleet.instances] == ["py-a", "py-app-1", "py-app-2"]
    assert fleet.notes == ()
    assert fleet.monitoring.grafana.source.sources == ARCHIVE


@pytest.mark.parametrize("name", SECTIONS)
def test_every_section_is_in_the_sample_with_a_comment_first(name):
    text = section(name)
    assert text.startswith("# " + name)
    assert list(yaml.safe_load(text)) == [f"alert-threader:{name}"]


@pytest.mark.parametrize("name", FORMS)
def test_every_key_of_a_section_is_in_its_sample(name):
    keys = {key for form in FORMS[name] for key in form.model_fields}
    assert {key for key in keys if not re.search(rf"\b{key}:", section(name))} == set()


@pytest.mark.parametrize("name", FORMS)
def test_every_default_that_the_sample_tells_is_the_one_in_the_code(name):
    told = dict(re.findall(r"\b(\w+): .*?# .*?Default: ([\w./-]+?)[.:]? ", section(name).replace("\n", " \n")))
    fields = {key: field for form in FORMS[name] for key, field in form.model_fields.items()}
    simple = {key: word for key, word in told.items() if isinstance(fields[key].default, str | int | float)}
    assert {key: str(fields[key].default).lower().removesuffix(".0") for key in simple} == simple


def test_every_known_variable_is_in_the_sample():
    text = section("env") + section("secrets")
    assert [name for name in (*KNOWN, *GIVEN) if name not in text] == []


def test_every_strategy_is_in_the_sample():
    assert [strategy for strategy in Strategy if strategy not in section("rollout")] == []


def test_a_section_is_found_by_its_full_key_too():
    assert section("alert-threader:hosts") == section("hosts")


def test_an_unknown_section_is_told_with_the_next_command():
    with pytest.raises(UnknownSectionError) as caught:
        section("instance")
    assert str(caught.value) == (
        "'instance' is no section of the settings; did you mean instances? next: threader docs instances"
    )
