"""Timers watch instances on real hosts: what hangs is restarted, what stays broken is told, rollouts and people win."""

import json
import re
import time
from dataclasses import dataclass

import pytest

from tests.fleet import alertmanager
from tests.fleet.answers import version_soon
from tests.fleet.deployment import Deployment, Done
from tests.fleet.lab import Lab

pytestmark = pytest.mark.fleet
HOSTS = ("app-4", "app-5")
EVERY, TIMEOUT, ACCURACY = 3, 1, 1.1
HOME, HELPER = "/var/lib/alert-threader/py-a", "/usr/local/lib/alert-threader/activate"
METRICS = "/var/lib/prometheus/node-exporter/alert-threader-health"
LEASE = "999:feedbeef"


@dataclass(frozen=True)
class Watched:
    """One instance on its host, and its health check."""

    lab: Lab
    host: str
    name: str

    def state(self) -> dict:
        found = self.sh(f"cat /var/lib/alert-threader-health/{self.name}.json 2>/dev/null || echo '{{}}'")
        return json.loads(found)

    def shown(self, unit: str, name: str) -> str:
        return self.sh(f"systemctl show -P {name} {unit}").strip()

    @property
    def process(self) -> str:
        return self.shown(f"alert-threader@{self.name}", "MainPID")

    def said(self) -> list[str]:
        return self.sh(
            f"journalctl --no-pager -o cat -t alert-threader-health -u alert-threader-health@{self.name}"
        ).splitlines()

    def last(self) -> dict:
        """The end of its ledger."""
        return json.loads(self.sh(f"tail -n 1 /var/lib/alert-threader/{self.name}/ledger.jsonl"))

    def sh(self, script: str) -> str:
        return self.lab.sh(self.host, script)

    def calm(self) -> None:
        """Wait until it is well and all earlier restarts are forgotten."""
        soon(lambda: (found := self.state()).get("healthy") and found["restarts"] == 0 and found["alert"] is None)


def soon(true, patience: float = 90.0) -> float:
    """Wait for something; the seconds that it took."""
    begun = time.monotonic()
    while not true():
        assert time.monotonic() - begun < patience, "it did not come about"
        time.sleep(0.1)
    return time.monotonic() - begun


@pytest.fixture(scope="module")
def deployment(spare) -> Deployment:
    return spare("health", HOSTS)


@pytest.fixture(scope="module")
def manager(lab: Lab, deployment: Deployment):
    return alertmanager.start(lab, "app-6")


def health(manager, **changes) -> dict:
    made = {"deadline": 10, "every": EVERY, "timeout": TIMEOUT, "failures": 2, "restarts": 1}
    return {**made, "alertmanagers": [manager.url], **changes}


@pytest.fixture(scope="module")
def watched(lab: Lab, deployment: Deployment, manager) -> dict[str, Watched]:
    """Both instances, well and looked at."""
    deployment.change(health=health(manager))
    deployment.up().good()
    found = {name: Watched(lab, host, name) for name, host in zip(("py-a", "py-b"), HOSTS, strict=True)}
    for each in found.values():
        each.calm()
    return found


def test_every_instance_is_looked_at_and_its_metrics_can_be_read_by_anybody(watched, lab: Lab):
    for each in watched.values():
        assert each.shown(f"alert-threader-health@{each.name}.timer", "ActiveState") == "active"
        text = each.sh(f"runuser -u nobody -- cat {METRICS}-{each.name}.prom")
        assert f'threader_health_check_status{{instance="{each.name}",impl="python"}} 1' in text
        assert f'threader_health_check_failures{{instance="{each.name}",impl="python"}} 0' in text


def test_what_is_well_says_nothing_in_the_journal(watched):
    assert watched["py-b"].said() == []


@pytest.mark.parametrize(("unit", "most"), [("alert-threader-health@py-a", 1.1), ("alert-threader-restart@py-a", 1.4)])
def test_the_exposure_of_the_units_is_as_their_manifest_says(watched, unit, most):
    text = watched["py-a"].sh(f"systemd-analyze security --no-pager {unit}.service || :")
    assert float(re.search(r"exposure level for \S+: ([0-9.]+)", text)[1]) <= most, text


def test_a_second_look_at_the_fleet_finds_nothing_to_change(watched, deployment: Deployment):
    assert deployment.preview("--diff").good().unchanged


# --- it hangs


@pytest.fixture(scope="module")
def hung(watched) -> float:
    """The main process stands still; the seconds until another one runs."""
    each = watched["py-a"]
    before = each.process
    each.sh(f"kill -STOP {before}")
    return soon(lambda: each.process not in (before, "0"))


def test_an_instance_that_hangs_is_restarted_within_two_periods_and_the_timeout(hung):
    assert hung <= 2 * (EVERY + ACCURACY) + TIMEOUT + 2, "2 s are for the stop and the start"


