"""The verbs of `threader`, one file each."""
