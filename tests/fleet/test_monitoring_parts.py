"""The monitoring on real hosts, from Debian's packages: it runs, follows the settings, is repaired, leaves nothing."""

import hashlib
import json
import re
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fleet.deployment import Deployment, Done
from tests.fleet.lab import Lab
from tests.fleet.records import until
from tests.fleet.threaders import instances, prepared
from tools.local.config import host_settings

pytestmark = pytest.mark.fleet
MONITOR, OTHER = "app-4", "app-5"
HOSTS = (MONITOR, OTHER)
LAYOUT = {"py-a": (MONITOR, 9009), "py-b": (OTHER, 9009)}
ON_MONITORS = ("prometheus", "alertmanager", "blackbox-exporter", "node-exporter")
PLACES = [*((MONITOR, part) for part in ON_MONITORS), (OTHER, "node-exporter")]
PROMETHEUS = "/etc/alert-threader-prometheus"
MASKED = ("prometheus", "prometheus-alertmanager", "prometheus-blackbox-exporter", "prometheus-node-exporter")
KEYRING = "/usr/share/keyrings/debian-archive-{}-automatic.gpg"
LEFT = """
find /etc /opt /usr/local /var/lib /run -name '*alert-threader*' -not -path '/run/systemd/*' -not -path /run/host/'*' \\
    -not -path '/var/lib/systemd/*'
find /etc/systemd/system -lname /dev/null -name 'prometheus*'
systemctl list-units --all --no-legend --plain 'alert-threader*' 'prometheus*'
"""
"""Lists what a host has of the monitoring, and of us."""


@pytest.fixture(scope="module")
def stack(lab: Lab, spare) -> Deployment:
    made = prepared(spare("monitoring", HOSTS), LAYOUT, "python", confirm_within=60)
    rows = host_settings(lab.fleet.host(name) for name in HOSTS)
    rows[0]["roles"] = ["threader", "edge", "monitor"]
    env = {name: value for name, value in made.config()["env"].items() if name != "BIND_HOST"}
    made.change(hosts=rows, env={**env, "DRAIN_SECONDS": "0"}, health={"deadline": 60, "every": 2, "timeout": 1})
    made.change(monitoring=wanted())
    made.apply().good()
    return made


def wanted(**more) -> dict[str, object]:
    """The section `monitoring`: a short interval, so that targets are soon seen."""
    return {"prometheus": {"every": 1}, **more}


def pid(lab: Lab, part: str, host: str = MONITOR) -> str:
    """The main process of a part, which only a start changes."""
    return lab.sh(host, f"systemctl show -p MainPID --value alert-threader-{part}").strip()


def pids(lab: Lab) -> dict[tuple[str, str], str]:
    return {(host, part): pid(lab, part, host) for host, part in PLACES}


def active(lab: Lab, part: str, host: str = MONITOR) -> bool:
    return lab.sh(host, f"systemctl show -p ActiveState --value alert-threader-{part}").strip() == "active"


def get(lab: Lab, url: str) -> str:
    """What is answered on the monitor, also on its loopback."""
    return lab.sh(MONITOR, f"python3 -c \"import urllib.request as u; print(u.urlopen('{url}').read().decode())\"")


def prometheus(lab: Lab, path: str) -> dict:
    return json.loads(get(lab, f"http://127.0.0.1:9090/api/v1/{path}"))["data"]


def targets(lab: Lab) -> dict[str, str]:
    """The health of every target by its job and instance."""
    return {
        f"{each['labels']['job']} {each['labels']['instance']}": each["health"]
        for each in prometheus(lab, "targets?state=active")["activeTargets"]
    }


# --- it runs


@pytest.mark.parametrize(("host", "part"), PLACES)
def test_every_part_runs_and_is_exposed_little(lab: Lab, stack: Deployment, host: str, part: str):
    assert active(lab, part, host)
    said = lab.sh(host, f"systemd-analyze security --no-pager alert-threader-{part} | tail -1")
    assert float(re.search(r"([\d.]+) OK", said)[1]) <= 1.5, said


