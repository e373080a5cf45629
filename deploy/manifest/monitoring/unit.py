"""The systemd units of the monitoring: without rights, each as a user that exists only while it runs. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from deploy.manifest.paths import UNIT_DIRECTORY, credential_path, part_data, part_directory, part_runtime, part_unit

HEAD: Final = (
    "# Written by Alert Threader Fleet. Changes by hand show in `pulumi preview --diff` and are undone by `pulumi up`."
)

# Exposure by `systemd-analyze security` (Debian 12) is 1.1 to 1.3: tests/fleet/test_monitoring_parts.py looks at it.
# What is left of it, and why: 0.5 PrivateNetwork, 0.3 AF_INET and AF_INET6, 0.2 IPAddressDeny: all of them answer, or
# ask, in the network, at addresses of any fleet; 0.1 AF_UNIX: names are resolved, and journals read, through sockets;
# 0.1 RootDirectory: the program is the distribution's, in /usr; 0.1 DeviceAllow: char-rtc, which ProtectClock itself
# lets in, to be read only. What a part needs beyond that is said where its unit is.
HARDENED: Final = MappingProxyType(
    {
        "DynamicUser": "yes",
        "NoNewPrivileges": "yes",
        "CapabilityBoundingSet": "",
        "AmbientCapabilities": "",
        "ProtectSystem": "strict",
        "ProtectHome": "yes",
        "ProtectClock": "yes",
        "ProtectHostname": "yes",
        "ProtectKernelLogs": "yes",
        "ProtectKernelModules": "yes",
        "ProtectKernelTunables": "yes",
        "ProtectControlGroups": "yes",
        "ProtectProc": "invisible",
        "ProcSubset": "pid",
        "PrivateDevices": "yes",
        "PrivateTmp": "yes",
        "PrivateUsers": "yes",
        "RemoveIPC": "yes",
        "KeyringMode": "private",
        "LockPersonality": "yes",
        "MemoryDenyWriteExecute": "yes",
        "RestrictNamespaces": "yes",
        "RestrictRealtime": "yes",
        "RestrictSUIDSGID": "yes",
        "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
        "SystemCallArchitectures": "native",
        "SystemCallFilter": "@system-service",
    }
)
_REFUSED: Final = "SystemCallFilter=~@privileged @resources\nSystemCallErrorNumber=EPERM\n"


@dataclass(frozen=True)
class Service:
    """A program that runs all the time.

    `command` starts it; `check` fails for a configuration that it would refuse, and `reload` has it read another one
    (none where only a restart does). `credentials` are names of files in its directory; `program` is the folder of its
    tarball. `lines` go into [Service], `exempt` are directives of `HARDENED` that it can not have as they are.
    """

    part: str
    description: str
    command: Sequence[str]
    check: Sequence[str] = ()
    reload: str | None = None
    credentials: Sequence[str] = ()
    program: str | None = None
    lines: Sequence[str] = ()
    exempt: Mapping[str, str | None] = field(default_factory=dict)

    def text(self) -> str:
        """The unit file."""
        part, directory = self.part, part_directory(self.part)
        body = [
            "Type=exec",
            f"RuntimeDirectory={part_runtime(part).rpartition('/')[2]}",
            "RuntimeDirectoryMode=0700",
            f"StateDirectory={part_data(part).rpartition('/')[2]}",
            "StateDirectoryMode=0700",
            *(f"LoadCredential={name}:{directory}/{name}" for name in self.credentials),
            f"ExecStartPre={note_started(part, self.credentials, self.program)}",
            f"ExecStartPre={note_loaded(part)}",
            f"ExecStart={words(self.command)}",
            *self._reload(),
            *self.lines,
            "Restart=always",
            "RestartSec=2",
            "UMask=0077",
        ]
        return f"""\
{HEAD}
[Unit]
Description={self.description}
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
{chr(10).join(body)}

{hardened(self.exempt)}
[Install]
WantedBy=multi-user.target
"""

    def _reload(self) -> list[str]:
        if not self.reload:
            return []
        checked = [f"ExecReload={words(self.check)}"] if self.check else []
        return [*checked, f"ExecReload={note_loaded(self.part)}", f"ExecReload={self.reload}"]


def hardened(exempt: Mapping[str, str | None] | None = None) -> str:
    """The directives that take rights away; `exempt` has other values for some, None for none at all."""
    directives = {**HARDENED, **(exempt or {})}
    return "".join(f"{name}={value}\n" for name, value in directives.items() if value is not None) + _REFUSED


def note_started(part: str, credentials: Sequence[str], program: str | None) -> str:
    """The command that notes with which unit file, credentials and program a part is started."""
    paths = [f"{UNIT_DIRECTORY}/{part_unit(part)}", *(credential_path(part, name) for name in credentials)]
    return _noted(part, "started", " ".join(["sha256sum", *paths, *([f"{program}/.sha256"] if program else [])]))


def note_loaded(part: str) -> str:
    """The command that notes which configuration a part is about to read: everything in its directory but secrets."""
    return _noted(part, "loaded", f"find {part_directory(part)} -type f -perm -004 -exec sha256sum {{}} +")


def words(command: Sequence[str]) -> str:
    """A command as a unit file has it, a word a line."""
    return " \\\n    ".join(map(_word, command))


def _noted(part: str, name: str, command: str) -> str:
    path = f"{part_runtime(part)}/{name}"
    return f"/bin/sh -ec '{command} >{path}.new && mv {path}.new {path}'"


def _word(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("%", "%%").replace("$", "$$").replace('"', '\\"')
    return escaped if re.fullmatch(r"[^\s\"';]+", text) else f'"{escaped}"'
