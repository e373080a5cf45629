"""What gates measure on hosts: the script runs as it does there, against threaders that are as strict as real ones."""

import asyncio
import json
import os
import subprocess
import sys
import time
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from deploy.analysis.gates import Counts, GateKind, GateSpec, Measurement, Outcome
from deploy.analysis.judge import judge, read, recheck
from deploy.analysis.judge import told as told_of
from deploy.analysis.run import analyse
from deploy.faults import Place as Where
from deploy.faults import recognise
from deploy.hosts import own_command as command
from deploy.hosts.facts import script
from deploy.hosts.measures import HostMeasures, Monitors, filled
from deploy.manifest.paths import DATA_DIRECTORY, EDGE_HELPER
from deploy.rollout.lease import Lease
from deploy.rollout.plan import Check, Phase, Place
from tests.deploy.hosts.threader import Threader

SMOKE = GateSpec("smoke", GateKind.SMOKE, timeout=5)
DELIVERY = GateSpec("delivery", GateKind.COMPARE, timeout=5)
QUERY = GateSpec("errors", GateKind.PROMQL, 'sum(x{instance=~"{{candidates}}"})', "< 1", timeout=5)
OWN = GateSpec("own", GateKind.COMMAND, "true", timeout=5)
ON_CHECK = Check(Phase.IDLE, "check", (Place("py-a", "h1", 9009, "2-b"),), (Place("py-a--prev", "h1", 10009, "1-a"),))
LOST = {"lost"}


class Fleet:
    """Hosts that are folders, and places that are threaders; what would be on a command line is in `argv`."""

    def __init__(self, root, stack):
        self.root, self._stack = root, stack
        self.asked, self.argv, self.edges, self.answers = [], [], {}, {}

    def place(self, name, generation="2-b", host="h1", env=None, **threader):
        made = self._stack.enter_context(closing(Threader(**threader)))
        folder = self.root / name / "generations" / generation
        folder.mkdir(parents=True)
        settings = {"health": f"http://127.0.0.1:{made.port}/health", "port": made.port}
        (folder / "settings.json").write_text(json.dumps(settings))
        known = {"SYNTHETIC_KEY": made.key, "SYNTHETIC_CHANNEL": "C1"} if env is None else env
        text = "".join(f'{name}="{value}"\n' for name, value in known.items())
        (folder / "env").write_text(f'SLACK_CHANNEL="people"\n{text}')
        (self.root / name / "current").symlink_to(f"generations/{generation}")
        return Place(name, host, made.port, generation), made

    async def send(self, connection, name, request, seconds):
        host = connection["host"]
        self.asked.append((host, request))
        if host in LOST:
            raise recognise(Where(host, host), "timed out")
        if host in self.answers:
            return [json.dumps(self.answers[host])]
        line = json.dumps(request).replace(DATA_DIRECTORY, str(self.root))
        words = [sys.executable, "-c", script(name)]
        self.argv.append(" ".join(words))
        done = await asyncio.to_thread(
            subprocess.run, words, input=line + "\n", capture_output=True, text=True, timeout=seconds, check=True
        )
        return done.stdout.splitlines()

    async def call(self, connection, words):
        assert words == (EDGE_HELPER, "counts")
        answer = self.edges[connection["host"]].pop(0)
        if answer is None:
            raise recognise(Where("e1", "e1"), "timed out")
        return [json.dumps({"counts": answer})]

    def measures(self, **more):
        hosts = ("h1", "h2", "lost", "m1", "m2", *self.edges)
        return HostMeasures(
            self.call,
            self.send,
            {name: {"host": name, "address": "10.0.0.1"} for name in hosts},
            tuple(self.edges),
            **more,
        )


@pytest.fixture
def fleet(tmp_path):
    with ExitStack() as stack:
        yield Fleet(tmp_path, stack)


def measured(measures, gate, check, count=1):
    async def all_of_them():
        return [await measures.measure(gate, check, float(at)) for at in range(count)]

    found = asyncio.run(all_of_them())
    return found[0] if count == 1 else found


