"""Activation of generations across the fleet: a pure plan, and an executor to which the hosts are passed in."""
