"""`python -m tools.fleet ...`."""

from tools.fleet.cli import main

if __name__ == "__main__":
    main()
