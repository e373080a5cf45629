"""The demo: a fleet of real hosts on this machine, converged by `pulumi up`, and proof that it threads alerts."""
