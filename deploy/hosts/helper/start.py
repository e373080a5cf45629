#!/usr/bin/python3 -EsSB
"""activate: the only privileged helper on a host. What it does is in activate.py beside it.

That is compiled once after a boot, and the result is kept in /run: it is called often, and mostly has little to do.
"""

import sys

if __name__ == "__main__":
    sys.pycache_prefix, sys.dont_write_bytecode = "/run/alert-threader/bytecode", False
    import activate

    activate.main(sys.argv[1:])
