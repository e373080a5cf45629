"""The alerts of Prometheus: typed values, in a file for each theme, made for a fleet. Pure."""

from typing import Final

from deploy.settings.specs import FleetSpec
from monitoring.rules import availability, delivery, hosts, own, rollouts, threaders
from monitoring.rules.rule import Group, Rule
from monitoring.yaml_text import yaml_text

_THEMES: Final = (availability.group, threaders.group, delivery.group, rollouts.group, hosts.group, own.group)


def groups(fleet: FleetSpec) -> tuple[Group, ...]:
    """All rules, by theme."""
    return tuple(make(fleet) for make in _THEMES)


def alerts(fleet: FleetSpec) -> tuple[Rule, ...]:
    """The rules that alert; some have the same name, and differ in their labels."""
    return tuple(rule for group in groups(fleet) for rule in group.rules if isinstance(rule, Rule))


def rule_files(fleet: FleetSpec) -> dict[str, str]:
    """The rule files of Prometheus: name, and text."""
    return {f"{group.name}.yml": yaml_text(group.content(fleet)) for group in groups(fleet)}
