"""One section or one item of a list, read into its form; what is wrong with it goes into the report."""

from collections.abc import Mapping
from typing import TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from deploy.settings.masking import Path
from deploy.settings.report import Report, near
from deploy.settings.shape import Form

Model = TypeVar("Model", bound=Form)


def mapping(raw: object, path: Path, report: Report) -> dict[str, object]:
    """The keys of a mapping that have a value; nothing at all is an empty one."""
    if raw is None:
        return {}
    if not isinstance(raw, Mapping):
        report.add(path, raw, "has to be a mapping of keys to values", f"the form: threader docs {path[0]}")
        return {}
    return {str(key): value for key, value in raw.items() if value is not None}


def items(raw: object, path: Path, report: Report) -> list[object]:
    """The items of a list that has to be there."""
    if isinstance(raw, list | tuple):
        return list(raw)
    reason = "is missing" if raw is None else "has to be a list"
    report.add(path, raw, reason, f"the form: threader docs {path[0]}")
    return []


def form(model: type[Model], raw: object, path: Path, report: Report) -> Model | None:
    """`raw` in its form; None if anything is wrong with it."""
    if raw is not None and not isinstance(raw, Mapping):
        mapping(raw, path, report)
        return None
    found = mapping(raw, path, report)
    try:
        return model.model_validate(found)
    except ValidationError as error:
        details = error.errors(include_url=False)
    unknown = {
        (*detail["loc"][:-1], near(str(detail["loc"][-1]), _fields(model, detail["loc"][:-1])))
        for detail in details
        if detail["type"] == "extra_forbidden"
    }
    for detail in details:
        if detail["type"] != "missing" or detail["loc"] not in unknown:  # mistyped is not missing, too
            _note(model, detail, path, report)
    return None


def _note(model: type[Form], detail: ErrorDetails, path: Path, report: Report) -> None:
    where = (*path, *detail["loc"])
    kind, value = detail["type"], detail["input"]
    if kind == "extra_forbidden":
        report.unknown_key(where, value, _fields(model, detail["loc"][:-1]))
    elif kind == "missing":
        report.add(where, None, "is missing", _example(model, detail["loc"]))
    else:
        context = detail.get("ctx", {})
        key = context.get("key")
        if key is not None:
            where, value = (*where, key), value.get(key) if isinstance(value, Mapping) else None
        report.add(where, value, str(context.get("reason", detail["msg"])), str(context.get("suggestion", "")))


def _fields(model: type[Form], loc: Path) -> list[str]:
    return list(_model(model, loc).model_fields)


def _example(model: type[Form], loc: Path) -> str:
    examples = _model(model, loc[:-1]).model_fields[str(loc[-1])].examples or []
    return f"pulumi config set --path '{{path}}' {examples[0]}" if examples else ""


def _model(model: type[Form], loc: Path) -> type[Form]:
    """The form at `loc` below `model`: its own, or one of a mapping in it, also one in a list."""
    for key in (key for key in loc if isinstance(key, str)):
        inner = model.model_fields[key]
        model = next((each for each in Form.__subclasses__() if each in _parts(inner.annotation)), model)
    return model


def _parts(annotation: object) -> tuple[object, ...]:
    parts: tuple[object, ...] = getattr(annotation, "__args__", ())
    return (annotation, *(each for part in parts for each in _parts(part)))
