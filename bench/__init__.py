"""Measured on this machine: how long it takes to go back, and to find that there is nothing to do. `make bench`."""
