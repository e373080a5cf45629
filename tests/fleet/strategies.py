"""A stack on which canary and blue-green are tried: one threader of each implementation, behind two edges."""

from tests.fleet.deployment import Deployment
from tests.fleet.edges import behind, post, told
from tests.fleet.records import until
from tests.fleet.threaders import IMPLS, artifacts

EDGES = ("app-4", "app-6")
LAYOUT = {"py-a": ("app-5", 9009), "node-a": ("app-6", 9010), "go-a": ("app-5", 9011)}
DEADLINE = 20
KEY = "a-key-for-synthetic-alerts-of-tests"
QUIET = "C0SYNTHETIC"
GATES = [
    {"name": "smoke", "kind": "smoke"},
    {"name": "delivery", "kind": "compare", "interval": 0.5, "margin": 0.1},
]


def strategic(made: Deployment, **env: str) -> Deployment:
    """A fleet of three implementations behind two edges, converged, with a channel for synthetic alerts."""
    made = synthetic(behind(made, EDGES, LAYOUT, *IMPLS.values()), **env)
    wanted(made, "rolling")
    made.release(*artifacts(made.lab), deadline=DEADLINE)
    made.apply().good()
    for edge in EDGES:
        until(lambda edge=edge: serving(made, edge) == set(LAYOUT), 10)
    return made


def synthetic(made: Deployment, **env: str) -> Deployment:
    """The stack with a channel for synthetic alerts, and whatever else is to be in the environment of instances."""
    made.change(env={**made.read("env"), "SYNTHETIC_CHANNEL": QUIET, **env})
    made.run("config", "set", "--secret", "--path", "alert-threader:secrets.SYNTHETIC_KEY", KEY).good()
    return made


def wanted(stack: Deployment, strategy: str, hold: str = "never", **more: object) -> None:
    """A strategy for what comes next."""
    settings = {"drain": 5, "confirm_within": 15, "order": list(LAYOUT), "gates": GATES, "warm": 30}
    stack.change(rollout={**settings, "strategy": strategy, "hold": hold, **more})


def serving(stack: Deployment, edge: str) -> set[str]:
    """The instances, and second slots, to which an edge sends."""
    shown = told(stack.lab, edge, "show")
    weights = shown.get("weights", {})
    return {name.split(".")[0] for name, state in shown["servers"].items() if state == "UP" and weights.get(name, 1)}


def versions(stack: Deployment) -> set[str]:
    """The releases that run."""
    return {generation.rpartition("-")[0] for name, generation in stack.generations().items() if "--prev" not in name}


def shown(stack: Deployment) -> dict[str, str]:
    """What each instance runs, apart from second slots."""
    return {name: each for name, each in stack.generations().items() if not name.endswith("--prev")}


def both_serve(stack: Deployment) -> None:
    """Both edges send to all instances and to nothing else."""
    for edge in EDGES:
        until(lambda edge=edge: serving(stack, edge) == set(LAYOUT), 10)


def at_rest(stack: Deployment) -> None:
    """They do, and webhooks are answered."""
    both_serve(stack)
    assert {post(stack.lab, EDGES[0]) for _ in range(6)} == {200}
