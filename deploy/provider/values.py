"""Pulumi's property values as plain Python ones. A secret is a `Secret`, which prints as nothing useful."""

from collections.abc import Mapping, Sequence
from typing import Any

from pulumi.provider.experimental.property_value import Computed, PropertyValue

Properties = dict[str, Any]


class Secret(str):
    """A text that must not be shown; equal to the same text, and kept secret wherever it goes as a property."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "[secret]"


class Unknown:
    """A value that is not known before the update."""


def plain(values: Mapping[str, PropertyValue]) -> Properties:
    """The plain form of a map of property values."""
    return {name: _plain(value) for name, value in values.items()}


def properties(values: Mapping[str, Any]) -> dict[str, PropertyValue]:
    """The property values of a plain map."""
    return {name: _property(value) for name, value in values.items()}


def _plain(value: PropertyValue) -> Any:
    inner = value.value
    if isinstance(inner, str):
        return Secret(inner) if value.is_secret else inner
    if isinstance(inner, Computed):
        return Unknown()
    if isinstance(inner, Mapping):
        return {name: _hidden(item, value.is_secret) for name, item in inner.items()}
    if isinstance(inner, Sequence):
        return [_hidden(item, value.is_secret) for item in inner if isinstance(item, PropertyValue)]
    return inner


def _hidden(value: PropertyValue, secret: bool) -> Any:
    return _plain(value.with_secret(True) if secret else value)


def _property(value: Any) -> PropertyValue:
    if isinstance(value, Secret):
        return PropertyValue(str(value)).with_secret(True)
    if isinstance(value, Unknown):
        return PropertyValue.computed()
    if isinstance(value, Mapping):
        return PropertyValue({name: _property(item) for name, item in value.items()})
    if isinstance(value, list | tuple):
        return PropertyValue([_property(item) for item in value])
    if isinstance(value, int) and not isinstance(value, bool):
        return PropertyValue(float(value))
    return PropertyValue(value)
