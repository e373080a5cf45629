"""Whether a dashboard's JSON is what Grafana's model has, strictly: by the fields and types of the SDK's own classes.

The SDK neither validates what it writes nor notices what it does not know when it reads. What a class calls a field in
JSON is found by having it write an object in which every attribute is its own name.
"""

import enum
import inspect
import types
import typing
from functools import cache

from grafana_foundation_sdk.models import common, dashboard, logs, loki, prometheus, stat, statetimeline, timeseries

OPTIONS = {
    "stat": stat.Options,
    "timeseries": timeseries.Options,
    "state-timeline": statetimeline.Options,
    "logs": logs.Options,
}
CUSTOM = {"timeseries": common.GraphFieldConfig, "state-timeline": statetimeline.FieldConfig}
QUERIES = {"prometheus": prometheus.Dataquery, "loki": loki.Dataquery}


def problems(document):
    """What is wrong with a dashboard, one line each."""
    return list(_object(document, dashboard.Dashboard, "dashboard"))


@cache
def fields(cls):
    """Each field by its name in JSON: its type, and whether it has to be there.

    What no caller can set is a constant, such as the type of a mapping.
    """
    settable = inspect.signature(cls.__init__).parameters
    hints = {
        name: hint if name in settable else typing.Literal[str(getattr(cls(), name))]
        for name, hint in typing.get_type_hints(cls).items()
    }
    full, empty = cls.__new__(cls), cls.__new__(cls)
    for name in hints:
        setattr(full, name, name)
        setattr(empty, name, None)
    required = empty.to_json()
    return {key: (hints[name], key in required) for key, name in full.to_json().items()}


def _object(value, cls, path):
    if not isinstance(value, dict):
        yield f"{path}: an object is wanted"
        return
    known = _panel_fields(value) if cls is dashboard.Panel else fields(cls)
    yield from (f"{path}.{key}: there is no such field" for key in value if key not in known)
    for key, (hint, required) in known.items():
        if key in value:
            yield from _value(value[key], hint, f"{path}.{key}")
        elif required:
            yield f"{path}.{key}: is missing"


def _panel_fields(panel):
    """What the kind of a panel says of its options and queries, of which a panel as such knows nothing."""
    kind = panel.get("type")
    query = QUERIES.get((panel.get("datasource") or {}).get("type"), type(None))
    custom = {"custom": (CUSTOM.get(kind, type(None)), False)}
    defaults = types.SimpleNamespace(known={**fields(dashboard.FieldConfig), **custom})
    source = {"defaults": (defaults, True), "overrides": (list[dashboard.DashboardFieldConfigSourceOverrides], True)}
    more = {
        "type": (typing.Literal[*OPTIONS], True),
        "options": (OPTIONS.get(kind, type(None)), True),
        "targets": (list[query], True),
        "fieldConfig": (types.SimpleNamespace(known=source), True),
    }
    return {**fields(dashboard.Panel), **more}


def _value(value, hint, path):
    if isinstance(hint, types.SimpleNamespace):
        yield from _known(value, hint.known, path)
    elif typing.get_origin(hint) in (typing.Union, types.UnionType):
        yield from _one_of(value, typing.get_args(hint), path)
    elif typing.get_origin(hint) is typing.Literal:
        yield from [] if value in typing.get_args(hint) else [f"{path}: {value!r} is none of {typing.get_args(hint)}"]
    elif typing.get_origin(hint) is list:
        yield from _list(value, typing.get_args(hint)[0], path)
    elif typing.get_origin(hint) is dict:
        yield from _dict(value, typing.get_args(hint)[1], path)
    elif isinstance(hint, type) and issubclass(hint, enum.Enum):
        yield from [] if value in [each.value for each in hint] else [f"{path}: {value!r} is no {hint.__name__}"]
    elif hasattr(hint, "to_json"):
        yield from _object(value, hint, path)
    else:
        yield from _plain(value, hint, path)


def _one_of(value, hints, path):
    """What is wrong with it as the kind that it is nearest to."""
    if value is None and type(None) in hints:
        return
    yield from min((list(_value(value, each, path)) for each in hints if each is not type(None)), key=len)


def _known(value, known, path):
    yield from (f"{path}.{key}: there is no such field" for key in value if key not in known)
    for key, (hint, _) in known.items():
        if key in value:
            yield from _value(value[key], hint, f"{path}.{key}")


def _list(value, hint, path):
    if not isinstance(value, list):
        yield f"{path}: a list is wanted"
        return
    for at, each in enumerate(value):
        yield from _value(each, hint, f"{path}[{at}]")


def _dict(value, hint, path):
    if not isinstance(value, dict):
        yield f"{path}: an object is wanted"
        return
    for key, each in value.items():
        yield from _value(each, hint, f"{path}.{key}")


def _plain(value, hint, path):
    """Of `object` the model says nothing, so nothing is let through."""
    wanted = (int, float) if hint is float else hint
    right = hint is not object and isinstance(value, wanted) and not (isinstance(value, bool) and hint is not bool)
    if not right:
        yield f"{path}: {value!r} is no {getattr(hint, '__name__', hint)}"
