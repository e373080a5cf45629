"""What this version can do of what its settings can say: the one place that decides it."""

from typing import Final

from deploy.settings.specs import Strategy

STRATEGIES: Final = frozenset({Strategy.ALL_AT_ONCE})
DEFAULT_STRATEGY: Final = Strategy.ALL_AT_ONCE
MONITORING: Final = False
VAULT: Final = False
