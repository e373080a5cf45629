"""slot: the second place of an instance, where what it ran goes on while it becomes something else. Used by `activate`.

The slot of NAME is NAME--prev, an instance of its own in every respect: folder, links, unit, ledger. Its generation is
made here from the one that NAME runs, has the same name, and differs in nothing but the port, the instance's name and
where it stores things. It is a copy, so neither can harm the other. Python 3.10, standard library only.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import records
from instance import alive, current, damage, digest_of, systemctl, text_of, transient, unit
from records import DATA, RUN, Answer, locked, read, write

ENV, UNITS = Path("/etc/alert-threader.d"), Path("/etc/systemd/system")
HELPER = Path(__file__).with_name("activate")  # what runs this
END = "--prev"
AGAIN = 10.0  # seconds between two looks whether a rollout is under way
UNDECIDED = ("running", "held")  # how a rollout stands that may still need its slots
LINE = re.compile(r"^([A-Za-z_][A-Za-z0-9_]*)=")


def is_slot(name: str) -> bool:
    """Whether it is the name of a slot: nothing else is ever removed here."""
    return name.endswith(END) and len(name) > len(END) and "/" not in name


def warming(slot: str) -> str:
    """The units that wait for the end of a slot that is kept warm."""
    return f"alert-threader-warm-{slot}"


# --- making one


def keep(name: str, port: str, token: str) -> Answer:
    """Lay what an instance runs ready in its slot; nothing of the instance is touched, and nothing is started."""
    slot, generation = f"{name}{END}", current(name)
    with records.writing(token) as refusal:
        if refusal:
            return refusal
    wrong = unkept(name, slot, generation, token)
    if wrong or generation is None:
        return {"state": "failed", "reason": wrong}
    with locked(slot):
        fresh = copied(name, slot, generation, int(port))
        with records.writing(token) as refusal:  # a copy takes its time
            if refusal:
                shutil.rmtree(fresh)
                return refusal
            stay(slot)
            placed(slot, fresh)
            linked(slot)
    return {"state": "kept", "generation": generation}


def unkept(name: str, slot: str, generation: str | None, token: str) -> str | None:
    """Why what an instance runs can not go on in a slot, or None."""
    if is_slot(name) or generation is None:
        return "nothing is activated" if generation is None else f"{name} is a slot itself"
    if (DATA / name / "pending.json").exists():
        return f"what {name} runs is not confirmed yet"
    if alive(slot):
        return "another activation of its slot is under way"
    if read(RUN / f"{slot}.never").get("token") == token:
        return "the controller dropped it before"
    return damage(name, generation)


def copied(name: str, slot: str, generation: str, port: int) -> Path:
    """A generation for the slot, whole, beside its place. Nobody but root reads of it before it has its own rights."""
    source, home = DATA / name / "generations" / generation, DATA / slot / "generations"
    home.mkdir(mode=0o755, parents=True, exist_ok=True)
    fresh = home / f".{generation}.new"
    shutil.rmtree(fresh, ignore_errors=True)
    mask = os.umask(0o077)
    try:
        shutil.copytree(source, fresh, symlinks=True)
        changed = {"settings.json": moved, "env": own, "unit.conf": described}
        for file, change in changed.items():
            text = text_of(fresh / file)
            if text is not None:
                (fresh / file).write_text(change(text, name, port))
        seal(fresh, changed.keys())
    except (OSError, ValueError):
        shutil.rmtree(fresh, ignore_errors=True)
        with suppress(OSError):  # which is so where the slot has something else
            home.rmdir()
            home.parent.rmdir()
        raise
    finally:
        os.umask(mask)
    flush()
    return fresh


def flush() -> None:
    """Have all that was written outlive a crash: one call for the many files of a release."""
    os.sync()


def moved(text: str, _: str, port: int) -> str:
    """The settings of a generation, at another port."""
    found = json.loads(text)
    for key in ("health", "ready"):
        if found.get(key):
            where = urlsplit(str(found[key]))
            host = where.netloc.rpartition(":")[0]
            found[key] = where._replace(netloc=f"{host}:{port}").geturl()
    return json.dumps({**found, "port": port}, indent=1, sort_keys=True) + "\n"


def own(text: str, name: str, port: int) -> str:
    """The variables of a generation, for the slot: its port, its name, and its own folder wherever that is named."""
    mine = {"BIND_PORT": str(port), "INSTANCE": f"{name}{END}"}
    lines = [line for line in text.split("\n") if line.strip()]
    kept = [line for line in lines if not ((found := LINE.match(line)) and found[1] in mine)]
    kept = [line.replace(f"{DATA}/{name}/", f"{DATA}/{name}{END}/") for line in kept]
    return "".join(f"{line}\n" for line in sorted([*kept, *(f'{key}="{value}"' for key, value in mine.items())]))


def described(text: str, name: str, _: int) -> str:
    """What systemd says of an instance, said of the slot."""
    return re.sub(rf"(?<=Alert threader ){re.escape(name)}(?= )", f"{name}{END}", text)


def seal(folder: Path, changed: Collection[str]) -> None:
    """The checksums of a copy: of what was changed made anew, else those of the original, which tell of a bad copy."""
    path = folder / "MANIFEST.sha256"
    names = {name: digest for digest, name in (line.split("  ", 1) for line in path.read_text().splitlines())}
    for name in names.keys() & set(changed):
        names[name] = digest_of(folder / name)
    path.write_text("".join(f"{digest}  {name}\n" for name, digest in sorted(names.items())))


def placed(slot: str, fresh: Path) -> None:
    """Put a copy in its place, and remove what the slot had before, but for what it runs. One that is the same goes."""
    home = fresh.parent
    name = fresh.name[1:].removesuffix(".new")
    same = text_of(home / name / "MANIFEST.sha256") == text_of(fresh / "MANIFEST.sha256")
    if same and not damage(slot, name):
        shutil.rmtree(fresh)
    else:
        aside = home / f".{name}.old"
        shutil.rmtree(aside, ignore_errors=True)
        if (home / name).exists():
            (home / name).replace(aside)
        fresh.replace(home / name)
    for path in home.iterdir():
        if path.name not in (name, current(slot)):
            shutil.rmtree(path, ignore_errors=True)


def links(slot: str) -> dict[Path, Path]:
    """The links of a slot, as any instance has them; the last one has it started at boot."""
    home = DATA / slot / "current"
    return {
        ENV / f"{slot}.env": home / "env",
        UNITS / f"{unit(slot)}.d" / "generation.conf": home / "unit.conf",
        UNITS / "multi-user.target.wants" / unit(slot): UNITS / "alert-threader@.service",
    }


def linked(slot: str) -> None:
    """Make the links of a slot."""
    for path, target in links(slot).items():
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(target)
        fresh.replace(path)


# --- its end


def drop(slot: str, token: str) -> Answer:
    """Stop a slot and remove it; whatever is under way in it ends, and never begins under this lease any more."""
    if not is_slot(slot):
        return {"state": "failed", "reason": f"{slot} is no slot"}
    with records.writing(token) as refusal:
        if refusal:
            return refusal
        write(RUN / f"{slot}.never", json.dumps({"token": token}))
    if alive(slot):
        (DATA / slot / "pending.json").unlink(missing_ok=True)  # it need not go back to anything
        systemctl("stop", f"{transient(slot)}.service")
    with locked(slot):
        stay(slot)
        failure = removed(slot)
    return {"state": "failed" if failure else "dropped", "reason": failure}


def removed(slot: str, *how: str) -> str | None:
    """Remove all of a slot, first what starts it at boot and last its folder; why that could not be done, or None."""
    if not (DATA / slot).exists() and not any(path.is_symlink() for path in links(slot)):
        return None
    for path in reversed(links(slot)):
        if path.parent.name.endswith(".wants"):
            path.unlink(missing_ok=True)
    done = systemctl("stop", *how, unit(slot))
    if done.returncode and systemctl("is-active", unit(slot)).stdout.strip() == "active":
        return f"systemd could not stop {unit(slot)}: {done.stderr.strip()}"
    systemctl("reset-failed", unit(slot))
    for path in links(slot):
        path.unlink(missing_ok=True)
    with suppress(OSError):
        (UNITS / f"{unit(slot)}.d").rmdir()
    for end in ("state", "order"):
        (RUN / f"{slot}.{end}").unlink(missing_ok=True)
    if (DATA / slot).exists():
        (DATA / slot / "current").unlink(missing_ok=True)
        shutil.rmtree(DATA / slot)
    systemctl("daemon-reload")
    return None


def stay(slot: str) -> None:
    """It is not to end by itself any more."""
    systemctl("stop", f"{warming(slot)}.timer", f"{warming(slot)}.service")
    (DATA / slot / "warm.json").unlink(missing_ok=True)


def warm(slot: str, seconds: str, token: str) -> Answer:
    """Let a slot run on for a while; it does not outlive a boot."""
    if not is_slot(slot) or current(slot) is None:
        return {"state": "failed", "reason": "nothing is activated" if is_slot(slot) else f"{slot} is no slot"}
    words = ["systemd-run", "--quiet", "--collect", f"--unit={warming(slot)}", f"--on-active={float(seconds):g}"]
    words += ["--timer-property=AccuracySec=100ms", "--property=Restart=on-failure"]
    words += [f"--property=RestartSec={AGAIN:g}", str(HELPER), "expire", slot]
    with locked(slot), records.writing(token) as refusal:
        if refusal:
            return refusal
        stay(slot)
        write(DATA / slot / "warm.json", json.dumps({"seconds": float(seconds), "since": records.utc()}))
        (UNITS / "multi-user.target.wants" / unit(slot)).unlink(missing_ok=True)
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    failed = done.returncode != 0
    return {"state": "failed" if failed else "warm", "reason": done.stderr.strip() if failed else None}


def expire(slot: str) -> None:
    """What the timer of a warm slot calls: remove it, once no rollout is under way that may still need it."""
    while busy():
        time.sleep(AGAIN)
    with locked(slot):
        failure = removed(slot) if (DATA / slot / "warm.json").exists() else None
    if failure:
        sys.exit(failure)


def busy() -> bool:
    """Whether somebody has the fleet, or the newest rollout that this host knows of is not decided."""
    found = records.stored()
    return bool(found and records.live(found)) or records.newest().get("state") in UNDECIDED


def tidy() -> None:
    """At boot: a slot that was only warm is not started, nor is one in which nothing was activated; both are removed.

    Nobody is waited for: what would start them is still waiting for this.
    """
    for folder in DATA.glob(f"*{END}"):
        with locked(folder.name):
            if (folder / "warm.json").exists() or current(folder.name) is None:
                removed(folder.name, "--no-block")
