"""Prints as one line of JSON what each URL answers: monitor_get URLS, a list of URLs as JSON.

An answer is {"found": its JSON} or {"why": why there is none}. Runs on a monitor, since Prometheus listens on loopback
there; nothing of it is left. Python 3.10, standard library.
"""

import json
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

TIMEOUT, AT_A_TIME = 10.0, 8
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def get(url: str) -> "dict[str, object]":
    """One answer."""
    try:
        with DIRECT.open(url, timeout=TIMEOUT) as answer:
            return {"found": json.load(answer)}
    except urllib.error.HTTPError as error:
        with error:
            said = " ".join(error.read(300).decode(errors="replace").split())
        return {"why": f"HTTP {error.code}: {said}"}
    except Exception as error:  # a reason for people, whatever it is
        return {"why": str(getattr(error, "reason", error)) or type(error).__name__}


def main(urls: "list[str]") -> None:
    """Ask all, some at a time, and print."""
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        print(json.dumps(list(pool.map(get, urls))))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
