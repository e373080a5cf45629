"""`python -m tools.setup VERB [ARGUMENT...]`, called by `tools/setup/bootstrap`."""

import signal
import sys
import traceback
from collections.abc import Sequence

from tools.setup import child, ownership
from tools.setup.errors import SetupError
from tools.setup.paths import ROOT, log_file, shown
from tools.setup.verbs import VERBS


def unexpected(error: Exception, verb: str) -> SetupError:
    """Return what people see of an error that nobody foresaw; its traceback goes into a log."""
    path = log_file("unexpected")
    path.write_text("".join(traceback.format_exception(error)))
    return SetupError(f"{type(error).__name__}: {error}", f"make {verb}    (again, or report the log)", shown(path))


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
    except Exception as error:
        print(unexpected(error, words[0]).text(), file=sys.stderr)
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
