"""What each LogQL rule was seen to do in a real Loki: the rows for the table of rules."""

import tempfile
from pathlib import Path

from tests.monitoring.loki.cases import cases, rules
from tests.monitoring.loki.fleets import FLEET
from tests.monitoring.loki.ruler import posted, rendered
from tests.monitoring.loki.server import Server

COLUMNS = ("fires", "quiet", "resolves", "rendered")


def seen() -> dict[str, dict[str, bool]]:
    """Each rule with each of COLUMNS, and whether it was seen just now. Takes about a minute, and builds Loki first.

    `resolves` is seen where a case is quiet after it has fired. A case in which anything is wrong shows nothing.
    """
    shown: dict[str, set[str]] = {rule.name: set() for rule in rules()}
    with tempfile.TemporaryDirectory() as folder:
        for name in ("cases", "ruler"):
            Path(folder, name).mkdir()
        with Server(Path(folder, "cases"), FLEET) as server:
            for case in cases():
                shown[case.rule.name] |= set() if case.wrong(server) else case.seen
        for name, alerts in posted(Path(folder, "ruler")).items():
            shown[name] |= {"rendered"} if all(map(rendered, alerts)) else set()
    return {name: {column: column in found for column in COLUMNS} for name, found in shown.items()}
