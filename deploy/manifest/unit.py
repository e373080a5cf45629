"""The systemd units that every host has: the template of the threaders, and the one that settles after a reboot."""

from typing import Final

from deploy.manifest.paths import DATA_DIRECTORY, ENV_DIRECTORY, HELPER, SLOT, UNIT_DIRECTORY, USER

TEMPLATE_PATH: Final = f"{UNIT_DIRECTORY}/alert-threader@.service"
SETTLE_PATH: Final = f"{UNIT_DIRECTORY}/alert-threader-settle.service"
SETTLE_WANTS: Final = f"{UNIT_DIRECTORY}/multi-user.target.wants/alert-threader-settle.service"

# Exposure by `systemd-analyze security`: see docs/architecture.md. MemoryDenyWriteExecute is left out for Node's JIT.
TEMPLATE: Final = f"""\
# Written by Alert Threader Fleet. Changes by hand show in `pulumi preview --diff` and are undone by `pulumi up`.
[Unit]
Description=Alert threader %i
Documentation=https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
Wants=network-online.target
After=network-online.target alert-threader-settle.service
StartLimitIntervalSec=0

[Service]
Type=exec
User={USER}
Group={USER}
EnvironmentFile={ENV_DIRECTORY}/%i.env
ExecStart={DATA_DIRECTORY}/%i/current/release/run
WorkingDirectory={DATA_DIRECTORY}/%i/current/release
StateDirectory=alert-threader/%i/data
StateDirectoryMode=0700
Restart=always
RestartSec=2
RestartPreventExitStatus=78
TimeoutStopSec=40
KillMode=mixed
UMask=0077

NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
ProtectProc=invisible
ProcSubset=pid
PrivateDevices=yes
PrivateTmp=yes
PrivateUsers=yes
RemoveIPC=yes
LockPersonality=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
"""

SETTLE: Final = f"""\
# Written by Alert Threader Fleet. A switch that nobody confirmed before a reboot is undone before the threaders start;
# second slots that were not to outlive it are removed.
[Unit]
Description=Undo unconfirmed activations of alert threaders
After=local-fs.target
ConditionPathExistsGlob=|{DATA_DIRECTORY}/*/pending.json
ConditionPathExistsGlob=|{DATA_DIRECTORY}/*{SLOT}

[Service]
Type=oneshot
ExecStart={HELPER} settle

[Install]
WantedBy=multi-user.target
"""
