"""The resources of our provider, one a file."""
