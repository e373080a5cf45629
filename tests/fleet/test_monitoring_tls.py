"""The monitoring on real hosts with TLS and a password: it speaks both, answers nothing else, and both may change."""

import asyncio
import json
import re
import shlex
import time
from pathlib import Path

import pytest

from deploy.analysis.gates import GateKind, GateSpec, Measurement
from deploy.hosts.client import Hosts
from deploy.provider.fleet import Fleet
from deploy.provider.resources.judging import measures
from deploy.rollout.plan import Check, Phase, Place
from tests.certificates import Authority, Proof
from tests.fleet.deployment import Deployment
from tests.fleet.lab import Lab
from tests.fleet.records import until
from tests.fleet.threader import threader
from tests.fleet.threaders import prepared
from tools.local.config import host_settings
from tools.loki import build

pytestmark = pytest.mark.fleet
MONITOR, OTHER = "app-4", "app-5"
HOSTS = (MONITOR, OTHER)
LAYOUT = {"py-a": (MONITOR, 9009), "py-b": (OTHER, 9009)}
USER, FIRST, SECOND = "ops", "first-very-secret-password", "second very secret: password"
SECRET = "alert-threader:secrets.MONITORING_PASSWORD"
PROMETHEUS, ALERTMANAGER, NODE, LOKI, BLACKBOX = 9090, 9093, 9100, 3100, 9115
HIDDEN = " ".join(f"/etc/alert-threader-*/{name}" for name in ("tls_key", "web.yml", "monitoring_*"))
CA = Authority("The fleet's own CA")
LEAKS = """
for each in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$each 2>/dev/null; echo; done
journalctl --no-pager --quiet --output=cat
find /etc/alert-threader* /run/alert-threader* /var/lib/alert-threader* /etc/systemd/system/alert-threader* \\
    -type f -perm -004 -exec cat {} + 2>/dev/null | tr -cd '[:print:]\\n'
"""
"""Prints what everybody on a host may see: command lines, journals of ours, files that all may read."""


def written(lab: Lab, proof: Proof) -> dict[str, str]:
    """The section `tls`, with its files."""
    texts = {"cert": proof.cert, "key": proof.key, "ca": CA.pem}
    for name, text in texts.items():
        (lab.folder / f"tls-{name}.pem").write_text(text)
    return {name: str(lab.folder / f"tls-{name}.pem") for name in texts}


def wanted(lab: Lab, proof: Proof | None) -> dict[str, object]:
    loki = {"source": {"artifact": str(build.tarball()), "sha256": build.sha256()}}
    secured = {"tls": written(lab, proof), "basic_auth": {"user": USER}} if proof else {}
    return {"prometheus": {"every": 1}, "loki": loki, **secured}


def remember(stack: Deployment, password: str) -> None:
    stack.stack.pulumi("config", "set", "--secret", "--path", SECRET, told=password, quiet=True)


@pytest.fixture(scope="module")
def proof(lab: Lab) -> Proof:
    return CA.issue(*(lab.address(host) for host in HOSTS))


@pytest.fixture(scope="module")
def stack(lab: Lab, spare, proof: Proof) -> Deployment:
    made = prepared(spare("tls", HOSTS), LAYOUT, "python", confirm_within=60)
    rows = host_settings(lab.fleet.host(name) for name in HOSTS)
    rows[0]["roles"] = ["threader", "edge", "monitor"]
    env = {name: value for name, value in made.config()["env"].items() if name != "BIND_HOST"}
    health = {"deadline": 60, "every": 2, "timeout": 1, "failures": 1, "restarts": 0}
    made.change(hosts=rows, env={**env, "DRAIN_SECONDS": "0"}, health=health, monitoring=wanted(lab, proof))
    hook = ("config", "set", "--secret", "--path", "alert-threader:secrets.SLACK_WEBHOOK_URL")
    made.stack.pulumi(*hook, told=f"{lab.slack}/services/T0/B0/fleet", quiet=True)
    remember(made, FIRST)
    made.apply().good()
    return made


def curl(lab: Lab, port: int, path: str, *words: str, login: str | None = None, host: str = MONITOR) -> tuple[int, str]:
    """Ask on a host, of its loopback what listens there alone; the status (0: no answer) and what was said."""
    address = lab.address(host)
    here = ["--connect-to", f"{address}:{port}:127.0.0.1:{port}"] if port in (PROMETHEUS, BLACKBOX) else []
    trust = [] if "--cacert" in words else ["--cacert", "/run/tls-test-ca.pem"]
    who = ["--user", login] if login else []
    url = path if "://" in path else f"https://{address}:{port}{path}"
    asked = ["curl", "-sS", "--noproxy", "*", "--max-time", "5", "-w", "\nstatus=%{http_code}\n"]
    said = lab.sh(host, f"{shlex.join([*asked, *trust, *here, *who, *words, url])} 2>&1 || :")
    text, _, rest = said.rpartition("\nstatus=")
    return int(rest[:3]), text + rest[3:]


@pytest.fixture(scope="module", autouse=True)
def trusted(lab: Lab, stack: Deployment) -> None:
    for host in HOSTS:
        lab.inside(host, "/run/tls-test-ca.pem").write_text(CA.pem)


