"""What each part of the monitoring has on its host."""

import json

import pytest

from deploy.manifest.items import Manifest
from deploy.manifest.monitoring.kinds import PARTS
from deploy.manifest.monitoring.origin import Origin, origin
from deploy.manifest.monitoring.part import folders, part_manifest
from deploy.manifest.packages import PACKAGES
from deploy.settings.specs import PackageSource
from tests.deploy.manifest.monitoring.parts import ALL, ARCHIVE, DIGEST, TARBALL


@pytest.mark.parametrize("part", ALL.values(), ids=ALL)
def test_every_file_has_rights_a_folder_and_ends_with_a_line_break(part):
    manifest = part.manifest
    assert manifest.access.keys() == manifest.files.keys()
    ours = {path for path in manifest.files if path.startswith("/etc/alert-threader-")}
    assert {path.rpartition("/")[0] for path in ours} <= manifest.directories.keys()
    assert all(text.endswith("\n") for text in manifest.files.values())


@pytest.mark.parametrize("part", ALL.values(), ids=ALL)
def test_everything_lies_where_the_snapshot_looks_and_where_it_can_be_removed(part):
    mine = (f"/etc/alert-threader-{part.name}", "/etc/systemd/system/", "/opt/alert-threader", "/usr/local/lib/alert-")
    assert [path for path in part.manifest.paths if not path.startswith(mine)] == []


@pytest.mark.parametrize("part", ALL.values(), ids=ALL)
def test_one_unit_runs_and_is_started_at_boot(part):
    (unit,) = part.manifest.units
    assert [path.rpartition("/")[2] for path in part.manifest.links] == [unit]
    assert part.manifest.links[next(iter(part.manifest.links))] in part.manifest.files


def test_a_part_and_its_type_have_names_of_their_own():
    assert {*PARTS.values()} == {*ALL}


def test_hosts_are_asked_of_every_package_that_comes_from_distributions():
    wanted = {name for part in ALL.values() for name in part.manifest.packages} - {ARCHIVE.package}
    assert wanted <= PACKAGES
    assert {"nodejs", "haproxy"} <= PACKAGES


@pytest.mark.parametrize("name", ["prometheus", "alertmanager", "blackbox-exporter", "node-exporter", "log-shipper"])
def test_the_distributions_own_units_stay_off(name):
    masks = ALL[name].manifest.masks
    packages = {package for package in ALL[name].manifest.packages if package.startswith(("prometheus", "syslog"))}
    assert {unit.removesuffix(".service") for unit in masks} & {*packages, "syslog-ng"}


def test_a_tarball_needs_no_package_and_keeps_no_unit_off():
    come = origin("loki", TARBALL, ["loki"], ["loki.service"])
    assert come.programs == {"/opt/alert-threader/loki-ab12ab12ab12": DIGEST}
    assert (come.packages, come.masks, come.artifact) == ({}, {}, "dist/program.tar.gz")
    assert come.program("/usr/bin/loki", "loki") == "/opt/alert-threader/loki-ab12ab12ab12/loki"


def test_a_vendors_archive_is_told_to_apt_and_the_units_of_both_packages_stay_off():
    come = origin("grafana", ARCHIVE, [], ["grafana-server.service"])
    assert come.sources == {"grafana": "Types: deb\n"}
    assert come.packages == {"grafana": "installed"}
    assert {*come.masks} == {"grafana-server.service", "grafana.service"}


def test_the_distribution_has_its_own_packages():
    come = origin("x", PackageSource(), ["a", "b"], ["a.service"])
    assert come == Origin(masks={"a.service": "masked"}, packages={"a": "installed", "b": "installed"})


def test_folders_of_files_are_named_parents_first():
    assert folders("/etc/x", ["a", "b/c/d", "b/e"]) == ("/etc/x", "/etc/x/b", "/etc/x/b/c")


def test_a_manifest_goes_over_the_wire_and_comes_back():
    made = part_manifest("loki", "unit", origin("loki", TARBALL, [], []), {"a/b": "text"}, {"key": "secret"})
    assert Manifest.of(json.loads(json.dumps(made.sections()))) == made


def test_the_watchdog_asks_every_alertmanager_and_is_called_by_its_fleet():
    files = ALL["watchdog"].manifest.files
    told = json.loads(files["/etc/alert-threader-watchdog/watchdog.json"])
    assert told == {"alertmanagers": ["http://10.0.0.1:9093"], "stale_seconds": 300, "fleet": "dev"}