def checked(*candidates, baselines=(), phase=Phase.IDLE):
    return Check(phase, "check", candidates, baselines)


def test_every_candidate_is_asked_on_its_own_host(fleet):
    (a, _), (b, _) = fleet.place("py-a"), fleet.place("go-b", host="h2")
    found = measured(fleet.measures(), SMOKE, checked(a, b))
    assert found == Measurement(0, 1.0, detail="2 of 2 candidates answer")
    assert [(host, [place["name"] for place in request["places"]]) for host, request in fleet.asked] == [
        ("h1", ["py-a"]),
        ("h2", ["go-b"]),
    ]


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ({"/health": (503, '{"status": "broken"}')}, '/health: HTTP 503: {"status": "broken"}'),
        ({"/health": (200, '{"status": "starting"}')}, "/health: its status is not ok"),
        ({"/health": (200, "[]")}, "/health: its status is not ok"),
        ({"/health": (200, "fine")}, "/health: Expecting value: line 1 column 1 (char 0)"),
        ({"/ready": (503, "draining")}, "/ready: HTTP 503: draining"),
        ({"/metrics": (200, "node_load1 3\n")}, "/metrics: it exports no threader_info"),
        ({"/metrics": (200, "# threader_info {\n")}, "/metrics: it exports no threader_info"),
    ],
)
def test_one_that_does_not_answer_as_it_should_fails_the_smoke_test_by_name(fleet, answers, why):
    (a, _), (b, _) = fleet.place("py-a"), fleet.place("py-b", answers=answers)
    found = measured(fleet.measures(), SMOKE, checked(a, b))
    assert (found.value, found.detail) == (0.5, f"py-b: {why}")
    assert judge(SMOKE, [found]).outcome is Outcome.FAIL


def test_what_runs_something_else_somewhere_else_or_not_at_all_does_not_answer_for_the_candidate(fleet):
    place, threader = fleet.place("py-a")
    other = replace(place, generation="1-a")
    assert measured(fleet.measures(), SMOKE, checked(other)).detail == "py-a: /health: it runs 2-b, not 1-a"
    moved = measured(fleet.measures(), SMOKE, checked(replace(place, port=9)))
    assert moved.detail == f"py-a: /health: it answers at port {place.port}, not 9"
    gone = measured(fleet.measures(), SMOKE, checked(replace(place, instance="py-z")))
    assert gone.detail == "py-z: /health: nothing is activated"
    threader.close()
    assert measured(fleet.measures(), SMOKE, checked(place)).detail == "py-a: /health: [Errno 111] Connection refused"


def test_a_host_that_does_not_answer_is_an_error_and_no_failure(fleet):
    place, _ = fleet.place("py-a")
    check = checked(place, replace(place, host="lost"), baselines=(place,))
    for gate in (SMOKE, DELIVERY):
        found = measured(fleet.measures(), gate, check)
        assert found.value is found.counts is None
        assert found.error.startswith("host lost: ")


def test_synthetic_alerts_fire_and_are_resolved_and_none_is_read_by_people(fleet):
    (new, threader), (old, baseline) = fleet.place("py-a"), fleet.place("py-a--prev", "1-a", key='o"ld')
    (fleet.root / "py-a--prev/current/env").write_text('SYNTHETIC_CHANNEL="C1"\nSYNTHETIC_KEY="o\\"ld"\n')
    found = measured(fleet.measures(), DELIVERY, checked(new, baselines=(old,)), 4)
    assert [each.counts for each in found] == [Counts(4, 0, 4, 0)] * 4
    for each in (threader, baseline):
        assert (each.wrong, each.read) == ([], [])
        assert [status for _, status in each.delivered] == [*["firing"] * 4, *["resolved"] * 4] * 2
        names = [name for name, _ in each.delivered]
        assert len(set(names)) == 8
        assert set(names[:4]) == set(names[4:8])
    assert not {name for name, _ in threader.delivered} & {name for name, _ in baseline.delivered}
    assert not any("s3cret" in words for words in fleet.argv)
    assert "s3cret" not in json.dumps([request for _, request in fleet.asked])


