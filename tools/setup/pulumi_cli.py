"""The Pulumi CLI for this checkout: chosen, made when it must be, linked into `.venv/bin`."""

import pwd
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from tools.setup import gomod, ownership, pulumi_build, pulumi_found, pulumi_installer, venv
from tools.setup.errors import SetupError
from tools.setup.locks import held
from tools.setup.paths import ROOT, cache, cache_folder, home
from tools.setup.progress import Step
from tools.setup.pulumi_source import Kind, Source, choose


def source(env: Mapping[str, str], outside: Callable[[], bool]) -> Source:
    """Say which CLI is used, without making it."""
    callers = [pwd.getpwnam(env["SUDO_USER"]).pw_dir] if env.get("SUDO_USER") else []
    found = pulumi_found.look(pulumi_found.places(env, [home(env), *callers]), ours=cache())
    shelves = [cache(), venv.folder(), *(cache_folder({}, caller) for caller in callers)]
    made = [folder for shelf in shelves for folder in _on(shelf) if (folder / "pulumi").exists()]
    return choose(found, made, outside)


def _on(shelf: Path) -> tuple[Path, Path]:
    return pulumi_installer.folder(shelf, gomod.cli_version()), pulumi_build.folder(shelf)


def make(step: Step, env: Mapping[str, str], outside: Callable[[], bool]) -> str:
    """Make sure that the CLI is there and linked; return what was done. Two checkouts at once share one build."""
    chosen = source(env, outside)
    if chosen.folder is None:
        with held(cache() / "pulumi.lock", step, "another checkout makes the Pulumi CLI"):
            chosen = source(env, outside)
            folder = chosen.folder or _make(step, chosen, env)
    else:
        folder = chosen.folder
    link(within_reach(folder), venv.folder() / "bin")
    return chosen.text


def _make(step: Step, chosen: Source, env: Mapping[str, str]) -> Path:
    if chosen.kind is Kind.INSTALLER:
        try:
            return pulumi_installer.install(step, cache(), gomod.cli_version(), env)
        except (SetupError, OSError) as error:
            step.note(f"the official installer failed ({error}): building from the Go modules instead")
    return pulumi_build.build(step, cache(), env)


def within_reach(programs: Path, root: Path = ROOT) -> Path:
    """Return where the checkout's owner can run the programs: root's cache is closed to them, so they get a copy."""
    if ownership.owner(root) is None or not programs.is_relative_to(cache()):
        return programs
    copy = venv.folder(root) / programs.name
    if not copy.exists():
        fresh = copy.with_name(f"{copy.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(programs, fresh)
        fresh.replace(copy)
    return copy


def link(programs: Path, into: Path) -> None:
    """Link Pulumi's programs into a folder, in place of the links of an earlier choice; real files are left alone."""
    wanted = {path.name: path for path in programs.glob("pulumi*") if path.is_file()}
    for old in into.glob("pulumi*"):
        if old.is_symlink() and old.readlink() != wanted.get(old.name):
            old.unlink()
    for name, path in wanted.items():
        if not (into / name).exists():
            (into / name).symlink_to(path)


def is_linked(root: Path = ROOT) -> bool:
    """Tell whether `.venv/bin/pulumi` leads to a program that exists."""
    return (venv.folder(root) / "bin" / "pulumi").exists()
