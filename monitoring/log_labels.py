"""Who wrote a line of the journal, and how bad it is: what Loki's labels are made of, for syslog-ng. Pure."""

from collections.abc import Iterable
from typing import Final

from deploy.manifest.paths import SLOT
from deploy.settings.specs import FleetSpec, HostSpec, Impl
from monitoring.log_time import MOMENT, TIME
from monitoring.loki import SHIPPER


def labels(fleet: FleetSpec, host: HostSpec) -> str:
    """Who wrote a line: a threader, another unit of ours, or systemd, of one of ours that has a problem."""
    name = "[a-z0-9-]+"
    return "\n".join(
        (
            _unit("threader", ".journald._SYSTEMD_UNIT", rf"^alert-threader@(?<instance>{name})\.service$"),
            _unit("other", ".journald._SYSTEMD_UNIT", r"^(?<unit>alert-threader-(?!log-shipper).*)$"),
            _unit("told", ".journald.UNIT", r"^(?<unit>alert-threader[-@].*)$"),
            _IS_TOLD,
            MOMENT,
            _LEVELS,
            _named("of_threader", "alert_threader", host, *_impls(fleet, host)),
            _named("of_fleet", "alert_threader_fleet", host),
            _named("of_itself", "alert_threader_fleet", host, *_OF_ITSELF),
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

# The time of its own signs of life is apart: they are newer than what a shipper that starts has yet to read.
_OF_ITSELF: Final = (
    f'set("{SHIPPER}" value(".loki.unit"));',
    f'set("{TIME}" value(".loki.time"));',
)

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
    lines = (f'set("{job}" value(".loki.job"));', f'set("{host.name}" value(".loki.host"));', *more)
    return f"rewrite {name} {{\n" + "".join(f"    {line}\n" for line in lines) + "};\n"


def _impls(fleet: FleetSpec, host: HostSpec) -> Iterable[str]:
    """The label `impl` of instances that the host has, and of their slots; what just left it goes without."""
    for impl in Impl:
        names = [each.name for each in fleet.instances if each.host == host.name and each.impl == impl]
        if names:
            condition = f'match("^({"|".join(names)})({SLOT})?$" value(".loki.instance"))'
            yield f'set("{impl}" value(".loki.impl") condition({condition}));'
