"""The stack's configuration as a spec; every mistake in it is shown at once, and nothing is done."""

import os
from collections.abc import Mapping
from typing import Any

import pulumi
import yaml
from pulumi.runtime import config as runtime

from deploy.artifacts import ArtifactError, digest_of
from deploy.hosts.client import ROOT
from deploy.settings.errors import SettingsError
from deploy.settings.load import load
from deploy.settings.raw import parsed, sections
from deploy.settings.specs import ArtifactSpec, FleetSpec, Impl


def fleet_spec() -> FleetSpec:
    """The spec of the running stack, with what the shell says for once; mistakes end the program as text for people."""
    texts = {**runtime.get_config_env(), **runtime.CONFIG.get()}
    secret_keys = sections(key for key in texts if runtime.is_config_secret(key))
    try:
        return load(
            parsed(texts),
            secret_keys=secret_keys,
            environ=os.environ,
            stack=pulumi.get_stack(),
            stack_file=_stack_file(),
        )
    except SettingsError as error:
        raise pulumi.RunError(str(error)) from None


def release_digests(spec: FleetSpec) -> Mapping[Impl, str]:
    """The SHA-256 of every artifact, as configured or, of a file of this machine, as it is."""
    try:
        return {impl: _digest(artifact) for impl, artifact in spec.release.artifacts.items()}
    except ArtifactError as error:
        raise pulumi.RunError(str(error)) from None


def _digest(artifact: ArtifactSpec) -> str:
    if artifact.sha256:
        return artifact.sha256
    path = ROOT / artifact.artifact
    if not path.is_file():
        raise ArtifactError(
            f"alert-threader:release.{artifact.impl}: {artifact.artifact} is not there; next: make release"
        )
    return digest_of(path)


def _stack_file() -> Mapping[str, Any]:
    """Pulumi tells of a section only that *some* value in it is encrypted: its own file says which."""
    path = ROOT / f"Pulumi.{pulumi.get_stack()}.yaml"
    return yaml.safe_load(path.read_text()) or {} if path.is_file() else {}
