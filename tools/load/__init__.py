"""Load on the edge of a local fleet: webhooks at a fixed rate, every one accounted for."""
