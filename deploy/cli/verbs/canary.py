"""`threader canary`: a deploy that a few instances try first, whatever the stack says of its strategy."""

from deploy.cli.converge import converge
from deploy.cli.options import Ask, Debug, HoldWhen, Preview, Retry, Stack, Supersede
from deploy.cli.verbs.rolling import for_once
from deploy.settings.specs import Strategy


def canary(
    hold: HoldWhen = None,
    retry: Retry = False,
    supersede: Supersede = False,
    yes: Ask = True,
    preview: Preview = True,
    stack: Stack = None,
    debug: Debug = False,
) -> None:
    """Deploy to a few instances first, with a share of the traffic that grows while gates look at them, this once.

    Its steps (`rollout.canary`), its gates and all that is not said are as the stack has them: threader docs rollout.

    Example: threader canary --hold always
    """
    said = for_once({"strategy": Strategy.CANARY, "hold": hold}, retry=retry)
    converge(stack, yes, preview, said, superseding=supersede)
