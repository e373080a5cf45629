"""Forwarding the pages of monitoring to this machine, over the plain ssh command."""

import socket
import subprocess
import time
import urllib.error
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from deploy.cli import console, ssh
from deploy.cli.errors import CliError
from deploy.cli.monitor_where import Where
from deploy.hosts.client import Connection
from deploy.settings.masking import setting
from deploy.settings.specs import MONITORING_PASSWORD

if TYPE_CHECKING:  # what runs on hosts is checked as it is there: on its own
    from get import opener
else:
    from deploy.hosts.helper.get import opener

NO_GRAFANA: Final = "Grafana: not installed here, set monitoring.grafana.source"
ALERTS: Final = "/api/v2/alerts"
NO_PAGE: Final = "does not include a web"
"""What the page of an Alertmanager says of itself that was built without one."""
PASSWORD_SHOWN: Final = f"pulumi config get --path {setting(('secrets', MONITORING_PASSWORD))}"
SECONDS: Final = 10.0
"""How long the connection, and each part, may take to answer."""


@dataclass(frozen=True)
class Forward:
    """A part, its usual port here, and HOST:PORT as its monitor reaches it; `page` is what there is to see."""

    name: str
    usual: int
    target: str
    page: str = "/"


def forwards(where: Where) -> tuple[Forward, ...]:
    """What the first monitor has; Grafana only where it is one, so that nothing else answers on its port."""
    manager = where.alertmanagers.get(where.first)
    return (
        *([Forward("Grafana", 3000, where.grafana.address)] if where.grafana else ()),
        Forward("Prometheus", 9090, where.prometheus.address),
        *([Forward("Alertmanager", 9093, manager)] if manager else ()),
        *([Forward("Loki", 3100, where.loki.address, "/loki/api/v1/labels")] if where.loki else ()),
    )


def command(connection: Connection, pairs: Iterable[tuple[int, Forward]]) -> list[str]:
    """The words that forward local ports to a host's, and do nothing else. Pure."""
    program, *options = ssh.command(connection, [])[:-1]
    words = [word for port, each in pairs for word in ("-L", f"127.0.0.1:{port}:{each.target}")]
    return [program, "-N", "-oExitOnForwardFailure=yes", *words, *options]


def ports(wanted: Sequence[Forward], free: Callable[[int], bool]) -> list[int]:
    """The usual port of each where it is free, else the next that is; CliError where none of 100 is. Pure."""
    usual, found = {each.usual for each in wanted}, list[int]()
    for each in wanted:
        others = (port for port in range(each.usual + 1, each.usual + 100) if port not in usual and port not in found)
        port = next((port for port in (each.usual, *others) if free(port)), None)
        if port is None:
            raise CliError(f"no port from {each.usual} on is free here", "ss -ltn")
        found.append(port)
    return found


def free(port: int) -> bool:
    """Whether nothing listens at a port of this machine."""
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def open_pages(where: Where) -> None:
    """Forward until Ctrl-C, and say where what is; raises CliError when the connection ends."""
    wanted = forwards(where)
    pairs = list(zip(ports(wanted, free), wanted, strict=True))
    with subprocess.Popen(command(where.monitors[where.first], pairs), stdin=subprocess.DEVNULL) as child:
        try:
            _listening(child, [port for port, _ in pairs])
            _tell(where, pairs)
            child.wait()
        except KeyboardInterrupt:
            child.terminate()
            return
    raise _ended(child)


def _listening(child: "subprocess.Popen[bytes]", wanted: Sequence[int]) -> None:
    """Wait until ssh listens at all of them: it does so once it is connected."""
    end = time.monotonic() + SECONDS
    while not all(_connects(port) for port in wanted):
        if child.poll() is not None:
            raise _ended(child)
        if time.monotonic() > end:
            child.terminate()
            raise CliError(f"ssh does not forward within {SECONDS:g} s", "threader doctor")
        time.sleep(0.05)


def _connects(port: int) -> bool:
    """Trying to listen instead would keep ssh from it for a moment."""
    try:
        socket.create_connection(("127.0.0.1", port), SECONDS).close()
    except OSError:
        return False
    return True


def _tell(where: Where, pairs: Sequence[tuple[int, Forward]]) -> None:
    for port, each in pairs:
        if port != each.usual:
            console.say(f"port {each.usual} is taken here, so {each.name} is at {port}", "yellow")
    for port, each in pairs:
        console.say(told(each, port, _asked(where, port), where.access.scheme))
    if where.access.user:
        console.say(f"user {where.access.user}, password: {PASSWORD_SHOWN}")
    if where.grafana is None:
        console.say(NO_GRAFANA)
    console.say(f"forwarded from {where.first} until Ctrl-C")


def told(part: Forward, port: int, page: str | None, scheme: str = "http") -> str:
    """The line about a part, given what its page says, or None where it does not answer. Pure."""
    base = f"{scheme}://localhost:{port}"
    if page is None:
        return f"{part.name:<13} {base}  does not answer; next: threader preview"
    if part.name == "Alertmanager" and NO_PAGE in " ".join(page.split()):
        return f"{part.name:<13} {base}{ALERTS}  (Debian's has no web page, so this is its API)"
    note = "  (no web page; its lines: threader monitor --dashboard logs)" if part.page != "/" else ""
    return f"{part.name:<13} {base}{part.page.rstrip('/')}{note}"


def _asked(where: Where, port: int) -> str | None:
    """What answers at a local port, if anything does: it has to prove that it is the first monitor's."""
    access, name = where.access, str(where.monitors[where.first]["address"])
    try:
        direct = opener(name, cadata=access.ca) if access.ca else opener()
        with direct.open(f"{access.scheme}://127.0.0.1:{port}/", timeout=SECONDS) as answer:
            return str(answer.read(65536).decode(errors="replace"))
    except urllib.error.HTTPError as error:
        error.close()
        return ""
    except (OSError, ValueError):
        return None


def _ended(child: "subprocess.Popen[bytes]") -> CliError:
    return CliError(f"the connection ended (ssh: exit code {child.returncode})", "threader doctor")
