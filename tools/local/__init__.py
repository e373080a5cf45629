"""A stack for a local fleet: what the demo and the tests share."""
