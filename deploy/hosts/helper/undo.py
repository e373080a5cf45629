"""Undoes, for the instances named as arguments, switches that are not confirmed; prints the names of those undone.

For the time after a controller was killed: the host would do the same by itself, but only when the time to confirm is
over. Runs on the host, as root; nothing of it is left there. Python 3.10, standard library.
"""

import json
import subprocess
import sys
from pathlib import Path

DATA, HELPER = Path("/var/lib/alert-threader"), "/usr/local/lib/alert-threader/activate"


def undo(name: str) -> bool:
    """Order the switch of an instance back; where its process is gone, or not to be reached, put it back ourselves.

    Whether it is back: the way back of a failed rollout is not undone, but waited for.
    """
    pending = DATA / name / "pending.json"
    try:
        token = str(json.loads(pending.read_text())["token"])
    except (OSError, ValueError, LookupError, TypeError):
        return False
    done = subprocess.run([HELPER, "undo", name, token], capture_output=True, text=True, check=False)
    if pending.exists():
        subprocess.run([HELPER, "settle", name], check=False)
        return True
    try:
        return bool(json.loads(done.stdout)["state"] != "confirmed")
    except (ValueError, LookupError, TypeError):
        return True


if __name__ == "__main__":
    print(json.dumps([name for name in sys.argv[1:] if undo(name)]))
