"""Proof that what monitoring ships works: tests of rules, what they cover, and mistakes put in on purpose."""
