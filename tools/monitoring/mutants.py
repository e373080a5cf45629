"""Rules with one mistake each: a comparator turned round, a threshold moved, a label left out, and so on. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from monitoring.promql import LISTS, Kind, Token, text, tokens
from monitoring.rules.rule import Recording, Rule
from monitoring.yaml_text import seconds

COMPARED: Final = {">": ("<", ">="), "<": (">", "<="), "==": ("!=",)}
MATCHED: Final = {"=": "!=", "!=": "=", "=~": "!~", "!~": "=~"}
AGGREGATED: Final = {"sum": "max", "max": "min", "min": "max", "count": "max"}
COMBINED: Final = {"and": "or", "or": "and", "unless": "and"}
CALCULATED: Final = {"/": "*", "-": "+"}
_PIECE: Final = re.compile(r'(?<=[()|"])[^()|"]+(?=[)|"])')


@dataclass(frozen=True, slots=True)
class Mutant:
    """A rule with a mistake of some `kind`; `told` is what was changed."""

    rule: Rule | Recording
    changed: Rule | Recording
    kind: str
    told: str


def mutants(rules: tuple[Rule | Recording, ...]) -> Iterator[Mutant]:
    """Each rule with each mistake, one at a time."""
    for rule in rules:
        for kind, expression in _expressions(tokens(rule.expr)):
            yield Mutant(rule, replace(rule, expr=expression), kind, expression)
        if isinstance(rule, Rule):
            for other in (0.0, rule.for_ / 2, rule.for_ * 2) if rule.for_ else (60.0,):
                yield Mutant(rule, replace(rule, for_=other), "for", f"for {other:g} s, not {rule.for_:g} s")


def _expressions(found: tuple[Token, ...]) -> Iterator[tuple[str, str]]:
    for index, token in enumerate(found):
        for kind, instead in _instead(found, index):
            yield kind, text((*found[:index], replace(token, text=instead), *found[index + 1 :]))
        for kind, start, end in _left_out(found, index):
            yield kind, text((*found[:start], *found[end:]))


def _instead(found: tuple[Token, ...], index: int) -> Iterator[tuple[str, str]]:
    """What a token may be mistaken for."""
    token, after = found[index].text, found[index + 1].text if index + 1 < len(found) else ""
    match found[index].kind:
        case Kind.OPERATOR if _in_braces(found, index):
            yield "label", MATCHED[token]
        case Kind.OPERATOR if token in COMPARED:
            yield from (("comparator", each) for each in COMPARED[token])
        case Kind.OPERATOR:
            yield "arithmetic", CALCULATED[token]
        case Kind.NUMBER if found[max(index - 2, 0)].text != "vector":
            yield from (("threshold", each) for each in _moved(float(token)))
        case Kind.DURATION:
            yield from (("window", f"{seconds(token) * factor:.0f}s") for factor in (2, 0.5))
        case Kind.TEXT if "|" in token:
            pieces = _PIECE.finditer(token)
            yield from (("label", f"{token[: each.start()]}other{token[each.end() :]}") for each in pieces)
        case Kind.WORD if token in COMBINED:
            yield "set", COMBINED[token]
        case Kind.WORD if token in AGGREGATED and after in ("(", "by"):
            yield "aggregation", AGGREGATED[token]


def _moved(number: float) -> tuple[str, ...]:
    return (f"{1 - number:g}",) if number in (0, 1) else (f"{number * 1.25:.6g}", f"{number * 0.8:.6g}")


def _left_out(found: tuple[Token, ...], index: int) -> Iterator[tuple[str, int, int]]:
    """From where to where something may be forgotten: a label asked for, or grouped by."""
    token = found[index]
    if token.kind is not Kind.WORD:
        return
    comma = 1 if index + 3 < len(found) and found[index + 3].text == "," else 0
    if _in_braces(found, index):
        yield "label", index, index + 3 + comma
    elif _in_list(found, index):
        yield "aggregation", index, index + (2 if found[index + 1].text == "," else 1)


def _in_braces(found: tuple[Token, ...], index: int) -> bool:
    before = [token.text for token in found[:index]]
    return before.count("{") > before.count("}")


def _in_list(found: tuple[Token, ...], index: int) -> bool:
    for back in range(index - 1, 0, -1):
        if found[back].text == "(":
            return found[back - 1].text in LISTS
        if found[back].text == ")":
            return False
    return False
