"""Preflight and set-up of a checkout. Standard library only: it runs before `.venv` exists."""
