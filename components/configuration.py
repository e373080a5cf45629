"""The stack's configuration as a spec; every mistake in it is shown at once, and nothing is done."""

import json
import os
from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.runtime import config as runtime

from deploy.artifacts import ArtifactError, digest_of
from deploy.hosts.client import ROOT
from deploy.settings.errors import SettingsError
from deploy.settings.load import load
from deploy.settings.specs import ArtifactSpec, FleetSpec, Impl


def fleet_spec() -> FleetSpec:
    """The spec of the running stack; its mistakes end the program as text for people."""
    prefix = f"{pulumi.get_project()}:"
    texts = {**runtime.get_config_env(), **runtime.CONFIG.get()}
    values = {key.removeprefix(prefix): _value(text) for key, text in texts.items() if key.startswith(prefix)}
    secret_keys = frozenset(name for name in values if runtime.is_config_secret(prefix + name))
    try:
        return load(values, secret_keys=secret_keys, environ=os.environ, stack=pulumi.get_stack())
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


def _value(text: Any) -> Any:
    """Pulumi hands structured values over as JSON, and plain ones as they are."""
    if isinstance(text, str) and text[:1] in "[{":
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text
