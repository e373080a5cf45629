"""What this version can do of what its settings can say: the one place that decides it."""

from typing import Final

VAULT: Final = False
