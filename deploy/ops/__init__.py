"""Operations for the plain `pyinfra` command, beside `deploy/inventory.py`; none of them changes what is deployed."""
