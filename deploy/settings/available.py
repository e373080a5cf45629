"""What this version can do of what its settings can say: the one place that decides it."""

from typing import Final

from deploy.settings.specs import RolloutSpec, Strategy

STRATEGIES: Final = frozenset({Strategy.ALL_AT_ONCE, Strategy.ROLLING})
DEFAULT_STRATEGY: Final = RolloutSpec().strategy
VAULT: Final = False
