"""Prints as JSON, for each instance of this host, why it is not healthy, or null: probe [--wait SECONDS] [INSTANCE...]

Without instances, all. With --wait it asks until all are healthy or the time is over, and then fails with the reasons.
Runs on the host, as root; nothing of it is left there. Python 3.10, standard library.
"""

import glob
import json
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

DATA, TIMEOUT = "/var/lib/alert-threader", 5.0


def unhealthy(name: str) -> "str | None":
    """Exactly a 2xx answer whose JSON says "status": "ok" is healthy, as for the activation helper."""
    try:
        with open(f"{DATA}/{name}/current/settings.json") as file:
            url = json.load(file)["health"]
    except (OSError, ValueError, LookupError):
        return "nothing is activated"
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=TIMEOUT) as answer:
            status = json.loads(answer.read(65536)).get("status")
    except urllib.error.HTTPError as error:
        return f"HTTP {error.code} from {url}{said(error)}"
    except Exception as error:  # whatever else listens there may answer anything
        return f"no healthy answer from {url}: {getattr(error, 'reason', error)}"
    return None if status == "ok" else f"{url} says status {status!r}"


def said(error: urllib.error.HTTPError) -> str:
    """The first words of an error's body, which often has the reason."""
    try:
        text = " ".join(error.read(300).decode(errors="replace").split())
    except OSError:
        return ""
    return f": {text}" if text else ""


def all_at_once(names: "list[str]") -> "dict[str, str | None]":
    """The answer of each instance."""
    with ThreadPoolExecutor(max_workers=16) as pool:
        return dict(zip(names, pool.map(unhealthy, names)))  # noqa: B905 - the lengths are equal


def main(words: "list[str]") -> None:
    """Ask, until all are healthy where that was wanted, and print."""
    wait = float(words[1]) if words[:1] == ["--wait"] else 0.0
    names = words[2:] if words[:1] == ["--wait"] else words
    names = names or sorted(path.split("/")[-2] for path in glob.glob(f"{DATA}/*/generations"))
    end = time.monotonic() + wait
    found = all_at_once(names)
    while any(found.values()) and time.monotonic() < end:
        time.sleep(0.3)
        found = all_at_once(names)
    print(json.dumps(found))
    if wait and any(found.values()):
        sys.exit("\n".join(f"{name}: {reason}" for name, reason in found.items() if reason))


if __name__ == "__main__":
    main(sys.argv[1:])
