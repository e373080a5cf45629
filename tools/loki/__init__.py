"""Loki, which no distribution has: built from its own Go module, and packed as a tarball that hosts install."""
