"""The log shipper of a host: syslog-ng's configuration, from systemd's journal to Loki. Pure.

Nothing is lost while Loki is away, up to a limit, and everything arrives in the order in which it was written:

1. The journal has each line first. How far it was read is in syslog-ng's persist file.
2. What was read lies in a buffer on disk (`log_buffer_mb`) until Loki has taken it: a crash of the shipper, of Loki or
   of the host loses none of it. Loki is asked again every few seconds, for ever.
3. When the buffer is full, the journal is not read on: the place in the persist file waits, and the lines wait in the
   journal. So the limit is the buffer and what the journal keeps of later lines (`SystemMaxUse=` of journald.conf, by
   default a tenth of the file system, 4 GB at most). Only what journald itself removes by then is lost.

Sent twice may be what was sent just before a crash; Loki keeps equal lines of one moment once. What Loki calls invalid
(400) is dropped, since it would stop all that follows: lines older than Loki keeps them, mostly. The others of the same
batch are kept.
"""

import json
from collections.abc import Iterable
from typing import Final

from deploy.manifest.paths import part_data
from deploy.settings.specs import FleetSpec, HostSpec, Impl
from monitoring.loki import SHIPPER, url

_HEAD: Final = (
    "# Written by Alert Threader Fleet. Changes by hand show in `pulumi preview --diff` and are undone by `pulumi up`."
)
DATA: Final = part_data("log-shipper")
"""Where syslog-ng keeps its buffer; its persist file lies there, too."""
SOURCE: Final = 'source journal {\n    systemd-journal(prefix(".journald.") max-field-size(65536));\n};\n'
MEGABYTE: Final = 1 << 20
WINDOW_MB: Final = 8
"""Room for what was read when the buffer became full: 100 lines at most, of 64 KB at most."""
HEARTBEAT_SECONDS: Final = 300
"""How often a shipper says how it is: a host whose logs do not arrive is noticed by that."""

# What a line is labelled with lies in .loki.*; all else is forgotten before the buffer, where it would take up room.
_BODY: Final = """\
{"stream":$(format-json --omit-empty-values job=${.loki.job} instance=${.loki.instance} impl=${.loki.impl} \
unit=${.loki.unit} level=${.loki.level} host=${.loki.host}),\
"values":[["${.loki.time}",$(substr $(format-json m=${MESSAGE}) 5 -1)]]}"""


def configuration(fleet: FleetSpec, host: HostSpec) -> str:
    """The configuration of syslog-ng 3.38 on a host; needs a fleet that has a Loki."""
    parts = (_OPTIONS, SOURCE, _OWN, _labels(fleet, host), _destination(fleet), _PATHS)
    return f"@version: 3.38\n{_HEAD}\n\n" + "\n".join(parts)


_OPTIONS: Final = f"""\
options {{
    log-msg-size(65536);
    time-reopen(5);
    stats-freq({HEARTBEAT_SECONDS});
}};
"""

SAID: Final = 'unix-dgram("/run/systemd/journal/dev-log" template("<${PRI}>${PROGRAM}: ${MESSAGE}"))'
"""Where syslog-ng says what happens to it: in the journal, as any other unit."""

# Only its sign of life is sent: what it says of a push that failed would make another one.
_OWN: Final = f"""\
source own {{
    internal();
}};
destination said {{
    {SAID};
}};
filter heartbeat {{
    match("^(syslog-ng starting up|Log statistics)" value("MESSAGE"));
}};
"""


def _labels(fleet: FleetSpec, host: HostSpec) -> str:
    """Who wrote a line: a threader, another unit of ours, or systemd, of one of ours that has a problem."""
    name = "[a-z0-9-]+"
    return "\n".join(
        (
            _unit("threader", ".journald._SYSTEMD_UNIT", rf"^alert-threader@(?<instance>{name})\.service$"),
            _unit("other", ".journald._SYSTEMD_UNIT", r"^(?<unit>alert-threader-(?!log-shipper).*)$"),
            _unit("told", ".journald.UNIT", r"^(?<unit>alert-threader[-@].*)$"),
            _IS_TOLD,
            _MOMENT,
            _LEVELS,
            _named("of_threader", "alert_threader", host, *_impls(fleet, host)),
            _named("of_fleet", "alert_threader_fleet", host),
            _named("of_itself", "alert_threader_fleet", host, f'set({_text(SHIPPER)} value(".loki.unit"));'),
        )
    )


