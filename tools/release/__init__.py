"""Builds release artifacts: a .tar.gz with an executable `run` and all it needs, the same bytes every time."""
