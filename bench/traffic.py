"""How soon no traffic goes to a new generation any more: after blue-green, while the old one is warm, and of a canary.

Three hosts, two of them with an edge; clients ask each edge who answers, all the time. What is measured begins when
the controller asks the edges to shift, and ends when each client has an answer after its last one of the new
generation.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from bench.clients import clients
from bench.shifted import Shift, first, seconds, shifts
from bench.stage import Bench, bench
from bench.table import Figure
from tools.local import services
from tools.local.config import host_settings

LIMIT: Final = 1.0
EDGES: Final = ("app-1", "app-2")
EDGE_PORT: Final = 9080
IMPLS: Final = ("python", "node", "go")
GATES: Final = [{"name": "smoke", "kind": "smoke"}]
"""What is measured is no gate: they are to let it through."""
CANARY: Final = {"strategy": "canary", "hold": "always", "canary": [{"instances": 1, "weight": 50}]}
BLUE_GREEN: Final = {"strategy": "blue-green", "hold": "never"}


def figures(repeat: int) -> Iterator[Figure]:
    """The figures on a fleet of its own: the worst of so many times. Raises NotSeen."""
    with bench(3) as (made, slack):
        stage = Stage(made, slack)
        stage.up("1", {"strategy": "all-at-once"})
        yield from stage.measured("blue-green", BLUE_GREEN, ("rollback",), 10, repeat)
        yield from stage.measured("canary", CANARY, ("abort", "--yes"), 20, repeat)


class Stage:
    """A stack of three instances behind two edges."""

    def __init__(self, made: Bench, slack: str) -> None:
        self._bench, self._slack, self._redis = made, slack, services.redis(made.fleet)
        self._log = made.folder / "execs.log"

    def measured(
        self, name: str, rollout: dict[str, Any], words: Sequence[str], number: int, repeat: int
    ) -> Iterator[Figure]:
        """Deploy a release in a way and go back from it, each time another one: what was left is refused."""
        asked, answered, whole = list[float](), list[float](), list[float]()
        for each in range(number, number + repeat):
            self.up(str(each), rollout)
            took, shift, last = self._back(str(each), words)
            asked.append(last)
            answered.append(shift.answered - shift.asked)
            whole.append(took)
        yield Figure(f"traffic back, {name}: nothing more to the new one", max(asked), LIMIT)
        yield Figure(f"traffic back, {name}: both edges have answered", max(answered))
        yield Figure(f"threader {words[0]} ({name}), the whole command", max(whole))

    def _back(self, new: str, words: Sequence[str]) -> tuple[float, Shift, float]:
        """Go back under the clients' eyes: the seconds of the command, the shift, and those until it held."""
        self._log.unlink(missing_ok=True)
        addresses = [(self._bench.fleet.host(edge).address, EDGE_PORT) for edge in EDGES]
        with clients(addresses) as seen:
            took = self._bench.threader(*words, log=self._log)
        shift = first(shifts(self._log.read_text().splitlines()), len(EDGES))
        return took, shift, seconds(seen, new, shift.asked)

    def up(self, release: str, rollout: dict[str, Any]) -> None:
        """Have that release, brought in that way."""
        made, fleet = self._bench, self._bench.fleet
        hosts = [{**each, "roles": _roles(each["name"])} for each in host_settings(fleet.hosts())]
        config = {
            "hosts": hosts,
            "instances": made.layout(IMPLS, len(IMPLS)),
            "release": {"version": release, **made.artifacts(IMPLS, release)},
            "rollout": {**rollout, "gates": GATES},
            "env": {"SLACK_API_URL": f"{self._slack}/api", "THREAD_STORE": "redis"},
        }
        made.want(config, REDIS_URL=self._redis)
        made.up()


def _roles(host: str) -> list[str]:
    return ["threader", *(["edge"] if host in EDGES else [])]
