import multiprocessing
import time

import pytest

from tools.fleet.errors import FleetError
from tools.fleet.locks import held


def hold(path, began, seconds):
    with held(path, "other", print):
        began.set()
        time.sleep(seconds)


@pytest.fixture
def other(tmp_path):
    began = multiprocessing.Event()
    process = multiprocessing.Process(target=hold, args=(tmp_path / "lock", began, 0.6))
    process.start()
    began.wait(5)
    yield process
    process.kill()
    process.join()


def test_waiting_is_said_with_the_process_that_holds_it(tmp_path, other):
    said = []
    with held(tmp_path / "lock", "fleet x", said.append, beat=0.1):
        pass
    assert said[0] == f"fleet x: waiting for process {other.pid} (0 s)"


def test_patience_ends_with_an_error(tmp_path, other):
    with (
        pytest.raises(FleetError, match=f"process {other.pid} has held"),
        held(tmp_path / "lock", "x", print, patience=0.1),
    ):
        pass


def test_a_killed_holder_frees_the_lock(tmp_path, other):
    other.kill()
    with held(tmp_path / "lock", "x", print, patience=1):
        pass
