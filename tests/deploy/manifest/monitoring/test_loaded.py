"""Whether a part runs with what is written: by what its unit noted, compared with what it should have noted."""

import hashlib

import pytest

from deploy.manifest.monitoring.loaded import ANOTHER, LOADED, NOTHING, OLDER, configured_with, loaded, started_with
from tests.deploy.manifest.monitoring.parts import ALL, LASTING


def noted(sums):
    return "".join(f"{digest}  {path}\n" for path, digest in sums.items())


def snapshot(name, started=None, configuration=None):
    """A host on which the part has noted what it should have, or else."""
    manifest = ALL[name].manifest
    texts = {
        "started": noted(started_with(name, manifest)) if started is None else started,
        "loaded": noted(configured_with(name, manifest)) if configuration is None else configuration,
    }
    return {"paths": {f"/run/alert-threader-{name}/{file}": {"file": text} for file, text in texts.items()}}


def state(name, found):
    return loaded(name, found, ALL[name].manifest)


@pytest.mark.parametrize("name", LASTING)
def test_what_noted_all_of_it_runs_as_written(name):
    assert state(name, snapshot(name)) == LOADED


@pytest.mark.parametrize("name", LASTING)
def test_what_noted_nothing_does_not_run(name):
    assert state(name, {"paths": {}}) == NOTHING


@pytest.mark.parametrize("more", ["", "ab  /etc/alert-threader-prometheus/rules/mine.yml\n", "spoilt"])
def test_another_configuration_is_told_apart_also_one_with_a_file_more(more):
    right = noted(configured_with("prometheus", ALL["prometheus"].manifest))
    assert state("prometheus", snapshot("prometheus", configuration=right + more if more else "")) == ANOTHER


@pytest.mark.parametrize("started", ["", "ab  /etc/systemd/system/alert-threader-loki.service\n"])
def test_another_unit_or_program_needs_more_than_a_reload(started):
    assert state("loki", snapshot("loki", started=started, configuration="")) == OLDER


def test_the_unit_the_secrets_and_the_tarball_are_what_it_was_started_with():
    sums = started_with("alertmanager", ALL["alertmanager"].manifest)
    assert {*sums} == {
        "/etc/systemd/system/alert-threader-alertmanager.service",
        "/run/credentials/alert-threader-alertmanager.service/slack_webhook_url",
    }
    assert "/opt/alert-threader/loki-ab12ab12ab12/.sha256" in started_with("loki", ALL["loki"].manifest)


def test_no_secret_is_part_of_the_configuration():
    assert {*configured_with("alertmanager", ALL["alertmanager"].manifest)} == {
        "/etc/alert-threader-alertmanager/alertmanager.yml"
    }


def test_digests_are_those_of_sha256sum():
    path, text = "/etc/alert-threader-prometheus/prometheus.yml", "global: {}\n"
    sums = configured_with("prometheus", ALL["prometheus"].manifest)
    assert sums[path] == hashlib.sha256(text.encode()).hexdigest()


def test_of_a_timer_nothing_is_asked():
    assert state("watchdog", {"paths": {}}) == LOADED
