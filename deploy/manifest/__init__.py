"""Spec to manifest: what one resource owns on one host. Pure; nothing here reads a host."""