def test_the_other_host_has_no_part_of_a_monitor(lab: Lab, stack: Deployment):
    assert lab.sh(OTHER, "ls -d /etc/alert-threader-*") == "/etc/alert-threader-node-exporter\n"


def test_every_target_is_up(lab: Lab, stack: Deployment):
    jobs = ("alert_threader_python py-a", "alert_threader_python py-b", "node app-4", "node app-5", "edge app-4")
    until(lambda: {*jobs, "alertmanager app-4"} <= targets(lab).keys(), 30, 0.5)
    until(lambda: {*targets(lab).values()} == {"up"}, 60, 0.5)


def test_prometheus_found_its_alertmanager_and_its_rules(lab: Lab, stack: Deployment):
    (found,) = prometheus(lab, "alertmanagers")["activeAlertmanagers"]
    assert found["url"] == f"http://{lab.address(MONITOR)}:9093/api/v2/alerts"
    assert len(prometheus(lab, "rules")["groups"]) >= 3


def test_node_exporter_knows_units_disks_and_how_switches_ended(lab: Lab, stack: Deployment):
    def said() -> str:
        return get(lab, f"http://{lab.address(OTHER)}:9100/metrics")

    switched = 'threader_switches_total{impl="python",instance="py-b",verdict="confirmed"} 1'
    until(lambda: switched in said(), 30, 0.5)
    assert 'threader_switches_total{impl="python",instance="py-b",verdict="failed"} 0' in said()
    assert 'node_systemd_unit_state{name="alert-threader@py-b.service",state="active",type="exec"} 1' in said()
    assert re.search(r'node_filesystem_avail_bytes\{.*mountpoint="/var"\}', said())


def test_health_checks_tell_the_fleets_own_alertmanager(lab: Lab, stack: Deployment):
    told = json.loads(lab.inside(OTHER, "/etc/alert-threader.d/py-b.health.json").read_text())
    assert told["alertmanagers"] == [f"http://{lab.address(MONITOR)}:9093"]


def test_what_is_for_its_host_alone_listens_on_loopback_alone(lab: Lab, stack: Deployment):
    said = lab.sh(MONITOR, "ss -Hltn 2>/dev/null || python3 -c 'print(open(\"/proc/net/tcp\").read())'")
    assert "127.0.0.1:9090" in said or "0100007F:2382" in said
    assert not re.search(r"(0\.0\.0\.0|\*):9090|00000000:2382", said)


def test_packages_started_nothing_of_their_own(lab: Lab, stack: Deployment):
    states = lab.sh(MONITOR, f"for each in {' '.join(MASKED)}; do systemctl is-enabled $each || :; done")
    assert states.split() == ["masked"] * len(MASKED)


def test_the_stack_says_where_it_answers(lab: Lab, stack: Deployment):
    said = stack.outputs()["monitoring"]
    assert said["prometheus"] == {"host": MONITOR, "address": "127.0.0.1:9090"}
    assert said["alertmanagers"] == {MONITOR: f"{lab.address(MONITOR)}:9093"}
    assert (said["loki"], said["grafana"]) == (None, None)
    assert "Grafana: not installed here, set monitoring.grafana.source" in said["notes"]


def test_a_second_up_changes_nothing_and_asks_each_host_once_a_phase(lab: Lab, stack: Deployment):
    before = pids(lab)
    done = stack.up("--diff").good()
    assert done.unchanged, done.text
    assert all(count == 1 for phase in done.execs for count in phase.values()), done.execs
    assert pids(lab) == before


# --- it follows the settings


def test_another_configuration_is_reloaded_and_nothing_is_started_anew(lab: Lab, stack: Deployment):
    before = pids(lab)
    stack.change(monitoring=wanted(prometheus={"every": 2}, objective=99.5))
    stack.apply().good()
    assert pids(lab) == before
    assert "scrape_interval: 2s" in prometheus(lab, "status/config")["yaml"]
    stack.change(monitoring=wanted())
    stack.apply().good()
    assert pids(lab) == before