def test_several_candidates_share_the_pairs_and_each_gets_at_least_one(fleet):
    places = [fleet.place(name)[0] for name in ("a", "b", "c")]
    old = [fleet.place(f"{name}--prev", "1-a", host="h2")[0] for name in ("a", "b", "c")]
    found = measured(fleet.measures(), DELIVERY, checked(*places, baselines=tuple(old)))
    assert found.counts == Counts(6, 0, 6, 0)
    found = measured(fleet.measures(pairs=1), DELIVERY, checked(*places, baselines=tuple(old)))
    assert found.counts == Counts(3, 0, 3, 0)


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ((200, '{"delivered": []}'), "Slack gave it no message"),
        ((200, '{"done": {"opened": 1}}'), "its answer does not tell what was delivered"),
        ((200, "ok"), "its answer does not tell what was delivered"),
        ((200, '{"delivered": ["x"]}'), "its answer does not tell what was delivered"),
        (
            (502, '{"failed": ["slack: boom"], "delivered": []}'),
            'HTTP 502: {"failed": ["slack: boom"], "delivered": []}',
        ),
    ],
)
def test_an_alert_without_a_message_in_slack_was_not_delivered(fleet, fault, why):
    new, _ = fleet.place("py-a", drops=lambda number: fault if number == 2 else None)
    old, _ = fleet.place("py-a--prev", "1-a")
    found = measured(fleet.measures(), DELIVERY, checked(new, baselines=(old,)))
    assert (found.counts, found.detail) == (Counts(4, 1, 4, 0), f"py-a: {why}")


def test_what_hangs_delivers_nothing_and_is_not_waited_for(fleet):
    new, _ = fleet.place("py-a", drops=lambda number: time.sleep(3))
    old, _ = fleet.place("py-a--prev", "1-a")
    found = measured(fleet.measures(), replace(DELIVERY, timeout=0.5), checked(new, baselines=(old,)))
    assert (found.counts, found.detail) == (Counts(4, 4, 4, 0), "py-a: timed out")


@pytest.mark.parametrize(
    ("made", "why"),
    [
        ({"knows": False}, "its release does not know synthetic alerts"),
        ({"env": {}}, "it has no SYNTHETIC_KEY or no SYNTHETIC_CHANNEL"),
        ({"env": {"SYNTHETIC_KEY": "k"}}, "it has no SYNTHETIC_KEY or no SYNTHETIC_CHANNEL"),
        ({"env": {"SYNTHETIC_KEY": "wrong", "SYNTHETIC_CHANNEL": "C1"}}, "HTTP 403: "),
    ],
)
@pytest.mark.parametrize("side", ["candidate", "baseline", "one of two candidates"])
def test_where_one_takes_no_synthetic_alerts_there_is_no_data_and_nobody_reads_any(fleet, made, why, side):
    odd, threader = fleet.place("odd", **made)
    fine, other = fleet.place("fine")
    more, third = fleet.place("more")
    checks = {
        "candidate": checked(odd, baselines=(fine,)),
        "baseline": checked(fine, baselines=(odd,)),
        "one of two candidates": checked(fine, odd, baselines=(more,)),
    }
    found = measured(fleet.measures(), DELIVERY, checks[side])
    assert found.value is found.counts is found.error is None
    assert found.detail.startswith(f"no traffic on both sides, and no synthetic alerts: odd: {why}")
    assert [each.read for each in (threader, other, third)] == [[], [], []]


def test_without_a_baseline_nothing_is_sent(fleet):
    place, threader = fleet.place("py-a")
    found = measured(fleet.measures(), DELIVERY, checked(place))
    assert found == Measurement(0, detail="no traffic on both sides, and no synthetic alerts: there is no baseline")
    assert threader.count == 0


WITH_TRAFFIC, NONE = replace(ON_CHECK, phase=Phase.TRAFFIC), Counts()


