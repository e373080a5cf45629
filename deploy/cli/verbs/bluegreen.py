"""`threader bluegreen`: a deploy that is tested idle and then gets all of the traffic, whatever the stack says."""

from deploy.cli.converge import converge
from deploy.cli.options import Ask, Debug, HoldWhen, Preview, Retry, Stack, Supersede
from deploy.cli.verbs.rolling import for_once
from deploy.settings.specs import Strategy


def bluegreen(
    hold: HoldWhen = None,
    retry: Retry = False,
    supersede: Supersede = False,
    yes: Ask = True,
    preview: Preview = True,
    stack: Stack = None,
    debug: Debug = False,
) -> None:
    """Deploy beside what runs, test it without traffic, and switch all traffic at once, this once.

    What ran stays warm for `rollout.warm` seconds, so that going back is one switch. Gates and all that is not said
    are as the stack has them: threader docs rollout.

    Example: threader bluegreen --hold always
    """
    said = for_once({"strategy": Strategy.BLUE_GREEN, "hold": hold}, retry=retry)
    converge(stack, yes, preview, said, superseding=supersede)
