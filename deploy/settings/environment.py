"""The variables of the whole fleet: plain ones, secrets, and those of the operator's shell where config has none."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from deploy.settings import secrets as encrypted
from deploy.settings import shell, variables
from deploy.settings.masking import Path, setting
from deploy.settings.placement import Place
from deploy.settings.report import Report
from deploy.settings.specs import Secret
from deploy.settings.values import TOKEN, WEBHOOK


@dataclass(frozen=True, slots=True)
class Environment:
    """Variables by name, where each came from, and what to say once about them.

    `given` are all names, also of variables whose values are wrong.
    """

    env: Mapping[str, str]
    secrets: Mapping[str, Secret]
    sources: Mapping[str, str]
    notes: tuple[str, ...]
    given: frozenset[str]

    def of(self, place: Place) -> Mapping[str, str]:
        """The plain variables of an instance: the fleet's, and its own over them."""
        return {**self.env, **place.env}

    def path(self, name: str, place: Place) -> Path:
        """The setting that gives an instance a plain variable."""
        return ("instances", place.index, "env", name) if name in place.env else ("env", name)


def environment(
    config: Mapping[str, object],
    secret_keys: Collection[str],
    environ: Mapping[str, str],
    stack_file: Mapping[str, object],
    report: Report,
) -> Environment:
    """The variables that all instances have in common; config wins over the shell."""
    env = variables.plain(config.get("env"), ("env",), report)
    own = encrypted.secrets(config, secret_keys, stack_file, report)
    _check_twice(env, own, report)
    taken = shell.secrets(environ, {*env, *own}, report)
    secrets = own | taken
    sources = {name: _source("env", name, environ) for name in env} | {
        name: _source("secrets", name, environ) for name in own
    }
    notes = (*_slack_notes(secrets), *shell.notes(environ))
    given = frozenset({*secrets, *_names(config.get("env")), *_names(config.get("secrets"))})
    return Environment(env, secrets, sources | shell.sources(environ, taken), notes, given)


def _names(section: object) -> list[str]:
    return [str(name) for name in section] if isinstance(section, Mapping) else []


def _source(section: str, name: str, environ: Mapping[str, str]) -> str:
    beaten = name in shell.PASSED_ON and environ.get(name)
    return setting((section, name)) + (f" (wins over {name} of your shell)" if beaten else "")


def _check_twice(env: Mapping[str, str], secrets: Mapping[str, Secret], report: Report) -> None:
    for name in sorted(env.keys() & secrets.keys()):
        reason = "this variable is under secrets, too"
        report.add(("env", name), env[name], reason, "pulumi config rm --path '{path}'", secret=True)


def _slack_notes(secrets: Mapping[str, Secret]) -> list[str]:
    if TOKEN in secrets:
        return []
    lead = f"there is neither {TOKEN} nor {WEBHOOK}, so threaders will refuse to start"
    if WEBHOOK in secrets:
        lead = f"messages will be unthreaded: {WEBHOOK} is set, {TOKEN} is not, and a webhook has no threads"
    return [f"{lead}; next: {variables.encrypt(TOKEN)}"]
