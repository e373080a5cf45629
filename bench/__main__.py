"""python -m bench: going back with 20 instances on 10 local hosts, fast and carefully; and an `up` with nothing to do.

And how soon traffic is back where it was, behind two edges. It succeeds if traffic is back within its limit, and if
fast is much faster than careful: beyond that, what a second is worth differs between machines.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Final

from bench import traffic
from bench.rollback import Wanted, seconds
from bench.shifted import NotSeen
from bench.stage import Bench, bench
from bench.table import Figure, keep
from deploy.rollout.plan import Limits
from deploy.rollout.run import Pace

FAST_LIMIT: Final = 5.0
FAST, CAREFUL = "going back fast", "going back carefully"
RATIO: Final = 3.0
"""So many times faster than one after the other is all at once, at the least."""
MIXES: Final = {"Go": (("go",), ("1", "2")), "Python, Node and Go": (("python", "node", "go"), ("3", "4"))}
"""Implementations, and the releases between which the fleet goes: what was gone back from once stays back."""


def measured(made: Bench, slack: str, mix: str, count: int, repeat: int) -> Iterator[Figure]:
    """The figures of one mix of implementations."""
    impls, releases = MIXES[mix]
    for release in releases:
        made.configure(impls, count, release, slack)
        taken = made.up()
        yield Figure(f"pulumi up, release {release}, {count} instances ({mix})", taken)
    yield Figure(f"pulumi up with nothing to do, {count} instances ({mix})", min(made.up() for _ in range(repeat)))
    wanted = _wanted(made, releases[0])
    fast = min(seconds(wanted, Limits(), Pace()) for _ in range(repeat))
    yield Figure(f"{FAST}, {count} instances ({mix})", fast, FAST_LIMIT)
    careful = seconds(wanted, Limits(1, 1), Pace(1))
    yield Figure(f"{CAREFUL}, one by one, {count} instances ({mix})", careful)
    yield Figure(f"threader rollback --fast, from its start on ({mix})", made.threader("rollback", "--fast"))


def _wanted(made: Bench, release: str) -> Wanted:
    """To a release that lies on every host."""
    exported = made.stack.pulumi("stack", "export", quiet=True).stdout
    resources = json.loads(exported)["deployment"]["resources"]
    inputs = next(each["inputs"] for each in resources if each["type"] == "threader:index:Rollout")
    earlier = {}
    for name, host in inputs["placement"].items():
        listed = made.fleet.ssh(host, f"ls /var/lib/alert-threader/{name}/generations").stdout.split()
        earlier[name] = next(each for each in listed if each.startswith(f"{release}-"))
    ports = {name: int(port) for name, port in inputs["ports"].items()}
    return Wanted(earlier, inputs["placement"], ports, inputs["hosts"])


def told(found: Iterator[Figure]) -> list[Figure]:
    """All of them, each printed as soon as it is there."""
    figures = []
    for figure in found:
        print(figure.row(), flush=True)
        figures.append(figure)
    return figures


def fast_enough(figures: Sequence[Figure]) -> bool:
    """Whether fast is much faster than careful, in each mix."""
    fast, careful = ([each.seconds for each in figures if each.name.startswith(word)] for word in (FAST, CAREFUL))
    times = [late / soon for soon, late in zip(fast, careful, strict=True)]
    if times:
        print(f"careful takes {', '.join(f'{each:.1f}' for each in times)} times as long as fast")
    return all(each >= RATIO for each in times)


def main(words: Sequence[str]) -> int:
    """Measure, print, keep; 1 if fast is not much faster than careful, or traffic is not back in time."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--hosts", type=int, default=10)
    parser.add_argument("--instances", type=int, default=20)
    parser.add_argument("--repeat", type=int, default=3, help="the best of so many is told, of traffic the worst")
    parser.add_argument("--mix", choices=sorted(MIXES), help="only this one")
    parser.add_argument("--traffic", action="store_true", help="only how soon traffic is back")
    asked = parser.parse_args(words)
    mixes = [] if asked.traffic else [asked.mix] if asked.mix else [*MIXES]
    figures = [] if asked.mix else told(traffic.figures(asked.repeat))
    late = [each for each in figures if each.verdict == "not ok"]
    if mixes:
        with bench(asked.hosts) as (made, slack):
            for mix in mixes:
                figures += told(measured(made, slack, mix, asked.instances, asked.repeat))
    print(f"kept in {keep(figures)}")
    return 0 if fast_enough(figures) and not late else 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except subprocess.CalledProcessError as error:
        sys.exit(f"{' '.join(map(str, error.cmd))} failed; next: make doctor")
    except NotSeen as error:
        sys.exit(f"nothing was measured: {error}")