def api(lab: Lab, port: int, path: str, password: str = FIRST) -> dict | list:
    status, text = curl(lab, port, path, login=f"{USER}:{password}")
    assert status == 200, text
    return json.loads(text)


def targets(lab: Lab, password: str = FIRST) -> dict[str, str]:
    """The health of every target by its job and instance, and the last error of one that is not up."""
    found = api(lab, PROMETHEUS, "/api/v1/targets?state=active", password)["data"]["activeTargets"]
    return {
        f"{each['labels']['job']} {each['labels']['instance']}": each["lastError"] or each["health"] for each in found
    }


def alerts(lab: Lab, name: str, password: str = FIRST) -> list[dict]:
    found = api(lab, ALERTMANAGER, "/api/v2/alerts", password)
    return [each for each in found if each["labels"]["alertname"] == name]


# --- it speaks


def test_every_target_is_up_and_every_part_speaks_tls(lab: Lab, stack: Deployment):
    jobs = {"alert_threader_python py-b", "node app-4", "node app-5", "edge app-4", "alertmanager app-4", "loki app-4"}
    until(lambda: jobs | {"prometheus app-4", "blackbox_exporter app-4"} <= targets(lab).keys(), 30, 0.5)
    until(lambda: {*targets(lab).values()} == {"up"}, 90, 1)
    urls = [each["scrapeUrl"] for each in api(lab, PROMETHEUS, "/api/v1/targets?state=active")["data"]["activeTargets"]]
    plain = [url for url in urls if url.startswith("http:") and not re.search(r":90(09|81)/", url)]
    assert plain == []


def test_a_second_up_changes_nothing_since_the_digest_of_the_password_stays(stack: Deployment):
    assert stack.up("--diff").good().unchanged


def test_prometheus_alerts_reach_alertmanager(lab: Lab, stack: Deployment):
    until(lambda: alerts(lab, "Watchdog"), 60, 1)


def test_an_alert_of_a_health_check_reaches_alertmanager_and_its_instance_down_holds_it_back(lab: Lab, stack):
    lab.sh(OTHER, "systemctl stop alert-threader@py-b")
    try:
        until(lambda: alerts(lab, "ThreaderHealthCheckFailing"), 30, 0.5)
        until(lambda: alerts(lab, "ThreaderInstanceDown"), 150, 1)
        until(lambda: alerts(lab, "ThreaderHealthCheckFailing")[0]["status"]["inhibitedBy"], 10, 0.5)
    finally:
        lab.sh(OTHER, "systemctl start alert-threader@py-b")
    until(lambda: not alerts(lab, "ThreaderHealthCheckFailing"), 30, 0.5)


def lines(lab: Lab) -> set[str]:
    """The hosts whose lines Loki has."""
    since = int((time.time() - 3600) * 1e9)
    status, text = curl(
        lab, LOKI, f"/loki/api/v1/series?start={since}&match[]=%7Bjob%3D~%22alert.%2B%22%7D", "--globoff"
    )
    return {each["host"] for each in json.loads(text)["data"]} if status == 200 else set()


def test_logs_of_all_hosts_reach_loki(lab: Lab, stack: Deployment):
    until(lambda: lines(lab) == {*HOSTS}, 60, 1)


def test_the_watchdog_sees_that_alerts_get_through(lab: Lab, stack: Deployment):
    until(lambda: alerts(lab, "Watchdog"), 60, 1)
    lab.sh(MONITOR, "systemctl start alert-threader-watchdog.service")
    said = lab.sh(MONITOR, "journalctl --no-pager --quiet --output=cat -n 5 -u alert-threader-watchdog.service")
    assert "https://" not in said, said


def test_threader_monitor_asks_as_the_fleet_does(lab: Lab, stack: Deployment):
    until(lambda: {*targets(lab).values()} == {"up"}, 60, 1)
    done = threader(stack, "monitor", "--json")
    found = json.loads(done.stdout)
    assert (found["silent"], found["faults"]) == ({}, [])
    assert [each["title"] for each in found["panels"] if each["error"]] == []


def measured(stack: Deployment, gate: GateSpec, **instead: object) -> Measurement:
    """What a gate of a rollout measures of py-b; `instead` has other inputs of the Rollout."""
    values = {**stack.state()["rollout"]["inputs"], **instead}
    check = Check(Phase.IDLE, "check", (Place("py-b", OTHER, 9009, values["instances"]["py-b"]),), ())

    async def once() -> Measurement:
        hosts = Hosts()
        try:
            return await measures(Fleet(hosts), values, ()).measure(gate, check, 0.0)
        finally:
            await hosts.close()

    return asyncio.run(once())


