"""`python -m deploy.cli`, and what `.venv/bin/threader` starts."""

import os
import signal
import sys
from types import FrameType

from deploy.cli.app import app
from deploy.cli.errors import CliError, said
from deploy.cli.exits import Code
from deploy.errors import ForPeople
from deploy.settings.docs import UnknownSectionError
from deploy.settings.errors import SettingsError


def main() -> None:
    """Run the command line; an error is a text with the next command, and a traceback only with --debug."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        app(prog_name="threader")
    except KeyboardInterrupt:
        _end("interrupted", Code.INTERRUPTED)
    except BrokenPipeError:
        sys.stdout = None  # nobody reads on: no complaint at exit, either
        sys.exit(Code.OK)
    except Exception as error:
        if os.environ.get("THREADER_DEBUG"):
            raise
        _end(*_told(error))


def _stop(number: int, _: FrameType | None) -> None:
    """End in good order, taking child processes along."""
    raise KeyboardInterrupt(number)


def _told(error: Exception) -> tuple[str, Code]:
    if isinstance(error, CliError):
        return said(error), error.code
    if isinstance(error, UnknownSectionError):
        return said(error), Code.USAGE
    if isinstance(error, ForPeople | SettingsError):
        return said(error), Code.FAILED
    return f"error: {type(error).__name__}: {error}\nnext: the same command with --debug shows where", Code.FAILED


def _end(text: str, code: Code) -> None:
    print(text, file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
