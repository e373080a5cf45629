"""The systemd unit that runs HAProxy as the edge; the distribution's own haproxy.service is another one."""

from typing import Final

from deploy.manifest.paths import EDGE_HELPER

# Exposure by `systemd-analyze security` is 1.1 (Debian 12). What is left of it, and why:
# 0.5 PrivateNetwork, 0.3 AF_INET and AF_INET6, 0.2 IPAddressDeny: a load balancer serves the network, whoever is in it;
# 0.1 AF_UNIX: the sockets on which it is told to drain; 0.1 RootDirectory: it is the distribution's program, in /usr;
# 0.1 DeviceAllow: char-rtc, which ProtectClock itself lets in, to be read only.
# No port below 1024 can be bound: there are no capabilities. PCRE's JIT is refused by MemoryDenyWriteExecute; the
# configuration has no regular expressions. `kill` and python3, for the helper, run in the same sandbox.
UNIT: Final = f"""\
# Written by Alert Threader Fleet. Changes by hand show in `pulumi preview --diff` and are undone by `pulumi up`.
[Unit]
Description=Edge of the alert threaders (HAProxy)
Documentation=man:haproxy(1)
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=notify
User=haproxy
Group=haproxy
RuntimeDirectory=alert-threader-edge
RuntimeDirectoryMode=0750
RuntimeDirectoryPreserve=restart
ExecStartPre={EDGE_HELPER} prepare
ExecStart=/usr/sbin/haproxy -Ws -f /run/alert-threader-edge/haproxy.cfg -S /run/alert-threader-edge/master.sock
ExecStartPost={EDGE_HELPER} start
ExecReload={EDGE_HELPER} prepare
ExecReload=/bin/kill -USR2 $MAINPID
Restart=always
RestartSec=200ms
KillSignal=SIGUSR1
KillMode=mixed
TimeoutStopSec=75
SuccessExitStatus=143
LimitNOFILE=16384
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
MemoryDenyWriteExecute=yes
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