def test_a_gate_of_a_rollout_gets_its_number_of_prometheus_and_of_loki(lab: Lab, stack: Deployment):
    until(lambda: {*targets(lab).values()} == {"up"}, 60, 1)
    until(lambda: lines(lab) == {*HOSTS}, 60, 1)
    metrics = GateSpec("up", GateKind.PROMQL, 'sum(up{instance=~"{{candidates}}",job!="blackbox"})', "== 1")
    logs = GateSpec("lines", GateKind.LOGQL, f'sum(count_over_time({{host="{OTHER}"}}[1h]))', "> 0")
    assert measured(stack, metrics) == Measurement(0.0, 1.0)
    found = measured(stack, logs)
    assert found.error is None
    assert found.value >= 1
    plain = {"hosts": [MONITOR], "prometheus": f"127.0.0.1:{PROMETHEUS}", "loki": None}
    assert measured(stack, metrics, monitors=plain).error.startswith("HTTP 400"), "nothing else is answered"


# --- nothing else is answered


@pytest.mark.parametrize("port", [PROMETHEUS, ALERTMANAGER, NODE, BLACKBOX])
def test_who_has_no_password_or_another_one_gets_a_401(lab: Lab, stack: Deployment, port: int):
    assert curl(lab, port, "/metrics")[0] == 401
    assert curl(lab, port, "/metrics", login=f"{USER}:wrong")[0] == 401
    assert curl(lab, port, "/metrics", login=f"{USER}:{FIRST}")[0] == 200


@pytest.mark.parametrize("port", [PROMETHEUS, ALERTMANAGER, NODE, BLACKBOX, LOKI])
def test_plain_http_is_refused_and_so_is_who_trusts_another_authority(lab: Lab, stack: Deployment, port: int):
    plain = f"http://{lab.address(MONITOR)}:{port}/metrics"
    status, _ = curl(lab, port, plain, login=f"{USER}:{FIRST}")
    assert status == 400
    lab.inside(MONITOR, "/run/tls-other-ca.pem").write_text(Authority().pem)
    status, said = curl(lab, port, "/metrics", "--cacert", "/run/tls-other-ca.pem")
    assert status == 0
    assert "certificate" in said


def test_no_secret_is_where_it_should_not_be(lab: Lab, stack: Deployment, proof: Proof):
    seen = {"state": json.dumps(stack.state()), "preview": stack.preview("--diff").good().text}
    seen |= {host: lab.sh(host, LEAKS) for host in HOSTS}
    assert all(CA.pem.splitlines()[1] in seen[host] and "--web.config.file" in seen[host] for host in HOSTS), "it looks"
    key = proof.key.splitlines()[1]
    assert [where for where, text in seen.items() if FIRST in text or key in text] == []
    rights = lab.sh(MONITOR, f"stat -c '%U %a' {HIDDEN}").splitlines()
    assert len(rights) >= 12
    assert {*rights} == {"root 600"}


@pytest.mark.parametrize("part", ["prometheus", "alertmanager", "node-exporter", "blackbox-exporter", "loki"])
def test_a_part_is_exposed_as_little_as_without(lab: Lab, stack: Deployment, part: str):
    said = lab.sh(MONITOR, f"systemd-analyze security --no-pager alert-threader-{part} | tail -1")
    assert float(re.search(r"([\d.]+) OK", said)[1]) <= 1.5, said


def test_loki_warns_of_no_netlink(lab: Lab, stack: Deployment):
    said = lab.sh(MONITOR, "journalctl --no-pager --quiet --output=cat -u alert-threader-loki.service")
    assert "netlink" not in said, said


# --- both change


def test_another_password_holds_after_one_up(lab: Lab, stack: Deployment):
    remember(stack, SECOND)
    done = stack.up("--diff").good()
    assert FIRST not in done.text
    assert SECOND not in done.text
    assert curl(lab, ALERTMANAGER, "/metrics", login=f"{USER}:{FIRST}")[0] == 401
    until(lambda: {*targets(lab, SECOND).values()} == {"up"}, 90, 1)
    until(lambda: alerts(lab, "Watchdog", SECOND), 60, 1)
    assert stack.preview().good().unchanged


def test_another_certificate_holds_after_one_up(lab: Lab, stack: Deployment):
    stack.change(monitoring=wanted(lab, CA.issue(*(lab.address(host) for host in HOSTS))))
    stack.apply().good()
    until(lambda: {*targets(lab, SECOND).values()} == {"up"}, 90, 1)
    assert stack.preview().good().unchanged


def test_a_certificate_without_a_host_is_told_before_anything_is_done(lab: Lab, stack: Deployment):
    stack.change(monitoring=wanted(lab, CA.issue(lab.address(MONITOR))))
    done = stack.preview().failed()
    assert f"does not name {OTHER} ({lab.address(OTHER)})" in done.text


def test_without_the_settings_all_is_as_ever_and_no_secret_stays(lab: Lab, stack: Deployment):
    stack.change(monitoring=wanted(lab, None))
    stack.apply().good()
    assert stack.preview().good().unchanged
    plain = f"http://{lab.address(MONITOR)}:{ALERTMANAGER}/metrics"
    assert curl(lab, ALERTMANAGER, plain)[0] == 200
    for host in HOSTS:
        assert lab.sh(host, f"ls -d {HIDDEN} 2>/dev/null || :") == ""
        assert not Path(lab.inside(host, "/etc/alert-threader-health")).exists()
