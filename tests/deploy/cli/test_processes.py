import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from deploy.cli.processes import booted, gone

OURS = Path("/proc/self/comm").read_text().strip()


def test_a_process_that_runs_under_that_name_is_not_gone():
    assert gone(os.getpid(), OURS) is None


def test_a_number_that_another_program_has_now_is_gone():
    assert gone(os.getpid(), "pulumi") == f"that process is {OURS} now"


def test_a_process_that_ended_is_gone():
    child = subprocess.Popen(["true"])
    child.wait()
    assert gone(child.pid, "pulumi") == "there is no such process"


def test_this_machine_booted_in_the_past():
    assert booted() < datetime.now(UTC)
