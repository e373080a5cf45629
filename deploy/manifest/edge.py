"""The manifest of an edge: HAProxy's configuration, its unit, and the helper that speaks with it. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Final

from deploy.manifest.edge_unit import UNIT
from deploy.manifest.items import Manifest
from deploy.manifest.paths import EDGE_DATA, EDGE_DIRECTORY, EDGE_HELPER, EDGE_PACKAGE, EDGE_UNIT, UNIT_DIRECTORY

CONFIG_PATH: Final = f"{EDGE_DIRECTORY}/haproxy.cfg"
UNIT_PATH: Final = f"{UNIT_DIRECTORY}/{EDGE_UNIT}"

# http-server-close and http-reuse: every request has a connection of its own to a threader, so a failure to connect is
# never a request half sent, and may be repeated. A threader has some 55 s for an alert, hence "timeout server".
_CONFIG: Final = """\
# Written by Alert Threader Fleet. Changes by hand show in `pulumi preview --diff` and are undone by `pulumi up`.
# What runs is /run/alert-threader-edge/haproxy.cfg: this, and the servers that still serve but are no longer wanted.
global
    maxconn 4000
    hard-stop-after 65s
    stats socket /run/alert-threader-edge/admin.sock mode 600 level admin
    server-state-base /run/alert-threader-edge
    server-state-file servers.state

defaults
    mode http
    option idle-close-on-response
    option http-server-close
    timeout connect 1s
    timeout client 30s
    timeout http-request 10s
    timeout http-keep-alive 10s
    timeout queue 1s
    timeout server 60s
    timeout check 2s
    load-server-state-from-file global

frontend webhooks
{webhooks}
    log stdout format raw daemon
    option httplog
    option dontlog-normal
    default_backend threaders

frontend metrics
{metrics}
    http-request use-service prometheus-exporter if {{ path /metrics }}
    http-request return status 404

# A connection that fails is tried again, with another server, whatever the request: nothing was sent.
# What a server has got is sent again only where that is safe: METH_GET is GET and HEAD.
# A server gets its share to the request, also where next to nothing comes: what is new gets as much as a rollout says.
backend threaders
    balance roundrobin
    http-reuse never
    retries 3
    option redispatch 1
    retry-on all-retryable-errors
    http-request disable-l7-retry unless METH_GET
    option httpchk
    http-check send meth GET uri {ready} ver HTTP/1.1 hdr Host edge
    http-check expect status 200-299
    default-server check inter 500ms fastinter 200ms downinter 500ms fall 2 rise 2 weight 100
    default-server observe layer4 on-error fastinter init-addr libc,last,none
{servers}"""


@dataclass(frozen=True)
class Server:
    """A place at which an instance answers; `name` is of `deploy.manifest.paths.server_name`."""

    name: str
    address: str
    port: int


def configuration(
    servers: Iterable[Server], *, addresses: Sequence[str], port: int, metrics_port: int, ready: str
) -> str:
    """HAProxy's configuration, listening at `addresses`; servers begin disabled, until a rollout admits them."""
    lines = [
        f"    server {each.name} {_endpoint(each.address, each.port)} disabled\n"
        for each in sorted(servers, key=lambda server: server.name)
    ]
    return _CONFIG.format(
        webhooks="\n".join(f"    bind {_endpoint(address, port)}" for address in addresses),
        metrics="\n".join(f"    bind {_endpoint(address, metrics_port)}" for address in addresses),
        ready=ready,
        servers="".join(lines),
    )


def listening(bind: str | None, address: str) -> tuple[str, ...]:
    """Where an edge listens on a host at `address`; without `bind` on loopback too, and for a name everywhere."""
    if bind is not None:
        return (bind,)
    if _number(address) is None:
        return ("*",)
    return tuple(dict.fromkeys(("127.0.0.1", address)))


def reached_at(bind: str, host: str, *, edge: str, address: str) -> str:
    """The address at which host `edge` reaches an instance that is bound to `bind` on `host`, which is at `address`."""
    number = _number(bind)
    if bind and not (number and number.is_unspecified):
        return bind
    return "127.0.0.1" if host == edge else address


def default_bind(host: str, callers: Iterable[str]) -> str | None:
    """What BIND_HOST is by default for an instance on `host`: all addresses where a caller is on another host.

    The callers are the hosts of edges, which send alerts, and of monitors, which ask for metrics.
    """
    return "0.0.0.0" if any(caller != host for caller in callers) else None  # noqa: S104 - see the docstring


@cache
def helper_source() -> str:
    """The text of the edge's helper."""
    return (Path(__file__).parents[1] / "hosts" / "helper" / "edge.py").read_text()


def edge_manifest(config: str) -> Manifest:
    """What a host gets on which an edge runs. The distribution's haproxy.service stays as the package made it."""
    files = {CONFIG_PATH: config, EDGE_HELPER: helper_source(), UNIT_PATH: UNIT}
    return Manifest(
        packages={EDGE_PACKAGE: "installed"},
        directories=dict.fromkeys((EDGE_DIRECTORY, EDGE_DATA), "root:root 0755"),
        files=files,
        access={path: "root:root 0755" if path == EDGE_HELPER else "root:root 0644" for path in files},
        links={f"{UNIT_DIRECTORY}/multi-user.target.wants/{EDGE_UNIT}": UNIT_PATH},
        units={EDGE_UNIT: "active"},
    )


def _endpoint(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _number(address: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(address)
    except ValueError:
        return None
