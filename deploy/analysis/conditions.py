"""Conditions on a measured value, such as "< 0.01": read, applied, and whether two can hold at once. Pure."""

import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_FORM: Final = re.compile(r"\s*(<=|>=|==|!=|<|>)\s*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?)\s*")


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison with a number."""

    comparison: str
    bound: float

    def holds(self, value: float) -> bool:
        """Whether a value meets it; what is not a number meets nothing."""
        return not math.isnan(value) and _COMPARISONS[self.comparison](value, self.bound)

    def __str__(self) -> str:
        return f"{self.comparison} {self.bound!r}".removesuffix(".0")


def parse(text: str) -> Condition:
    """The condition of a text; raises ValueError, with the reason, for one that is none."""
    match = _FORM.fullmatch(text)
    bound = float(match[2]) if match else math.inf
    if not match or not math.isfinite(bound):
        kinds = ", ".join(_COMPARISONS)
        raise ValueError(f'{text!r} is no condition: a comparison ({kinds}) and a number, as "< 0.01"')
    return Condition(match[1], bound)


def overlap(a: Condition, b: Condition) -> bool:
    """Whether some number meets both: nothing changes but at the two bounds, so these and what is beside them tell."""
    low, high = sorted((a.bound, b.bound))
    between = low / 2 + high / 2
    tried = (math.nextafter(low, -math.inf), low, between, high, math.nextafter(high, math.inf))
    return any(a.holds(value) and b.holds(value) for value in tried)