def test_an_instance_that_comes_is_scraped_and_one_that_goes_is_not(lab: Lab, stack: Deployment):
    stack.change(instances=instances({**LAYOUT, "py-c": (OTHER, 9010)}))
    stack.apply().good()
    until(lambda: targets(lab).get("alert_threader_python py-c") == "up", 30, 0.5)
    stack.change(instances=instances(LAYOUT))
    stack.apply().good()
    until(lambda: "alert_threader_python py-c" not in targets(lab), 30, 0.5)


@dataclass(frozen=True)
class Refusal:
    """A configuration that Prometheus refuses, and what was found after it."""

    done: Done
    before: str
    after: str
    text: str


@pytest.fixture(scope="module")
def refused(lab: Lab, stack: Deployment) -> Refusal:
    before = pid(lab, "prometheus")
    stack.change(monitoring=wanted(runbooks="https://runbooks.example/{{ .Nope"))
    done = stack.apply().failed()
    text = lab.sh(MONITOR, f"cat {PROMETHEUS}/rules/*.yml")
    stack.change(monitoring=wanted())
    return Refusal(done, before, pid(lab, "prometheus"), text)


def test_what_prometheus_refuses_is_told_in_its_own_words(refused: Refusal):
    assert "prometheus on app-4: it refuses its configuration, and runs on with the one before" in refused.done.text
    assert re.search(r"template|Nope", refused.done.text.partition("with the one before")[2][:3000])


def test_what_ran_before_runs_on_and_lies_there_as_before(lab: Lab, stack: Deployment, refused: Refusal):
    assert refused.before == refused.after
    assert "Nope" not in refused.text
    assert stack.preview().good().unchanged


def test_a_port_that_is_taken_is_told_in_the_programs_words(lab: Lab, stack: Deployment):
    lab.sh(OTHER, "systemd-run -q --unit=squatter python3 -m http.server 9111")
    until(
        lambda: (
            "9111"
            in lab.sh(
                OTHER, "python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", 9111)); print(9111)' || :"
            )
        )
    )
    stack.change(monitoring=wanted(node_port=9111))
    done = stack.apply().failed()
    lab.sh(OTHER, "systemctl stop squatter")
    stack.change(monitoring=wanted())
    stack.apply().good()
    assert stack.preview().good().unchanged
    assert re.search(r"node-exporter on app-5: .*\n?.*address already in use", done.text, re.DOTALL), done.text


# --- it is repaired


@dataclass(frozen=True)
class Drift:
    """What a preview said of drift, and how the parts ran before and after the repair."""

    seen: Done
    before: dict
    after: dict


@pytest.fixture(scope="module")
def drift(lab: Lab, stack: Deployment) -> Drift:
    before = pids(lab)
    lab.sh(
        MONITOR,
        f"""sed -i 's/scrape_interval: 1s/scrape_interval: 7s/' {PROMETHEUS}/prometheus.yml
        systemctl reload alert-threader-prometheus
        echo 'groups: []' >{PROMETHEUS}/rules/mine.yml
        chmod 0666 /etc/alert-threader-blackbox-exporter/blackbox.yml
        systemctl stop alert-threader-alertmanager
        systemctl unmask prometheus.service
        mkdir /etc/systemd/system/alert-threader-node-exporter.service.d
        printf '[Service]\\nNice=5\\n' >/etc/systemd/system/alert-threader-node-exporter.service.d/mine.conf""",
    )
    seen = stack.preview("--diff").good()
    stack.apply().good()
    return Drift(seen, before, pids(lab))


@pytest.mark.parametrize(
    "shown",
    [
        r'scrape_interval *: "7s" => "1s"',
        r'loaded *: "another configuration" => "as written"',
        r"- .*/etc/alert-threader-prometheus/rules/mine.yml",
        r'"root:root 0666" => "root:root 0644"',
        r'\+ alert-threader-alertmanager.service: "active"',
        r'\+ prometheus.service: "masked"',
        r"- .*alert-threader-node-exporter.service.d/mine.conf",
    ],
)
def test_a_preview_shows_what_somebody_did_by_hand(drift: Drift, shown: str):
    assert re.search(shown, drift.seen.text), drift.seen.text


