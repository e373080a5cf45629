"""What is printed: tables and texts, coloured on a terminal, plain lines elsewhere."""

import json
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text as Text  # for those who call us

WIDE = 1000
"""The width off a terminal: nothing is wrapped or cut for programs that read lines."""


def console() -> Console:
    """The console of standard output, as it is now."""
    terminal = sys.stdout.isatty()
    return Console(file=sys.stdout, width=None if terminal else WIDE, highlight=False, soft_wrap=not terminal)


def table(heads: Sequence[str], rows: Sequence[Sequence[str | Text]]) -> None:
    """Print rows below their heads; off a terminal without anything but spaces between them."""
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", show_header=bool(heads))
    for head in heads or [""] * len(rows[0]):
        grid.add_column(head.upper(), overflow="fold")
    for row in rows:
        grid.add_row(*(cell if isinstance(cell, Text) else Text(printable(cell)) for cell in row))
    out = console()
    if out.is_terminal:
        out.print(grid)
        return
    with out.capture() as capture:
        out.print(grid)
    print("\n".join(line.rstrip() for line in capture.get().rstrip("\n").split("\n")))


def say(text: str = "", style: str = "") -> None:
    """Print a text as it is, apart from control characters."""
    console().print(Text(printable(text), style=style), soft_wrap=True)


def news(tell: Callable[[str], None]) -> Callable[[str], None]:
    """Tells a text unless it is the one that was told last."""
    last = ""

    def told(text: str) -> None:
        nonlocal last
        if text != last:
            tell(text)
        last = text

    return told


def mark(good: bool, text: str) -> Text:
    """A text, green when good and red when not."""
    return Text(printable(text), style="green" if good else "red")


def printable(text: str) -> str:
    """A text from elsewhere, whose control characters can do nothing to the terminal."""
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", lambda found: ascii(found[0])[1:-1], text)


def as_json(value: Any) -> None:
    """Print a value for programs."""
    print(json.dumps(value, indent=2, ensure_ascii=False))
