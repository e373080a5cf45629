"""The provider as a process: how it goes."""

import os
import signal
import socket
import subprocess
import time

import pytest

from tools.setup.paths import ROOT

PROGRAM = ROOT / "deploy" / "provider" / "bin" / "pulumi-resource-threader"


@pytest.fixture
def provider():
    if not (ROOT / ".venv" / "bin" / "python").exists():
        pytest.skip("it runs with the checkout's .venv: make setup")
    with socket.create_server(("127.0.0.1", 0)) as engine:
        words = [str(PROGRAM), f"127.0.0.1:{engine.getsockname()[1]}"]
        with subprocess.Popen(words, stdout=subprocess.PIPE, start_new_session=True) as process:
            assert int(process.stdout.readline()) > 0
            yield process
            process.kill()


def test_it_goes_at_once_when_the_engine_says_goodbye(provider):
    begun = time.monotonic()
    os.killpg(provider.pid, signal.SIGINT)
    assert provider.wait(4) == 0, "the engine would wait 5 s, and kill it"
    assert time.monotonic() - begun < 4