def test_the_journal_has_the_reason_in_one_line(hung, watched):
    lines = [line for line in watched["py-a"].said() if "it is restarted, 1 of 1" in line]
    reason = "no healthy answer from http://127.0.0.1:9009/health: no whole answer within 1 s"
    assert lines == [f"py-a is not healthy, 2 in a row: {reason}; it is restarted, 1 of 1"]


def test_the_ledger_has_it_too(hung, watched):
    soon(lambda: watched["py-a"].last()["verdict"] == "restarted")
    assert (watched["py-a"].last()["by"], watched["py-a"].last()["reason"]) == ("health-check", None)


# --- it stays broken


@pytest.fixture(scope="module")
def broken(hung, watched, manager) -> dict:
    """Its program can not be run: a restart does not help."""
    each = watched["py-a"]
    each.calm()
    each.sh(f"chmod 0644 {HOME}/current/release/run; kill -KILL {each.process}")
    soon(lambda: each.state()["escalated"])
    failures = each.state()["failures"]
    soon(lambda: each.state()["failures"] >= failures + 3)
    return each.state()


def test_it_is_restarted_as_often_as_allowed_and_then_told_once(broken, manager):
    assert (broken["restarts"], manager.firing()) == (1, 1)


def test_the_alert_says_who_where_and_why(broken, manager, watched):
    (alert,) = manager.alerts()
    assert alert["labels"] == {
        "alertname": "ThreaderHealthCheckFailing",
        "severity": "critical",
        "instance": "py-a",
        "host": "app-4",
        "impl": "python",
    }
    reason = r"Connection refused; \d+ checks in a row failed, 1 restart did not help"
    assert re.search(reason, alert["annotations"]["description"])
    text = watched["py-a"].sh(f"cat {METRICS}-py-a.prom")
    assert 'threader_health_check_status{instance="py-a",impl="python"} 0' in text


@pytest.fixture(scope="module")
def mended(broken, watched) -> None:
    watched["py-a"].sh(f"chmod 0755 {HOME}/current/release/run")
    watched["py-a"].calm()


def test_on_recovery_the_alert_is_ended(mended, manager, watched):
    assert manager.alerts() == []
    assert (manager.firing(), manager.resolved()) == (1, 1)
    assert any(line.startswith("py-a is healthy again, after ") for line in watched["py-a"].said())


@pytest.fixture(scope="module")
def crashed(mended, watched) -> tuple[str, str]:
    """The check itself fails each time, since it can not read what it is to do; the main process before and after."""
    each, unit = watched["py-a"], "alert-threader-health@py-a.service"
    before, settings = each.process, "/etc/alert-threader.d/py-a.health.json"
    each.sh(f"mv {settings} {settings}.away; systemctl start {unit} || :; systemctl start {unit} || :")
    assert each.shown(unit, "ExecMainStatus") == "1"
    log = "journalctl --no-pager -o cat -u alert-threader-restart@py-a"
    soon(lambda: each.sh(log).count("Skipped due to 'exec-condition'") >= 2)
    each.sh(f"mv {settings}.away {settings}")
    return before, each.process


def test_a_check_that_crashes_restarts_nothing(crashed):
    before, after = crashed
    assert after == before


# --- a rollout is at work


@pytest.fixture(scope="module")
def under_rollout(crashed, watched) -> tuple[dict, dict]:
    """A switch waits for its confirmation while what it started hangs; the states before it and after."""
    each = watched["py-a"]
    generation = each.sh(f"basename $(readlink {HOME}/current)").strip()
    each.sh(f"{HELPER} lease {LEASE} 60 test deploy")
    each.sh(f"{HELPER} begin py-a {generation} {LEASE} 60 test deploy")
    before, process, looks = each.state(), each.process, len(each.said())
    each.sh(f"kill -STOP {process}")
    soon(lambda: len(each.said()) >= looks + 4)
    after = {**each.state(), "process": each.process, "said": each.said()[looks:]}
    each.sh(f"{HELPER} undo py-a {LEASE}; {HELPER} release {LEASE}")
    return {**before, "process": process}, after


def test_it_is_left_alone_and_its_counters_are(under_rollout):
    before, after = under_rollout
    assert {*after.pop("said")} == {"py-a: stands back, since a rollout is at work on it"}
    assert after == before


def test_it_is_looked_at_again_after_the_rollout(under_rollout, watched):
    watched["py-a"].calm()


