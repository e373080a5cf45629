"""A fleet on which canary and blue-green are cut off: two instances, two edges, a Prometheus that one gate asks."""

import re
from collections.abc import Mapping

from deploy.rollout.plan import Batch, Plan, Target
from deploy.rollout.strategy import plan_of, wish_of
from tests.fleet import breaking
from tests.fleet.breaking import CONFIRM_WITHIN, Controller, Controllers, Run, soon
from tests.fleet.deployment import Deployment
from tests.fleet.edges import behind
from tests.fleet.strategies import serving, synthetic
from tests.fleet.threaders import impl_of

EDGES = ("app-4", "app-6")
LAYOUT = {"go-a": ("app-5", 9009), "go-b": ("app-6", 9009)}
HOSTS = ("app-4", "app-5", "app-6")
PLACES = ("app-5", "app-6")
SLOT_OFFSET = 1000
PROMETHEUS = "app-5"
STRATEGIES = ("canary", "blue-green")
GATES = [
    {"name": "smoke", "kind": "smoke", "interval": 0.5},
    {"name": "delivery", "kind": "compare", "interval": 0.3, "margin": 0.2},
    {
        "name": "prometheus",
        "kind": "promql",
        "query": 'sum(up{job="prometheus"})',
        "success": ">= 1",
        "interval": 0.5,
        "errors": 6,
        "timeout": 2,
    },
]
_SETTINGS = {
    "confirm_within": CONFIRM_WITHIN,
    "drain": 2,
    "batch": 1,
    "order": list(LAYOUT),
    "canary": [{"instances": 1, "percent": None, "weight": 20}],
    "hold": "inconclusive",
    "warm": 0,
    "revert": "full",
}
_SCRAPED = """\
global: {scrape_interval: 1s}
scrape_configs: [{job_name: prometheus, static_configs: [{targets: ["127.0.0.1:9090"]}]}]
"""
_INSTALLED = f"""set -e
apt-get update -qq
mkdir -p /etc/prometheus /etc/default /etc/systemd/system/prometheus.service.d
cat > /etc/prometheus/prometheus.yml <<'END'
{_SCRAPED}END
echo 'ARGS="--storage.tsdb.path=/run/prometheus-data"' > /etc/default/prometheus
printf '[Service]\\nRuntimeDirectory=prometheus-data\\n' > /etc/systemd/system/prometheus.service.d/in-memory.conf
DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends -o Dpkg::Options::=--force-confold \\
    prometheus > /dev/null
"""
"""Its data are in memory: a full disk is no fault of a Prometheus here."""
_ANSWERS = "curl -fsS --max-time 2 'http://127.0.0.1:9090/api/v1/query?query=up' | grep -q '\"1\"' && echo yes || :"


def settings(strategy: str) -> dict[str, object]:
    """The settings of a rollout, over those that the stack has."""
    return {**_SETTINGS, "strategy": strategy, "gates": GATES}


def plan(strategy: str) -> Plan:
    """What the planner makes of a new release for both instances."""
    places = {name: host for name, (host, _) in LAYOUT.items()}
    ports = {name: port for name, (_, port) in LAYOUT.items()}
    found, wanted = (Target(dict.fromkeys(LAYOUT, each), places, ports) for each in "xy")
    values = {
        "settings": settings(strategy),
        "edges": EDGES,
        "impls": {name: impl_of(name) for name in LAYOUT},
        "slots": {name: port + SLOT_OFFSET for name, port in ports.items()},
    }
    return plan_of(found, wanted, frozenset(), wish_of(values, ()))[0]


def host_of(made: Plan, number: int) -> str:
    """The host that a stage is about: that of the last batch until then."""
    last = [stage for stage in made.stages[: number + 1] if isinstance(stage, Batch)][-1]
    return last.steps[0].host


class Staged:
    """Both instances with two generations that lie ready; controllers without an engine lead from one to the other."""

    def __init__(self, deployment: Deployment, hashes: Mapping[str, Mapping[str, str]]) -> None:
        self.lab, self._deployment, self._hashes = deployment.lab, deployment, hashes
        self._inputs = deployment.state()["rollout"]["inputs"]
        self._controllers, self._before, self._wanted = Controllers(deployment), "1", "2"

    def turn(self) -> tuple[str, str]:
        """The version that runs, and the one that is to run."""
        (self._before,) = {run.version for run in self.found().values()}
        self._wanted = "2" if self._before == "1" else "1"
        return self._before, self._wanted

    def mended(self, strategy: str) -> None:
        """Whatever was left of a pair that went wrong ends, so that it is not the next one's."""
        self.whole()
        said = self.start(strategy).ended()
        self.start(strategy, decision=looked_again(said)).ended()

    def start(self, strategy: str, stop: object = None, decision: str | None = None) -> Controller:
        """A controller that leads the fleet from the one to the other."""
        more = {"decision": decision} if decision else {}
        shared = {
            **self._inputs,
            "settings": {**self._inputs["settings"], **settings(strategy)},
            "monitors": {"hosts": [PROMETHEUS], "prometheus": "127.0.0.1:9090", "loki": None},
        }
        old, new = ({**shared, "instances": self._named(version)} for version in (self._before, self._wanted))
        return self._controllers.start(old, {**new, **more}, stop)

    def _named(self, version: str) -> dict[str, str]:
        return {name: f"{version}-{self._hashes[version][name]}" for name in LAYOUT}

    def found(self) -> dict[str, Run]:
        """What is on the hosts of the instances."""
        return breaking.found(self.lab, *PLACES)

    def known(self) -> bool:
        """Whether all of it is in a known state, and every instance is there."""
        there = self.found()
        return LAYOUT.keys() <= there.keys() and all(run.ill is None for run in there.values())

    def whole(self) -> None:
        """End every fault."""
        self.lab.whole(*HOSTS)
        self.lab.sh(PROMETHEUS, "systemctl start prometheus")
        assert soon(self._answers, 30), "Prometheus has not come back"

    def _answers(self) -> bool:
        return self.lab.sh(PROMETHEUS, _ANSWERS).strip() == "yes"

    def at_rest(self) -> bool:
        """Whether both edges soon send to all instances, and to nothing else."""
        return soon(lambda: all(serving(self._deployment, edge) == set(LAYOUT) for edge in EDGES), 10)


def looked_again(said: str) -> str | None:
    """What a person decides of a rollout that is held: its gates are to look once more, now that all is whole."""
    held = re.match(r"held \((r\d+):", said)
    return f"{held[1]}:retry" if held else None


def staged(made: Deployment) -> Staged:
    """The fleet, with generations 1 and 2 of each instance, of which the first runs, and a Prometheus."""
    made = synthetic(behind(made, EDGES, LAYOUT, "go"))
    made.change(rollout={"strategy": "canary", "confirm_within": 30, "slot_offset": SLOT_OFFSET, "drain": 2})
    artifact, hashes = made.lab.threader("go"), {}
    for version in ("2", "1"):
        made.release(artifact, version=version, deadline=10)
        made.apply(environ={"THREADER_STRATEGY": "rolling"}).good()
        hashes[version] = {name: each.partition("-")[2] for name, each in made.generations().items()}
    made.lab.sh(PROMETHEUS, _INSTALLED)
    fleet = Staged(made, hashes)
    fleet.whole()
    return fleet
