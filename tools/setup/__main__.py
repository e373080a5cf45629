"""`python -m tools.setup VERB [ARGUMENT...]`, called by `tools/setup/bootstrap`."""

import signal
import sys
from collections.abc import Sequence

from tools.setup import child, ownership
from tools.setup.errors import SetupError
from tools.setup.paths import ROOT
from tools.setup.verbs import VERBS


def main(words: Sequence[str]) -> int:
    """Run a verb, show its errors as people need them, and give the checkout back to its owner whatever happened."""
    if not words or words[0] not in VERBS:
        print(f"stop: no such command: {' '.join(words) or '(none)'}\nnext: make help", file=sys.stderr)
        return 2
    child.listen()
    try:
        return VERBS[words[0]](words[1:])
    except SetupError as error:
        print(error.text(), file=sys.stderr)
        return 1
    except child.Stopped as signalled:
        print(f"\ninterrupted; next: make {words[0]}    (it goes on where it was)", file=sys.stderr)
        return 128 + signalled.number
    finally:
        for number in (signal.SIGINT, *child.PASSED_ON):
            signal.signal(number, signal.SIG_IGN)
        ownership.give_back(ROOT)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