def traffic(fleet, edges, count, check=WITH_TRAFFIC):
    """Measurements by traffic alone: no place takes synthetic alerts."""
    fleet.edges = {name: list(answers) for name, answers in edges.items()}
    fleet.answers["h1"] = ["no key"] * 2
    found = measured(fleet.measures(), DELIVERY, check, count)
    assert [each.counts for each in found] == [None] * count
    return [each.traffic for each in found]


NEW, OLD = "py-a.h1.9009", "py-a--prev.h1.10009"


def test_traffic_is_what_edges_sent_since_the_look_before(fleet):
    one = [{NEW: [5, 5], OLD: [9, 0]}, {NEW: [15, 6], OLD: [20, 0]}, {NEW: [15, 6], OLD: [20, 0], "x.h1.1": [99, 9]}]
    two = [{NEW: [0, 0], OLD: [0, 0]}, {NEW: [1, 1], OLD: [2, 1]}, {NEW: [2, 1], OLD: [3, 1]}]
    assert traffic(fleet, {"e1": one, "e2": two}, 3) == [NONE, Counts(11, 2, 13, 1), Counts(1, 0, 1, 0)]


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        ({NEW: [0, 0], OLD: [20, 0]}, NONE),
        ({NEW: [9, 0], OLD: [9, 0]}, NONE),
        ({NEW: [2, 1], OLD: [3, 0]}, Counts(2, 1, 3, 0)),
        ({}, NONE),
        (None, NONE),
    ],
)
def test_traffic_of_one_side_compares_nothing_and_a_haproxy_that_began_anew_counts_from_0(fleet, then, expected):
    assert traffic(fleet, {"e1": [{NEW: [5, 0], OLD: [9, 0]}, then]}, 2) == [NONE, expected]


def test_what_is_idle_has_no_traffic(fleet):
    assert traffic(fleet, {"e1": []}, 2, ON_CHECK) == [None, None]


def test_each_check_counts_from_its_own_first_look(fleet):
    fleet.edges, fleet.answers["h1"] = {"e1": [{NEW: [5, 0], OLD: [9, 0]}, {NEW: [8, 0], OLD: [19, 0]}]}, ["no key"] * 2
    measures, later = fleet.measures(), replace(ON_CHECK, phase=Phase.AFTER)
    assert [measured(measures, DELIVERY, each).traffic for each in (WITH_TRAFFIC, later)] == [NONE, NONE]


def test_traffic_and_synthetic_alerts_are_counted_apart(fleet):
    (new, _), (old, _) = fleet.place("py-a"), fleet.place("py-a--prev", "1-a")
    fleet.edges = {"e1": [{new.server: [0, 0], old.server: [0, 0]}, {new.server: [5, 1], old.server: [6, 0]}]}
    found = measured(fleet.measures(), DELIVERY, checked(new, baselines=(old,), phase=Phase.TRAFFIC), 2)
    assert [each.counts for each in found] == [Counts(4, 0, 4, 0)] * 2
    assert [each.traffic for each in found] == [NONE, Counts(5, 1, 6, 0)]


def vector(*values):
    result = [{"metric": {}, "value": [1700000000, value]} for value in values]
    return {"found": {"status": "success", "data": {"resultType": "vector", "result": result}}}


def asked(fleet, answer, gate=QUERY, monitors=Monitors(("m1",), "127.0.0.1:9090", "10.0.0.1:3100"), check=ON_CHECK):
    fleet.answers["m1"] = [answer]
    return measured(fleet.measures(monitors=monitors), gate, check)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (vector("0.25"), Measurement(0, 0.25)),
        ({"found": {"data": {"resultType": "scalar", "result": [1, "3"]}}}, Measurement(0, 3.0)),
        (vector(), Measurement(0, detail="the query finds nothing")),
        (vector("NaN"), Measurement(0, detail="the query gives nan")),
        (vector("+Inf"), Measurement(0, detail="the query gives inf")),
        (vector("1", "2"), Measurement(0, error="it gives 2 series, and not one number: aggregate them")),
        (
            {"found": {"data": {"resultType": "streams", "result": []}}},
            Measurement(0, error="it gives a streams, and no number: aggregate it"),
        ),
        ({"why": "HTTP 400: parse error"}, Measurement(0, error="HTTP 400: parse error")),
    ],
)
def test_a_query_gives_one_number_no_data_or_an_error(fleet, answer, expected):
    assert asked(fleet, answer) == expected


