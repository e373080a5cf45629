"""The child process in which pyinfra lives: requests and answers are lines of JSON on standard input and output.

pyinfra uses gevent and one global state per process, our provider is asyncio: so each has a process of its own. All
hosts share one state, are connected once, when first needed, and work at the same time, a greenlet each; what changes
one host is done in the order in which it was asked. The process ends when its input does.
"""

# ruff: noqa: E402 - gevent has to patch the standard library before anything else is imported
from gevent import monkey

monkey.patch_all()

import json
import logging
import os
import sys
import traceback
from contextlib import nullcontext
from typing import Any

import gevent
from gevent.fileobject import FileObjectThread
from gevent.lock import BoundedSemaphore
from pyinfra.context import ctx_host

from deploy.faults import HostFault
from deploy.hosts import tasks
from deploy.hosts.session import Session

Request = dict[str, Any]


def main() -> None:
    """Serve requests until the input ends."""
    logging.disable(logging.CRITICAL)
    requests, answers = _take_stdio()
    session, writing = Session(), BoundedSemaphore()
    turns: dict[str, BoundedSemaphore] = {}

    def serve(request: Request) -> None:
        place = json.dumps([request["connection"], request["task"] in tasks.BESIDE], sort_keys=True)
        own_turn = (
            nullcontext() if request["task"] in tasks.SIMULTANEOUS else turns.setdefault(place, BoundedSemaphore())
        )
        with own_turn:
            answer = {"id": request["id"], **perform(session, request)}
        with writing:
            answers.write(json.dumps(answer) + "\n")
            answers.flush()

    for line in FileObjectThread(requests):
        gevent.spawn(serve, json.loads(line))


def perform(session: Session, request: Request) -> Request:
    """Do what is asked on one host; a fault of the host is an answer, too."""
    try:
        machine = session.machine(request["connection"])
        with ctx_host.use(machine.host):
            return {"result": getattr(tasks, request["task"])(machine, **request["arguments"])}
    except HostFault as fault:
        if fault.fault.contact:
            session.forget(request["connection"])
        return {"fault": fault.fault.name, "detail": fault.detail}
    except Exception as error:
        if os.environ.get("THREADER_DEBUG"):
            traceback.print_exc()
        return {"fault": "command failed", "detail": f"{type(error).__name__}: {error}"}


def _take_stdio() -> tuple[Any, Any]:
    """Keep the pipe for ourselves: nothing that runs in here may read from it (a prompt) or write to it (a print)."""
    requests, answers = os.fdopen(os.dup(0), "r"), os.fdopen(os.dup(1), "w")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    sys.stdin, sys.stdout = os.fdopen(0, "r"), os.fdopen(1, "w")
    return requests, answers


if __name__ == "__main__":
    main()
