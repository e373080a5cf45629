"""A local fleet of real systemd hosts on one Debian machine (root, cgroup2, overlayfs, network namespaces).

Start with `fleet.py` (the library) or `python -m tools.fleet --help` (the command line). README.md has the rest.
"""
