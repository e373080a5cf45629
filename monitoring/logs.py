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

from typing import Final

from deploy.manifest.monitoring.access import authority
from deploy.manifest.paths import part_data
from deploy.settings.specs import FleetSpec, HostSpec
from monitoring.log_labels import labels
from monitoring.loki import url

_HEAD: Final = (
    "# Written by Alert Threader Fleet. Changes by hand show in `pulumi preview --diff` and are undone by `pulumi up`."
)
DATA: Final = part_data("log-shipper")
"""Where syslog-ng keeps its buffer; its persist file lies there, too."""
SOURCE: Final = 'source journal {\n    systemd-journal(prefix(".journald.") max-field-size(65536));\n};\n'
MEGABYTE: Final = 1 << 20
WINDOW_MB: Final = 8
"""Room beside the buffer for what was just read when that became full: 100 lines at most, of 64 KB at most."""
HEARTBEAT_SECONDS: Final = 300
"""How often a shipper says how it is: a host whose logs do not arrive is noticed by that."""

# What a line is labelled with lies in .loki.*; all else is forgotten before the buffer, where it would take up room.
_BODY: Final = """\
{"stream":$(format-json --omit-empty-values job=${.loki.job} instance=${.loki.instance} impl=${.loki.impl} \
unit=${.loki.unit} level=${.loki.level} host=${.loki.host}),\
"values":[["${.loki.time}",$(substr $(format-json m=${MESSAGE}) 5 -1)]]}"""


def configuration(fleet: FleetSpec, host: HostSpec) -> str:
    """The configuration of syslog-ng 3.38 on a host; needs a fleet that has a Loki."""
    parts = (_OPTIONS, SOURCE, _OWN, labels(fleet, host), _destination(fleet), _PATHS)
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


def _destination(fleet: FleetSpec) -> str:
    """Each request is asked again for ever, but for one that Loki calls invalid."""
    tls = f'        tls(ca-file("{authority("log-shipper")}") peer-verify(yes))\n' if fleet.monitoring.tls else ""
    return f"""\
destination loki {{
    http(
        url("{url(fleet)}/loki/api/v1/push")
        method("POST")
        headers("Content-Type: application/json")
        proxy("")
{tls}        body-prefix('{{"streams":[')
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
    destination(loki);
};
"""
