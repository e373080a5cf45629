"""Chance that a run can repeat, and that the processes which share a run's tests have in common."""

import os
import random

SEED = int(os.environ.get("THREADER_SEED", random.Random(os.environ.get("PYTEST_XDIST_TESTRUNUID")).randrange(10_000)))
"""THREADER_SEED=N repeats what a run has chosen."""