@pytest.fixture(scope="module")
def cut_off(under_rollout, watched) -> dict:
    """What a switch leaves whose process is gone together with the unit that would have settled it."""
    each = watched["py-a"]
    each.calm()
    generation = each.sh(f"basename $(readlink {HOME}/current)").strip()
    pending = {"from": generation, "to": generation, "by": "test", "token": LEASE, "purpose": "deploy"}
    each.sh(f"echo '{json.dumps(pending)}' >{HOME}/pending.json")
    soon(lambda: each.sh(f"ls {HOME}").split().count("pending.json") == 0)
    soon(lambda: each.last()["verdict"] == "reverted")
    return each.last()


def test_a_dead_rollout_does_not_switch_it_off_and_is_settled(cut_off, watched):
    assert (cut_off["verdict"], cut_off["reason"]) == ("reverted", "the switch was cut off")
    assert any("a switch was cut off, and nobody has settled it" in line for line in watched["py-a"].said())
    watched["py-a"].calm()


# --- somebody stops it


@pytest.fixture(scope="module")
def stopped(cut_off, watched) -> dict:
    each = watched["py-b"]
    each.sh("systemctl stop alert-threader@py-b")
    soon(lambda: each.state()["failures"] >= 5)
    return {**each.state(), "unit": each.shown("alert-threader@py-b", "ActiveState")}


def test_what_an_operator_stopped_stays_stopped_and_that_is_said_and_told(stopped, watched, manager):
    assert (stopped["unit"], stopped["restarts"]) == ("inactive", 0)
    said = "somebody stopped it, so it is not restarted; next: systemctl start alert-threader@py-b.service"
    assert any(line.endswith(said) for line in watched["py-b"].said())
    assert [alert["labels"]["instance"] for alert in manager.alerts()] == ["py-b"]


@pytest.fixture(scope="module")
def recovered_while_away(stopped, watched, manager) -> None:
    """It is started while no Alertmanager can be told; later that one is back."""
    each = watched["py-b"]
    manager.off()
    each.sh("systemctl start alert-threader@py-b")
    soon(lambda: each.state()["healthy"])
    soon(lambda: sum("can not be told" in line or "refused the alert" in line for line in each.said()) >= 2)
    assert each.state()["alert"]
    manager.on()
    each.calm()


def test_the_end_is_told_as_soon_as_it_can_be(recovered_while_away, manager):
    assert manager.resolved() >= 1
    assert manager.alerts() == []


# --- another interval, and the end


@pytest.fixture(scope="module")
def rescheduled(recovered_while_away, watched, deployment: Deployment, manager) -> Done:
    deployment.change(health=health(manager, every=5))
    return deployment.apply().good()


def test_another_interval_holds_at_once(rescheduled, watched, deployment: Deployment):
    for each in watched.values():
        timer = f"alert-threader-health@{each.name}.timer"
        assert "OnUnitActiveUSec=5s" in each.shown(timer, "TimersMonotonic")
        since = int(each.shown(timer, "ActiveEnterTimestampMonotonic"))
        started = int(each.shown(f"alert-threader@{each.name}", "ActiveEnterTimestampMonotonic"))
        assert since > started, "the timer was restarted, the instance was not"
    assert deployment.preview().good().unchanged


@pytest.fixture(scope="module")
def removed(rescheduled, watched, deployment: Deployment, manager) -> tuple[int, int]:
    """py-b is taken out of the settings; what was said and told until then."""
    before = len(watched["py-b"].said()), manager.firing()
    deployment.change(instances=deployment.config()["instances"][:1])
    deployment.apply().good()
    return before


def test_a_removed_instance_has_no_timer_and_nothing_of_it_and_nobody_was_alarmed(removed, watched, manager):
    each = watched["py-b"]
    assert each.sh("systemctl list-units --all --no-legend 'alert-threader-health@*'") == ""
    left = f"ls -d /var/lib/alert-threader-health/* {METRICS}* /etc/systemd/system/alert-threader-health@py-b* || :"
    assert each.sh(f"{left} 2>/dev/null") == ""
    said, told = removed
    assert {*each.said()[said:]} <= {"py-b: stands back, since a rollout is at work on it"}
    assert manager.firing() == told


def test_the_other_one_goes_on(removed, deployment: Deployment, watched):
    assert version_soon(deployment, "app-4") == deployment.lab.good.version
    at = watched["py-a"].state()["at"]
    soon(lambda: watched["py-a"].state()["at"] != at)


def test_destroying_stops_the_timer_before_what_it_watches(removed, deployment: Deployment, watched):
    deployment.destroy().good()
    log = watched["py-a"].sh("journalctl --no-pager -o cat _PID=1").splitlines()
    timer = max(n for n, line in enumerate(log) if re.match(r"Stopped .*alert-threader-health@py-a\.timer", line))
    unit = max(n for n, line in enumerate(log) if re.match(r"Stopping .*alert-threader@py-a\.service", line))
    assert timer < unit
    assert watched["py-a"].sh("ls -d /var/lib/prometheus 2>/dev/null || :") == ""
