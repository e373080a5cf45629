"""Conditions of gates on a measured value, such as "< 0.01"."""

import re
from fractions import Fraction
from operator import eq, ge, gt, le, lt, ne
from typing import Final

from deploy.settings.scalars import filled, wrong

_COMPARE: Final = {"<": lt, "<=": le, ">": gt, ">=": ge, "==": eq, "!=": ne}
_OPPOSITE: Final = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
_FORM: Final = re.compile(r"\s*(<=|>=|==|!=|<|>)\s*(-?[0-9]{1,15}(?:\.[0-9]{1,15})?)\s*")
_EXAMPLE: Final = 'for example "< 0.01"; one of: < <= > >= == !='


def condition(value: object) -> str:
    """A condition, with one space in it."""
    found = _FORM.fullmatch(filled(value))
    return f"{found[1]} {found[2]}" if found else wrong("is no condition on a number", _EXAMPLE)


def opposite(one: str) -> str:
    """The condition that holds where another one does not."""
    word, number = one.split()
    return f"{_OPPOSITE[word]} {number}"


def overlap(one: str, other: str) -> str | None:
    """A value that meets both conditions, as text; None if there is none.

    Each holds on points and on open stretches between the two numbers, so a value from each of these tells all.
    """
    first, second = sorted((_number(one), _number(other)))
    values = (first, second, (first + second) / 2, first - 1, second + 1)
    met = next((value for value in values if _holds(one, value) and _holds(other, value)), None)
    return None if met is None else f"{float(met):g}"


def _number(text: str) -> Fraction:
    return Fraction(text.split()[1])


def _holds(text: str, value: Fraction) -> bool:
    return bool(_COMPARE[text.split()[0]](value, _number(text)))
