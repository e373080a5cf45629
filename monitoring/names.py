"""The metrics and labels on which rules rely, for a look at whether anybody exports them. Pure."""

import re
from typing import Final

from deploy.settings.specs import FleetSpec
from monitoring import promql
from monitoring.rules import groups
from monitoring.rules.rule import Recording, Rule

_LABEL: Final = re.compile(r"\$labels\.(\w+)")


def names_used(fleet: FleetSpec) -> dict[str, frozenset[str]]:
    """Each metric of a rule, and the labels that it has to have: those after scraping, so with job and host.

    What rules record for other rules is left out. Labels of annotations count for every metric of their rule.
    """
    found: dict[str, set[str]] = {}
    rules = [rule for group in groups(fleet) for rule in group.rules]
    for rule in rules:
        told = _LABEL.findall(rule.summary + rule.description) if isinstance(rule, Rule) else []
        for metric, labels in promql.names(rule.expr).items():
            found.setdefault(metric, set()).update(labels, told)
    recorded = {rule.name for rule in rules if isinstance(rule, Recording)}
    return {metric: frozenset(labels) for metric, labels in sorted(found.items()) if metric not in recorded}
