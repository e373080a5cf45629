"""What is tried on the operator's machine: Pulumi, its backend, the stack and its passphrase, settings, artifacts."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from deploy.artifacts import digest_of
from deploy.cli import locks, pulumi
from deploy.cli.doctor.finding import Finding
from deploy.cli.errors import CliError
from deploy.cli.processes import this_machine
from deploy.cli.settings import settings
from deploy.cli.stack import stack as chosen
from deploy.errors import ForPeople
from deploy.hosts.client import ROOT
from deploy.settings.errors import NAMESPACE, SettingsError
from deploy.settings.specs import ArtifactSpec, FleetSpec

HERE: Final = "here"


@dataclass
class Machine:
    """The findings so far, and what later checks need of earlier ones."""

    stack: str | None = None
    spec: FleetSpec | None = None
    findings: list[Finding] = field(default_factory=list)

    def attempt(self, what: str, check: Callable[[], str]) -> bool:
        """Run one check, whose answer is what it saw; its error is the finding."""
        try:
            text, good = check(), True
        except (ForPeople, SettingsError) as error:
            text, good = str(error), False
        self.findings.append(Finding(HERE, what, good, text))
        return good


def examine(named: str | None) -> Machine:
    """Try everything on this machine; what needs something that failed is left out."""
    machine = Machine(stack=named)
    if not (machine.attempt("pulumi", _pulumi) and machine.attempt("backend", _backend)):
        return machine

    def _stack() -> str:
        machine.stack = chosen(named)
        return machine.stack

    def _settings() -> str:
        machine.spec = settings(str(machine.stack))
        return f"instances: {len(machine.spec.instances)}, hosts: {len(machine.spec.hosts)}"

    if machine.attempt("stack", _stack):
        machine.attempt("lock", lambda: _lock(str(machine.stack)))
        machine.attempt("settings", _settings)
    if machine.spec:
        for artifact in machine.spec.release.artifacts.values():
            machine.attempt(f"release {artifact.impl}", lambda artifact=artifact: _artifact(artifact))  # type: ignore[misc]
    return machine


def _pulumi() -> str:
    version = pulumi.ask("version").strip()
    host = shutil.which("pulumi-language-python", path=pulumi.surroundings()["PATH"])
    if host is None:
        raise CliError("pulumi-language-python is not on PATH", "make setup")
    return version


def _backend() -> str:
    return str(pulumi.ask_json("whoami")["url"])


def _lock(stack: str) -> str:
    folder = locks.folder_of(_backend(), stack)
    found = list(locks.held(folder)) if folder else []
    for lock in found:
        if reason := locks.dead(lock, this_machine()):
            raise CliError(f"stack {stack} is locked by {lock}: {reason}", f"threader deploy --stack {stack}")
    if found:
        return f"held by {found[0]}, who may be at work"
    return "free" if folder else "not looked at: no file backend"


def _artifact(artifact: ArtifactSpec) -> str:
    if artifact.remote:
        return f"{artifact.artifact}, fetched when it is needed"
    path = ROOT / artifact.artifact
    if not path.is_file():
        raise CliError(f"{artifact.artifact} is not there", "make release")
    if artifact.sha256 and digest_of(path) != artifact.sha256:
        setting = f"'{NAMESPACE}:release.{artifact.impl}.sha256'"
        raise CliError(f"{artifact.artifact} is not what its sha256 says", f"pulumi config get --path {setting}")
    return f"{artifact.artifact}, {path.stat().st_size / 1e6:.1f} MB"
