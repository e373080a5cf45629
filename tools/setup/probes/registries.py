"""Do the package registries answer? Each client is asked as it is configured; no address is written here."""

import re
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tools.setup import go, venv
from tools.setup.finding import Finding, ok, stop, warn

TRY_SECONDS = 4.0
SLOW = f"no answer within {TRY_SECONDS:.0f} s"
"""Not a proof of anything, so it only warns."""


def _asked(argv: Sequence[str | Path], env: Mapping[str, str]) -> str:
    """Run a client; return the empty string when it succeeded, else why it did not."""
    try:
        words = [str(word) for word in argv]
        done = subprocess.run(
            words, env=env, capture_output=True, text=True, timeout=TRY_SECONDS, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        return SLOW
    except OSError as error:
        return str(error)
    return "" if done.returncode == 0 else reason(done.stderr or done.stdout)


def reason(said: str) -> str:
    """Return the cause in what pip or Go said: pip's is inside a warning, Go's after the last colon."""
    inside = re.search(r"connection broken by '.*?: ([^:']+)'", said)
    lines = [line.strip() for line in said.splitlines() if line.strip()] or ["no reason given"]
    return inside[1] if inside else lines[-1].removeprefix("ERROR: ").rsplit(": ", 1)[-1]


def pip(lock: Path, env: Mapping[str, str]) -> Finding:
    """Ask pip what it would install for the lock's first package."""
    first = re.search(r"^([A-Za-z0-9._-]+==[^\s;\\]+)", lock.read_text(), re.MULTILINE)
    wheel = venv.bundled_pip()
    if not first or not wheel:
        return ok("pip", "asked when it is needed")
    options = ["--timeout", "2", "--retries", "1", "--disable-pip-version-check", "--no-input"]
    wanted = ["--dry-run", "--no-deps", "--ignore-installed", "--target", "/nonexistent", first[1]]
    asked = _asked([venv.base_python(), wheel / "pip", "install", *options, *wanted], env)
    if not asked:
        return ok("pip", "its index answers")
    grade = warn if asked == SLOW else stop
    return grade("pip", f"its index does not answer: {asked}", "pip config list; pip config set global.index-url ...")


def go_proxy(module: str, env: Mapping[str, str], needed: Callable[[], bool]) -> Finding:
    """Ask Go for one small module, with an empty module cache so that it has to ask."""
    command = go.find(env)
    if command is None:
        return ok("go proxy", "asked when Go is installed")
    with tempfile.TemporaryDirectory() as folder:
        fresh = {**env, "GOPATH": folder, "GOFLAGS": "-modcacherw", "GOTOOLCHAIN": "local", "GO111MODULE": "on"}
        fresh.pop("GOMODCACHE", None)
        asked = _asked([command, "list", "-m", module], {**fresh, "GOMODCACHE": f"{folder}/mod", "PWD": folder})
    if not asked:
        return ok("go proxy", "answers")
    grade = stop if asked != SLOW and needed() else warn
    return grade("go proxy", f"does not answer: {asked}", "go env GOPROXY; go env -w GOPROXY=...")


def apt(env: Mapping[str, str]) -> Finding:
    """Ask the first archive in apt's sources for the list that apt would ask it for."""
    if not shutil.which("apt-get"):
        return warn("apt", "this is no Debian or Ubuntu: install what is missing by your own package manager")
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)dists/$(RELEASE)/InRelease"],
        capture_output=True,
        text=True,
        check=False,
    )
    first = next((uri for uri in listed.stdout.split() if uri.startswith("http")), None)
    if first is None:
        return ok("apt", "no archive over HTTP in its sources")
    try:
        _opener(env).open(urllib.request.Request(first, method="HEAD"), timeout=TRY_SECONDS).close()
    except (urllib.error.URLError, OSError) as error:
        why = getattr(error, "reason", error)
        return stop("apt", f"{first.split('/dists/')[0]} does not answer: {why}", "look at /etc/apt/sources.list*")
    return ok("apt", "its archive answers")


def _opener(env: Mapping[str, str]) -> urllib.request.OpenerDirector:
    """Return a client that goes through the proxy that apt is configured with, if any."""
    dumped = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=False, env=dict(env)).stdout
    proxies = dict(re.findall(r'^Acquire::(https?)::Proxy "(http[^"]+)";', dumped, re.MULTILINE | re.IGNORECASE))
    return urllib.request.build_opener(urllib.request.ProxyHandler(proxies or None))