def test_queries_are_asked_on_a_monitor_about_the_instances_of_the_check(fleet):
    asked(fleet, vector("1"))
    ((host, request),) = fleet.asked
    assert (host, request["access"], request["seconds"]) == ("m1", {}, 5)
    assert request["urls"] == ["http://127.0.0.1:9090/api/v1/query?query=sum%28x%7Binstance%3D~%22py-a%22%7D%29"]
    asked(fleet, vector("1"), replace(QUERY, kind=GateKind.LOGQL, query="{{baselines}}"))
    assert fleet.asked[-1][1]["urls"] == ["http://10.0.0.1:3100/loki/api/v1/query?query=py-a--prev"]


def test_monitors_that_speak_tls_and_want_a_password_are_asked_so_with_what_they_have_there(fleet):
    asked(fleet, vector("1"), monitors=Monitors(("m1",), "127.0.0.1:9090", None, tls=True, user="ops"))
    ((_, request),) = fleet.asked
    assert request["urls"][0].startswith("https://127.0.0.1:9090/api/v1/query?")
    assert request["access"] == {
        "ca": "/etc/alert-threader-prometheus/ca.crt",
        "name": "10.0.0.1",
        "user": "ops",
        "password": "/etc/alert-threader-prometheus/monitoring_password",
    }


def test_several_instances_are_alternatives():
    check = replace(ON_CHECK, candidates=(*ON_CHECK.candidates, Place("go-b", "h2", 9010, "2-b")))
    assert filled('x{a=~"{{candidates}}",b=~"{{baselines}}"}', check) == 'x{a=~"py-a|go-b",b=~"py-a--prev"}'


def test_a_query_about_baselines_that_are_not_there_has_no_data(fleet):
    gate = replace(QUERY, query="x{{baselines}}")
    assert asked(fleet, vector("1"), gate, check=replace(ON_CHECK, baselines=())).detail == "there is no baseline"


def test_another_monitor_is_asked_where_the_first_does_not_answer(fleet):
    both = Monitors(("lost", "m1"), "127.0.0.1:9090")
    assert asked(fleet, vector("1"), monitors=both).value == 1.0
    assert asked(fleet, vector("1"), monitors=Monitors(("lost",), "a:1")).error.startswith("host lost: ")
    assert asked(fleet, vector("1"), monitors=Monitors()).error == "the fleet has no Prometheus"
    assert asked(fleet, vector("1"), replace(QUERY, kind=GateKind.LOGQL), both).error == "the fleet has no Loki"


def test_an_answer_that_nobody_expects_is_an_error_and_raises_nothing(fleet):
    assert asked(fleet, {"found": {"odd": 1}}).error == "KeyError: 'data'"
    fleet.answers["h1"] = []
    assert measured(fleet.measures(), SMOKE, ON_CHECK).error.startswith("ValueError: ")