def _unit(name: str, field: str, pattern: str) -> str:
    return (
        f"parser {name} {{\n"
        f'    regexp-parser(patterns(\'{pattern}\') template("${{{field}}}") prefix(".loki."));\n'
        "};\n"
    )


_IS_TOLD: Final = """\
filter problem {
    match("^1$" value(".journald._PID")) and level(warning..emerg);
};
"""

# Loki keeps no order among lines of one moment, and the journal gives all that it read at once the same microsecond: so
# each line is at least a nanosecond after the one before it. `iterate` remembers what the last one came to.
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


_OWN_TIME: Final = "${.time.own}"
_MOMENT: Final = f"""\
rewrite moment {{
    set("${{S_UNIXTIME}}${{S_USEC}}000" value(".time.own"));
    set("$(iterate '{_after(_known("$_"), _OWN_TIME)}' 0)" value(".time.last"));
    set("{_known("${.time.last}")}" value(".time.last"));
    set("{_after("${.time.last}", _OWN_TIME)}" value(".loki.time"));
}};
"""

# The threaders say their level in JSON, programs in Go in logfmt; for all others it is the priority of the journal.
_LEVELS: Final = """\
parser line {
    json-parser(prefix(".line."));
};
parser logfmt {
    regexp-parser(patterns('(?:^| )level=(?<level>debug|info|warn|error)(?: |$)') prefix(".line."));
};
rewrite level {
    set("error" value(".loki.level") condition(level(err..emerg)));
    set("warning" value(".loki.level") condition(level(warning)));
    set("info" value(".loki.level") condition(level(info..notice)));
    set("debug" value(".loki.level") condition(level(debug)));
    set("warning" value(".line.level") condition(match("^warn$" value(".line.level"))));
    set("${.line.level}" value(".loki.level")
        condition(match("^(debug|info|warning|error)$" value(".line.level"))));
};
rewrite forget {
    groupunset(values(".journald.*"));
    groupunset(values(".line.*"));
    groupunset(values(".time.*"));
};
"""


def _named(name: str, job: str, host: HostSpec, *more: str) -> str:
    lines = (f'set("{job}" value(".loki.job"));', f'set({_text(host.name)} value(".loki.host"));', *more)
    return f"rewrite {name} {{\n" + "".join(f"    {line}\n" for line in lines) + "};\n"


def _impls(fleet: FleetSpec, host: HostSpec) -> Iterable[str]:
    """The label `impl` of the instances that the host has; another one, which just left it, goes without."""
    for impl in Impl:
        names = [each.name for each in fleet.instances if each.host == host.name and each.impl == impl]
        if names:
            condition = f'match("^({"|".join(names)})$" value(".loki.instance"))'
            yield f'set("{impl}" value(".loki.impl") condition({condition}));'


def _destination(fleet: FleetSpec) -> str:
    """Each request is asked again for ever, but for one that Loki calls invalid."""
    return f"""\
destination loki {{
    http(
        url({_text(f"{url(fleet)}/loki/api/v1/push")})
        method("POST")
        headers("Content-Type: application/json")
        proxy("")
        body-prefix('{{"streams":[')
        body('{_BODY}')
        delimiter(",")
        body-suffix("]}}")
        batch-lines(500)
        batch-bytes({MEGABYTE})
        batch-timeout(1000)
        workers(1)
        timeout(30)
        response-action(400 => drop, 504 => disconnect)
        persist-name("loki")
        disk-buffer(
            reliable(yes)
            disk-buf-size({(fleet.monitoring.log_buffer_mb + WINDOW_MB) * MEGABYTE})
            mem-buf-size({WINDOW_MB * MEGABYTE})
            compaction(yes)
            dir("{DATA}")
        )
    );
}};
"""


_PATHS: Final = """\
log {
    source(journal);
    if {
        parser(threader);
        rewrite(of_threader);
        if { parser(line); };
    } elif {
        parser(other);
        rewrite(of_fleet);
        if { parser(logfmt); };
    } else {
        filter(problem);
        parser(told);
        rewrite(of_fleet);
    };
    rewrite(level);
    rewrite(moment);
    rewrite(forget);
    destination(loki);
    flags(flow-control);
};
log {
    source(own);
    destination(said);
};
log {
    source(own);
    filter(heartbeat);
    rewrite(of_itself);
    rewrite(level);
    rewrite(moment);
    destination(loki);
};
"""


def _text(value: str) -> str:
    """A text in double quotes, in which syslog-ng knows the same escapes as JSON for what a name or a URL may have."""
    return json.dumps(value)
