"""The Pulumi CLI and its Python language host, built from their own Go modules."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tools.setup import command, go, gomod
from tools.setup.errors import SetupError
from tools.setup.progress import Step

CLI_SECONDS, LANGUAGE_HOST_SECONDS = 130.0, 25.0
CLI_PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
LANGUAGE_HOST_PACKAGE = "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python"
SDK = "github.com/pulumi/pulumi/sdk/v3"
STEP = "pulumi-cli"


def folder(cache: Path) -> Path:
    """Return where the programs of the committed go.mod and go.sum files are."""
    return cache / f"pulumi-{gomod.build_digest()}"


def environment(env: Mapping[str, str], work: Path) -> dict[str, str]:
    """Return Go's environment for the build: its own caches, deleted afterwards, and the user's proxy settings."""
    own = {
        "GOPATH": str(work / "go"),
        "GOMODCACHE": str(work / "go" / "pkg" / "mod"),
        "GOCACHE": str(work / "objects"),
        "GOTMPDIR": str(work / "tmp"),
        "GOFLAGS": "-modcacherw -buildvcs=false",
        "GOTOOLCHAIN": "local",
        "GO111MODULE": "on",
        "GOWORK": "off",
        "CGO_ENABLED": "0",
    }
    return {**env, **own}


def build(step: Step, cache: Path, env: Mapping[str, str]) -> Path:
    """Build both programs and return their folder. Hold the build's lock. Interrupted, it goes on where it was."""
    final = folder(cache)
    work = final.with_name(f"{final.name}.building")
    programs = work / "programs"
    _prune(cache, keep=work)
    for path in (programs, work / "tmp"):
        path.mkdir(parents=True, exist_ok=True)
    env = environment(env, work)
    step.usual, step.doing = CLI_SECONDS + LANGUAGE_HOST_SECONDS, "building the Pulumi CLI"
    compiler = go.recent(step, env, gomod.needed_go())
    step.doing = "building the Pulumi CLI"
    _compile(step, compiler, env, gomod.CLI, CLI_PACKAGE, programs / "pulumi")
    step.doing = "building Pulumi's Python language host"
    _compile(step, compiler, env, gomod.LANGUAGE_HOST, LANGUAGE_HOST_PACKAGE, programs / "pulumi-language-python")
    _copy_exec(Path(env["GOMODCACHE"]), programs)
    _try(programs / "pulumi")
    programs.replace(final)
    shutil.rmtree(work, ignore_errors=True)
    return final


def _prune(cache: Path, keep: Path) -> None:
    """Remove what interrupted builds of other versions left: gigabytes each."""
    for old in cache.glob("pulumi-*.building"):
        if old != keep:
            shutil.rmtree(old, ignore_errors=True)


def _compile(step: Step, compiler: str, env: Mapping[str, str], module: Path, package: str, out: Path) -> None:
    version = gomod.version((module / "go.mod").read_text(), SDK)
    flags = ["-trimpath", "-mod=readonly", "-ldflags", f"-s -w -X {SDK}/go/common/version.Version={version}"]
    command.run(step, STEP, [compiler, "build", *flags, "-o", out, package], env=env, cwd=module)


def _copy_exec(modules: Path, programs: Path) -> None:
    """Copy the Python file that the language host starts a program with; it is in the SDK at the CLI's version."""
    source = modules / f"{SDK}@{gomod.cli_version()}" / "python" / "cmd" / "pulumi-language-python-exec"
    target = programs / source.name
    shutil.copyfile(source, target)
    target.chmod(0o755)


def _try(pulumi: Path) -> None:
    env = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "1"}
    said = subprocess.run([pulumi, "version"], capture_output=True, text=True, check=False, env=env).stdout.strip()
    if said != gomod.cli_version():
        raise SetupError(f"the Pulumi CLI that was built says {said!r}, not {gomod.cli_version()!r}", "make setup")