def test_the_script_asks_for_queries_itself(fleet):
    _, threader = fleet.place("py-a", answers={"/api/v1/query?query=up": (200, json.dumps(vector("1")["found"]))})
    monitors = Monitors(("m2",), f"127.0.0.1:{threader.port}")
    assert measured(fleet.measures(monitors=monitors), replace(QUERY, query="up"), ON_CHECK).value == 1.0
    assert measured(fleet.measures(monitors=monitors), QUERY, ON_CHECK).error == "HTTP 404: "


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("true", Measurement(0, 1.0, detail="exit status 0")),
        ("echo one; echo two >&2; echo", Measurement(0, 1.0, detail="two")),
        ("echo bad; exit 3", Measurement(0, 0.0, detail="bad")),
        ("nosuchcommand 2>/dev/null", Measurement(0, 0.0, detail="exit status 127")),
        ("head -c 3000000 /dev/zero | tr '\\0' x; echo; echo end", Measurement(0, 1.0, detail="end")),
        ("cat; echo read", Measurement(0, 1.0, detail="read")),
        (
            'echo "$THREADER_ROLLOUT $THREADER_PHASE $THREADER_CANDIDATES, $THREADER_BASELINES"',
            Measurement(0, 1.0, detail="r7 idle py-a, py-a--prev"),
        ),
    ],
)
def test_a_command_of_the_user_s_own(fleet, query, expected):
    measures = fleet.measures()
    measures.lease_taken(Lease(7, "me"))
    assert measured(measures, replace(OWN, query=query), ON_CHECK) == expected


def alive(path, patience=5.0):
    """Which of the processes noted there still run, soon after they were killed."""
    end, pids = time.monotonic() + patience, path.read_text().split()
    while (left := [pid for pid in pids if _runs(pid)]) and time.monotonic() < end:
        time.sleep(0.02)
    return left


def _runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_one_that_takes_too_long_is_killed_with_all_that_it_started(fleet, tmp_path):
    query = f"echo begun; sleep 60 & echo $! $$ >{tmp_path}/pids; wait"
    found = measured(fleet.measures(), replace(OWN, query=query, timeout=0.5), ON_CHECK)
    assert found == Measurement(0, error="no end within 0.5 s", detail="begun")
    assert alive(tmp_path / "pids") == []


def test_nobody_waits_for_what_it_leaves_behind(fleet, tmp_path):
    query = f"sleep 60 & echo $! >{tmp_path}/pids; echo done"
    assert measured(fleet.measures(), replace(OWN, query=query), ON_CHECK).detail == "done"
    assert alive(tmp_path / "pids") == []


def test_one_that_is_cancelled_is_killed_too(tmp_path):
    async def cancelled():
        query = f"echo $$ >{tmp_path}/pids; sleep 60"
        task = asyncio.create_task(command.own_command(query, os.environ, 60, 0))
        while not (tmp_path / "pids").exists() or not (tmp_path / "pids").read_text():
            await asyncio.sleep(0.02)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return task.cancelled()

    assert asyncio.run(cancelled())
    assert alive(tmp_path / "pids") == []


def test_one_that_can_not_be_started_is_an_error(monkeypatch):
    async def broken(*_, **__):
        raise OSError("no more processes")

    fake = SimpleNamespace(**{**vars(asyncio), "create_subprocess_exec": broken})
    monkeypatch.setattr(command, "asyncio", fake)
    found = asyncio.run(command.own_command("true", {}, 1, 0))
    assert found.error == "it could not be started: no more processes"


@pytest.mark.parametrize(
    ("drops", "expected", "least"),
    [
        (lambda number: None, Outcome.PASS, 33),
        (lambda number: (200, '{"delivered": []}') if number % 5 == 0 else None, Outcome.FAIL, 20),
    ],
)
def test_a_release_that_drops_one_in_five_is_refused_and_a_good_one_passes_without_any_traffic(
    fleet, drops, expected, least
):
    (new, threader), (old, baseline) = fleet.place("py-a", drops=drops), fleet.place("py-a--prev", "1-a")
    gates, told = (SMOKE, replace(DELIVERY, interval=0.01)), []

    async def check():
        on = checked(new, baselines=(old,))
        clock = asyncio.get_running_loop().time
        return await analyse(on, gates, fleet.measures(), clock, asyncio.sleep, lambda: False, told.append)

    verdicts = asyncio.run(check())
    assert [each.outcome for each in verdicts] == [Outcome.PASS, expected]
    assert least <= threader.count <= 80
    assert (threader.read, baseline.read, threader.wrong) == ([], [], [])
    assert told[-1].startswith(f"delivery {expected}: ")
    assert recheck(read(json.loads(json.dumps(told_of(verdicts[1]))))) == verdicts[1]
