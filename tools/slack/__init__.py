"""A stand-in for Slack: the same protocol and refusals, a page of channels and threads, faults on demand."""
