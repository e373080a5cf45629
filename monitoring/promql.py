"""PromQL in tokens, as far as names, numbers and words have to be told apart in rules of our own. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final


class Kind(Enum):
    """What a token is."""

    TEXT = r'"(?:[^"\\]|\\.)*"'
    DURATION = r"\d+(?:ms|[smhdwy])(?![\w.])"
    NUMBER = r"\d+(?:\.\d+)?(?:e[+-]?\d+)?"
    WORD = r"[A-Za-z_:][\w:]*"
    OPERATOR = r"=~|!~|==|!=|>=|<=|[-+*/%^=<>]"
    BRACKET = r"[(){}\[\],]"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of an expression; `before` is the space in front of it."""

    kind: Kind
    text: str
    before: str = ""


KEYWORDS: Final = frozenset({"and", "or", "unless", "by", "without", "on", "ignoring", "bool", "offset", "group_left"})
LISTS: Final = frozenset({"by", "without", "on", "ignoring"})
"""Keywords that names of labels follow, in parentheses."""
_TOKEN: Final = re.compile(r"(?P<before>\s*)(?:" + "|".join(f"(?P<{kind.name}>{kind.value})" for kind in Kind) + ")")


def tokens(expression: str) -> tuple[Token, ...]:
    """The tokens of an expression; ValueError for what is none."""
    found, position = [], 0
    while position < len(expression.rstrip()):
        match = _TOKEN.match(expression, position)
        if match is None or match.lastgroup is None:
            raise ValueError(f"no PromQL at {expression[position:]!r}")
        found.append(Token(Kind[match.lastgroup], match[match.lastgroup], match["before"]))
        position = match.end()
    return tuple(found)


def text(found: tuple[Token, ...]) -> str:
    """The expression again."""
    return "".join(token.before + token.text for token in found)


def names(expression: str) -> dict[str, frozenset[str]]:
    """The metrics of an expression, with the labels that it asks them for or groups them by."""
    found, grouped = dict[str, set[str]](), set[str]()
    for metric, labels in _selected(tokens(expression)):
        (found.setdefault(metric, set()) if metric else grouped).update(labels)
    return {metric: frozenset(labels | grouped) for metric, labels in found.items()}


def _selected(found: tuple[Token, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Metrics with the labels in braces; labels of a list, as those of no metric."""
    for index, token in enumerate(found):
        after = found[index + 1].text if index + 1 < len(found) else ""
        if token.kind is not Kind.WORD or _inside(found, index):
            continue
        if token.text in LISTS:
            yield "", _words(found, index + 1, ")")
        elif token.text not in KEYWORDS and after != "(" and after not in LISTS:
            yield token.text, _words(found, index + 1, "}") if after == "{" else ()


def _inside(found: tuple[Token, ...], index: int) -> bool:
    """Whether a token is the name of a label: in braces, or in the list after a keyword."""
    for back in range(index - 1, -1, -1):
        if found[back].text in ")}":
            return False
        if found[back].text == "{":
            return True
        if found[back].text == "(":
            return back > 0 and found[back - 1].text in LISTS
    return False


def _words(found: tuple[Token, ...], start: int, end: str) -> tuple[str, ...]:
    words = []
    for token in found[start:]:
        if token.text == end:
            break
        if token.kind is Kind.WORD:
            words.append(token.text)
    return tuple(words)
