"""Asks Prometheus, Loki and Alertmanagers for JSON. Reads one line of JSON, and answers with one.

{"urls": [...], "access": {...}, "seconds": S}    of each URL {"found": its JSON} or {"why": there is none}

`access` is how they are asked: {"ca": file of whom to trust, "name": what is in the certificate of this host, "user",
"password": a file}, of which each may be missing. Runs on a monitor, as root, since Prometheus listens on loopback
there and its password is a file there; nothing of it is left. Python 3.10, standard library.
"""

import base64
import json
import socket
import ssl
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

AT_A_TIME, LONGEST = 8, 2**24
LOOPBACK = "127.0.0.1"


class Named(ssl.SSLContext):
    """Knows what answers on loopback by the name of its host, which is what certificates have."""

    name = LOOPBACK

    def wrap_socket(self, sock: socket.socket, *words: Any, **more: Any) -> ssl.SSLSocket:
        """As always, with another name."""
        if more.get("server_hostname") == LOOPBACK:
            more["server_hostname"] = self.name
        return super().wrap_socket(sock, *words, **more)


def opener(name: "str | None" = None, **trusted: str) -> urllib.request.OpenerDirector:
    """What asks without a proxy; `trusted` is the cafile or the cadata of whom to trust, by default nobody's."""
    handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
    if trusted:
        context = Named(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(**trusted)
        context.name = name or LOOPBACK
        handlers.append(urllib.request.HTTPSHandler(context=context))
    return urllib.request.build_opener(*handlers)


def headers(access: "dict[str, str]") -> "dict[str, str]":
    """The headers that tell who asks."""
    if "user" not in access:
        return {}
    with open(access["password"]) as file:
        login = f"{access['user']}:{file.read().strip()}"
    return {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"}


def get(url: str, access: "dict[str, str]", seconds: float) -> "dict[str, object]":
    """One answer."""
    try:
        direct = opener(access["name"], cafile=access["ca"]) if "ca" in access else opener()
        with direct.open(urllib.request.Request(url, headers=headers(access)), timeout=seconds) as answer:
            return {"found": json.loads(answer.read(LONGEST))}
    except urllib.error.HTTPError as error:
        with error:
            said = " ".join(error.read(300).decode(errors="replace").split())
        return {"why": f"HTTP {error.code}: {said}"}
    except Exception as error:  # a reason for people, whatever it is
        return {"why": str(getattr(error, "reason", error)) or type(error).__name__}


def main(request: "dict[str, Any]") -> None:
    """Ask all, some at a time, and print."""
    access, seconds = request["access"], request["seconds"]
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        print(json.dumps(list(pool.map(lambda url: get(url, access, seconds), request["urls"]))))


if __name__ == "__main__":
    main(json.loads(sys.stdin.readline()))
