"""The moment of a line in Loki, to the nanosecond, so that lines keep their order: templates of syslog-ng. Pure.

Loki keeps no order among lines of one moment, and the journal gives all that it read at once the same microsecond: so
each line is at least a nanosecond after the one before it. `iterate` remembers what the last one came to.
"""

from typing import Final

_FAR: Final = 4 * 10**18
"""More nanoseconds than lie between any two lines; twice as many are still a number for syslog-ng."""
_SECOND: Final = 10**9


def _after(last: str, own: str) -> str:
    """A template: the nanosecond after `last`, but the line's `own` time where that is later, or a second earlier.

    The latter is a clock that was set back. syslog-ng compares by dividing: what is at least some number, with `_FAR`
    less that number added, has `_FAR` in it once, else not at all.
    """
    ahead = f"$(- $(+ 1 {last}) {own})"
    is_ahead, is_far_ahead = (f"$(/ $(+ {_FAR - least} {ahead}) {_FAR})" for least in (0, _SECOND))
    return f"$(+ {own} $(* $(- {is_ahead} {is_far_ahead}) {ahead}))"


def _known(last: str) -> str:
    """A template: `last`, or where that is 0, a moment after now.

    That is when the shipper has just started, maybe between two lines of one microsecond: it can not know how far the
    shipper before it came, but 0.1 ms would be more lines than the journal reads at once.
    """
    return f"$(+ {last} $(* $(- 1 $(/ $(+ {_FAR - 1} {last}) {_FAR})) $(+ {_SECOND // 10_000} {_OWN_TIME})))"


TIME: Final = "${S_UNIXTIME}${S_USEC}000"
_OWN_TIME: Final = "${.time.own}"
MOMENT: Final = f"""\
rewrite moment {{
    set("{TIME}" value(".time.own"));
    set("$(iterate '{_after(_known("$_"), _OWN_TIME)}' 0)" value(".time.last"));
    set("{_known("${.time.last}")}" value(".time.last"));
    set("{_after("${.time.last}", _OWN_TIME)}" value(".loki.time"));
}};
"""
