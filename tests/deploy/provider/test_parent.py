"""When an engine is gone, its provider goes, and takes along what else worked for that engine."""

import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.provider.parent import others

ENGINE = "127.0.0.1:9"
PROVIDER = "import sys, time; from deploy.provider.parent import leave_with_engine as leave; leave(sys.argv[1])"


@contextmanager
def process(name: str, address: str):
    """A process that sleeps, called `name`, with an engine's address among its words."""
    words = [name, "-c", "import time; time.sleep(60)", address]
    with subprocess.Popen(words, executable=sys.executable) as made:
        try:
            while not Path(f"/proc/{made.pid}/cmdline").read_bytes():
                time.sleep(0.001)  # just started: the kernel does not show its words yet
            yield made
        finally:
            made.kill()


@pytest.mark.parametrize(
    ("name", "address", "found"),
    [
        ("/usr/bin/pulumi-language-python", ENGINE, True),
        ("pulumi-resource-command", ENGINE, True),
        ("pulumi-language-python", "127.0.0.1:99", False),
        ("editor", ENGINE, False),
    ],
)
def test_what_works_for_an_engine_is_known_by_its_name_and_the_engines_address(name, address, found):
    with process(name, address) as made:
        assert (made.pid in set(others(ENGINE))) == found


def test_a_provider_whose_engine_is_dead_already_when_it_starts_ends_at_once_and_ends_the_others():
    with process("pulumi-language-python", ENGINE) as language_host:
        provider = subprocess.run(
            [sys.executable, "-c", f"{PROVIDER}; time.sleep(60)", ENGINE], timeout=10, check=False
        )
        assert provider.returncode == 1
        assert language_host.wait(5) < 0
