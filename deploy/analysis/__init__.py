"""Whether what is new is good enough: gates, what they measured, and the verdicts. Pure."""