def test_up_puts_it_right_and_only_what_was_stopped_is_started_anew(lab: Lab, stack: Deployment, drift: Drift):
    assert {place for place in PLACES if drift.before[place] != drift.after[place]} == {(MONITOR, "alertmanager")}
    assert "scrape_interval: 1s" in prometheus(lab, "status/config")["yaml"]
    assert lab.sh(MONITOR, "systemctl is-enabled prometheus || :") == "masked\n"
    assert stack.preview().good().unchanged


def test_a_killed_part_is_back_by_itself_and_after_a_reboot_all_are(lab: Lab, stack: Deployment):
    before = pid(lab, "prometheus")
    lab.sh(MONITOR, f"kill -9 {before}")
    until(lambda: active(lab, "prometheus") and pid(lab, "prometheus") != before, 60, 0.2)
    lab.fleet.reboot(MONITOR)
    until(lambda: all(active(lab, part) for part in ON_MONITORS), 120, 0.2)
    until(lambda: stack.preview().good().unchanged, 120, 1)


# --- a program from a tarball


@pytest.fixture(scope="module")
def tarball(lab: Lab, stack: Deployment) -> dict[str, str]:
    """Debian's own Alertmanager in a tarball, as its makers would have it."""
    path = lab.folder / "alertmanager-0.25.0.tar.gz"
    with tarfile.open(path, "w:gz", compresslevel=1) as tar:
        for name, where in (("alertmanager", "prometheus-alertmanager"), ("amtool", "amtool")):
            tar.add(lab.inside(MONITOR, f"/usr/bin/{where}"), f"alertmanager-0.25.0/{name}")
    return {"artifact": str(path), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def test_a_program_from_a_tarball_takes_the_place_of_the_packages(lab: Lab, stack: Deployment, tarball):
    stack.change(monitoring=wanted(alertmanager={"source": tarball}))
    stack.apply().good()
    running = lab.sh(MONITOR, f"readlink /proc/{pid(lab, 'alertmanager')}/exe").strip()
    assert running == f"/opt/alert-threader/alertmanager-{tarball['sha256'][:12]}/alertmanager"
    assert stack.preview().good().unchanged


def test_a_program_that_was_touched_shows_and_is_brought_again(lab: Lab, stack: Deployment, tarball):
    folder = f"/opt/alert-threader/alertmanager-{tarball['sha256'][:12]}"
    lab.sh(MONITOR, f"echo >>{folder}/amtool")
    assert "edited by hand: amtool" in stack.preview("--diff").good().text
    stack.apply().good()
    assert stack.preview().good().unchanged


def test_back_to_the_package_nothing_of_the_tarball_stays(lab: Lab, stack: Deployment, tarball):
    stack.change(monitoring=wanted())
    stack.apply().good()
    assert lab.sh(MONITOR, f"readlink /proc/{pid(lab, 'alertmanager')}/exe") == "/usr/bin/prometheus-alertmanager\n"
    assert lab.sh(MONITOR, "ls -A /opt") == ""


# --- a package from its vendor's archive


@pytest.fixture(scope="module")
def archive(lab: Lab, stack: Deployment) -> dict[str, str]:
    """Debian's archive as if it were a vendor's, with its key."""
    if not shutil.which("gpg"):
        pytest.skip("gpg is not here, which writes a key as a text")
    lines = lab.sh(MONITOR, "cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null || :")
    uri = re.search(r"^(?:URIs: |deb (?:\[.*\] )?)(\S+/debian)/?\s", lines, re.MULTILINE)[1]
    suite = lab.sh(MONITOR, ". /etc/os-release && echo $VERSION_CODENAME").strip()
    keyring = KEYRING.format(suite)
    if not Path(keyring).exists():
        pytest.skip(f"{keyring} is not here")
    export = ["gpg", "--no-default-keyring", "--keyring", keyring, "--export", "--armor"]
    key = subprocess.run(export, capture_output=True, text=True, check=True).stdout
    indented = "".join(f" {line or '.'}\n" for line in key.splitlines())
    path = lab.folder / "vendor.sources"
    path.write_text(f"Types: deb\nURIs: {uri}\nSuites: {suite}\nComponents: main\nSigned-By:\n{indented}")
    return {"package": "prometheus-alertmanager", "sources": str(path)}


def test_apt_is_told_of_a_vendors_archive_and_whoever_edits_that_is_seen(lab: Lab, stack: Deployment, archive):
    stack.change(monitoring=wanted(alertmanager={"source": archive}))
    lab.sh(MONITOR, "rm -f /var/lib/apt/lists/*InRelease")
    stack.apply().good()
    file = "/etc/apt/sources.list.d/alert-threader-alertmanager.sources"
    assert lab.inside(MONITOR, file).read_text() == Path(archive["sources"]).read_text()
    assert "InRelease" in lab.sh(MONITOR, "ls /var/lib/apt/lists")
    assert active(lab, "alertmanager")
    assert stack.preview().good().unchanged
    lab.sh(MONITOR, f"sed -i s/main/contrib/ {file}")
    assert re.search(r'Components *: "contrib" => "main"', stack.preview("--diff").good().text)
    stack.apply().good()
    assert stack.preview().good().unchanged


def test_an_archive_whose_key_is_another_is_told_in_apts_words(lab: Lab, stack: Deployment, archive):
    bad = lab.folder / "bad.sources"
    bad.write_text(Path(archive["sources"]).read_text().replace("Suites: ", "Suites: no-such-"))
    stack.change(monitoring=wanted(alertmanager={"source": {**archive, "sources": str(bad)}}))
    done = stack.apply().failed()
    assert re.search(r"app-4 .*no-such-", done.text), done.text
    stack.change(monitoring=wanted())
    stack.apply().good()
    assert lab.sh(MONITOR, "ls /etc/apt/sources.list.d | grep alert-threader || :") == ""


# --- the second path


def test_the_watchdog_is_there_with_a_webhook_which_nobody_sees(lab: Lab, stack: Deployment):
    secret = "http://127.0.0.1:9/very-secret-hook"
    stack.stack.pulumi(
        "config", "set", "--secret", "--path", "alert-threader:secrets.SLACK_WEBHOOK_URL", told=secret, quiet=True
    )
    assert secret not in stack.preview("--diff").good().text
    stack.apply().good()
    assert stack.preview().good().unchanged
    lab.sh(MONITOR, "systemctl start alert-threader-watchdog.service")
    assert lab.sh(MONITOR, "systemctl is-active alert-threader-watchdog.timer") == "active\n"
    assert secret not in json.dumps(stack.state())
    assert lab.sh(MONITOR, "stat -c %a /etc/alert-threader-*/slack_webhook_url").split() == ["600", "600"]
    stack.stack.pulumi("config", "rm", "--path", "alert-threader:secrets.SLACK_WEBHOOK_URL", quiet=True)
    stack.apply().good()
    assert lab.sh(MONITOR, "ls /etc/systemd/system | grep watchdog || :") == ""
    assert stack.preview().good().unchanged


# --- and goes


def test_without_a_monitor_nothing_of_the_monitoring_stays_and_the_fleet_serves_on(lab: Lab, stack: Deployment):
    rows = host_settings(lab.fleet.host(name) for name in HOSTS)
    rows[0]["roles"] = ["threader", "edge"]
    stack.change(hosts=rows, monitoring=None)
    stack.apply().good()
    parts = "|".join((*ON_MONITORS, "log-shipper", "watchdog"))
    for host in HOSTS:
        assert lab.sh(host, f"({LEFT}) | grep -E 'alert-threader-({parts})|(^|system/)prometheus' || :") == ""
    assert active(lab, "edge")
    assert stack.preview().good().unchanged


def test_destroy_leaves_nothing(lab: Lab, stack: Deployment):
    rows = host_settings(lab.fleet.host(name) for name in HOSTS)
    rows[0]["roles"] = ["threader", "edge", "monitor"]
    stack.change(hosts=rows, monitoring=wanted())
    stack.apply().good()
    stack.destroy(environ={"THREADER_PURGE": "1"}).good()
    for host in HOSTS:
        assert lab.sh(host, LEFT) == ""
