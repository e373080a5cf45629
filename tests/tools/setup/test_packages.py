from pathlib import Path

from tools.setup import packages


def test_nothing_is_missing_where_everything_is_found():
    assert packages.missing(lambda _: True) == ()


def test_each_missing_package_is_named_once_and_redis_brings_no_service():
    missing = packages.missing(lambda _: False)
    assert len(set(missing)) == len(missing)
    assert "redis-tools" in missing
    assert "redis-server" not in missing


def test_services_that_a_package_would_start_are_masked_unless_somebody_has_a_unit_there(tmp_path):
    (tmp_path / "prometheus.service").write_text("[Unit]")
    packages.mask(("curl", "prometheus", "prometheus-alertmanager"), tmp_path)
    packages.mask(("prometheus-alertmanager",), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"prometheus.service", "prometheus-alertmanager.service"}
    assert (tmp_path / "prometheus.service").read_text() == "[Unit]"
    assert (tmp_path / "prometheus-alertmanager.service").readlink() == Path("/dev/null")


def test_what_was_installed_is_remembered_over_several_set_ups(tmp_path, monkeypatch):
    monkeypatch.setattr(packages, "cache", lambda: tmp_path)
    packages.record(["curl"])
    packages.record(["nftables", "curl"])
    assert packages.installed() == ("curl", "nftables")
