"""What `threader doctor` tries, on the operator's machine and on the hosts."""
