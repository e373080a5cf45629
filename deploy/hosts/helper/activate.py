"""activate: switches one instance to another generation, as a transaction that goes back by itself.

The only privileged helper on a host, run by `start`, with `instance`, `records` and `slot` beside it. `begin` runs
`switch` under PID 1 (a transient unit, whose name is the mutex), so that a lost SSH session changes nothing. A switch
that is not confirmed in time, whose process dies, or that a reboot cuts off, is undone. What is at work on an instance
holds the lock /run/alert-threader/INSTANCE.lock. Every verb but `switch`, `settle` and `expire` prints one line of
JSON, most with a `state` and a `reason`. Python 3.10, standard library only.

  activate lease TOKEN SECONDS BY PURPOSE    take or renew the right to write; `release TOKEN` gives it back
  activate begin INSTANCE GENERATION TOKEN CONFIRM_WITHIN BY PURPOSE
                                             switch (to `-`: stop), and say how it stands once that is decided
  activate confirm INSTANCE TOKEN            keep a switch that is healthy; says how it ended
  activate undo INSTANCE TOKEN               order a switch back, lease or not; says how it ended
  activate restart INSTANCE BY               settle what a dead switch left, or restart what runs
  activate settle [INSTANCE]                 undo what was left pending (at boot: of every instance)
  activate survey [INSTANCE...]              why each instance is not healthy or not ready, or null
  activate note JSON                         add to the list of rollouts
  activate story TOKEN [JSON]                replace what is known of the rollout TOKEN; without a word, from stdin
  activate ask TOKEN                         what somebody wants of the rollout TOKEN; `request JSON` leaves that here
  activate keep INSTANCE PORT TOKEN          lay what it runs ready in its second slot INSTANCE--prev: see `slot`
  activate drop SLOT TOKEN                   stop a slot and remove it
  activate warm SLOT SECONDS TOKEN           let it run on for so long, but not beyond a boot; then `expire SLOT`
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import records
import slot
from instance import (
    POLL,
    alive,
    at_once,
    beside,
    current,
    damage,
    listened,
    point,
    settings,
    systemctl,
    taken,
    text_of,
    transient,
    unit,
    unwell,
    wait,
)
from records import DATA, RUN, Answer, leave, locked, read, record, said, sync, tell, write

HELPER = Path(__file__).with_name("activate")  # what runs this
GOING_BACK = 900  # seconds that an undo may take after its switch was killed: a stop, a start, and a deadline
STOP = "-"
BACK = ("undo", "reject")  # purposes of a failed rollout's way back, which nobody has to confirm and nobody undoes
ENDED = ("failed", "confirmed", "reverted", "stuck")  # stuck: the disk does not let it go back yet
DECIDED = ("healthy", "failing", *ENDED)  # failing: goes back, and waits for its port, which another instance has
LOST = {"state": "lost", "reason": "no such switch on this host"}


def see_off(name: str) -> None:
    """Wait until a switch that is decided has left."""
    while read(RUN / f"{name}.state").get("state") in ENDED and alive(name):
        time.sleep(POLL)


def halted(name: str) -> str | None:
    """That waiting for the instance is of no use, or None."""
    shown = systemctl("show", "--property=NRestarts,ActiveState", unit(name)).stdout.splitlines()
    state = dict(line.split("=", 1) for line in shown if "=" in line)
    ended = state.get("ActiveState") == "failed" or int(state.get("NRestarts") or 0) >= 3
    return f"it exited, {state.get('NRestarts')} restarts did not help" if ended else None


# --- the transaction


def knows(name: str, pending: Answer) -> bool:
    """Whether systemd need not be told what comes next: both say the same of the unit, and nobody has changed it.

    Telling it takes 0.2 s of a processor, which are most of a switch.
    """
    old, new = (text_of(DATA / name / "generations" / str(pending.get(key)) / "unit.conf") for key in ("from", "to"))
    return old is not None and old == new and not (DATA / name / "repair-pending").exists()


def stopped(name: str, pending: Answer) -> str | None:
    """Stop what runs, after `current` was moved; that it can not be stopped, or None."""
    if not knows(name, pending):
        systemctl("daemon-reload")
    with suppress(OSError):
        (DATA / name / "repair-pending").unlink(missing_ok=True)
    done = systemctl("stop", unit(name))
    systemctl("reset-failed", unit(name))  # the restarts of what ran before do not count against the next one
    return f"systemd could not stop {unit(name)}: {done.stderr.strip()}" if done.returncode else None


def started(
    name: str, ready: bool, halt: Callable[[], str | None], insist: Callable[[], None] | None = None
) -> str | None:
    """Start what is current and wait until it is well; the reason why it is not within its deadline, or None.

    First its port has to be free. Where it is not, `insist` is called, and after a while it is started all the same.
    """
    want = settings(name)
    seconds, pause = want["deadline"], want["interval"]
    end = time.monotonic() + seconds
    reason = taken(want["health"])
    if reason:
        if insist:
            insist()
        reason = wait(lambda: taken(want["health"]), end, POLL, halt)
    if reason and insist:
        end = time.monotonic() + seconds
    if not reason or insist:
        done = systemctl("start", unit(name))
        if done.returncode:
            return f"systemd could not start {unit(name)}: {done.stderr.strip()}"
        listened(want["health"], pause)
        reason = wait(lambda: unwell(name, ready), end, pause, lambda: halted(name) or halt())
    return f"{reason}, for {seconds:g} s" if reason and time.monotonic() >= end else reason


def finish(name: str) -> None:
    """Nothing is pending any more, for good."""
    (DATA / name / "pending.json").unlink(missing_ok=True)
    sync(DATA / name)
    with suppress(OSError):
        (DATA / name / ".back").unlink(missing_ok=True)


def go_back(
    name: str,
    pending: Answer,
    verdict: str,
    reason: str,
    state: str = "reverted",
    ready: bool = False,
    moves: bool = False,
) -> None:
    """Undo a pending switch; never gated: it runs once, whatever it finds, and what runs comes before what is told.

    With `moves` only the link does. With `ready` the old one has to get ready, as it was; where it does not either, the
    new one has not failed: a link that is cut, say, or a store that is gone.
    """
    old, token = pending["from"], pending["token"]
    try:
        point(name, old)
        failure = None if moves else stopped(name, pending)
        if old is not None and not moves:
            # who has its port may be waiting for the word that this one fails
            failure = started(name, ready, lambda: None, lambda: tell(name, token, "failing", reason))
            verdict = "unconfirmed" if failure and ready else verdict
            failure = failure and f"the old generation {old} is unhealthy, too: {failure}"
        reason = f"{reason}; {failure}" if failure else reason
    except OSError as error:  # a disk on which nothing can be renamed: the next settling tries again
        reason, state = f"{reason}; `current` could not be led back: {error}", "stuck"
    record(name, verdict, pending, reason)
    if state != "stuck":
        with suppress(OSError):
            finish(name)
    tell(name, token, state, reason)


def order(name: str, token: str, seconds: float) -> str | None:
    """What the controller says of this switch within `seconds`: confirm, undo, or None."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        word = said(name, token)
        if word:
            return word
        time.sleep(POLL)
    return None


def begun(name: str, pending: Answer) -> str | None:
    """Write a switch down and move `current`, before what runs is touched; why that could not be done, or None."""
    wrong = damage(name, pending["to"]) if pending["to"] else None
    if wrong:
        return wrong
    try:
        if pending["from"]:
            beside(name, ".back", pending["from"])
        write(DATA / name / "pending.json", json.dumps(pending))
        point(name, pending["to"])
    except OSError as error:
        with suppress(OSError):
            if current(name) != pending["from"]:
                point(name, pending["from"])
            finish(name)
        return f"nothing was touched, since the switch could not be written down: {error}"
    return None


def unready(name: str) -> bool:
    """Whether an instance runs and is not ready: what replaces it need not be better."""
    wanted = current(name) and settings(name)["ready"]
    return bool(wanted and unwell(name) and systemctl("is-active", unit(name)).stdout.strip() == "active")


def forward(name: str, pending: Answer, ready: bool) -> str | None:
    """Run what is wanted; why it is not healthy, or not `ready` where that counts, or None."""

    def halt() -> str | None:
        undo = pending["purpose"] not in BACK and said(name, pending["token"]) == "undo"
        return "undone by the controller while it waited" if undo else None

    stuck = stopped(name, pending)
    return started(name, ready, halt) if pending["to"] else stuck


def blame(name: str, pending: Answer) -> str:
    """The verdict on a switch that did not get well: `failed` only where its generation may be to blame."""
    if pending["purpose"] not in BACK and said(name, pending["token"]) == "undo":
        return "undone"
    untried = systemctl("is-active", unit(name)).stdout.strip() == "inactive"  # its port was not free
    return "unconfirmed" if untried else "failed"


def switch(name: str, generation: str, token: str, confirm_within: str, by: str, purpose: str) -> None:
    """The whole transaction of one instance."""
    with locked(name):
        left(name)
        to = None if generation == STOP else generation
        pending = {"from": current(name), "to": to, "by": by, "token": token, "purpose": purpose}
        ready = purpose not in BACK and not unready(name)  # nothing holds up the way back
        wrong = begun(name, pending)
        if wrong:
            record(name, "refused", pending, wrong)
            return tell(name, token, "failed", wrong)
        tell(name, token, "switching")
        reason = forward(name, pending, ready)
        if reason:
            verdict = blame(name, pending)
            state, compare = ("reverted", False) if verdict == "undone" else ("failed", ready)
            return go_back(name, pending, verdict, reason, state, compare)
        if purpose not in BACK:
            tell(name, token, "healthy")
            word = order(name, token, float(confirm_within))
            if word != "confirm":
                why = "undone by the controller" if word else f"nobody confirmed it within {confirm_within} s"
                return go_back(name, pending, "undone" if word else "unconfirmed", why)
        try:
            finish(name)
        except OSError as error:
            return go_back(name, pending, "unconfirmed", f"it could not be confirmed: {error}")
        record(name, "confirmed" if to else "stopped", pending)
        return tell(name, token, "confirmed")


def left(name: str, moves: bool = False) -> bool:
    """Undo a switch whose process is gone (with `moves` only the link); whether there was one to go back from."""
    path = DATA / name / "pending.json"
    if not path.exists():
        return False
    pending = read(path)
    old = pending.get("from", 0)
    if "token" not in pending or not (old is None or (isinstance(old, str) and "/" not in old)):
        path.unlink(missing_ok=True)  # spoilt: it names nothing to go back to
        return False
    go_back(name, pending, "reverted", "the switch was cut off", moves=moves)
    return True


def settle(name: str | None = None) -> None:
    """Undo switches whose process is gone. At boot (no name), and while the host stops, only links move.

    At boot slots go, too, that were not to outlive it.
    """
    for path in DATA.glob(f"{name or '*'}/pending.json"):
        with locked(path.parent.name):
            left(path.parent.name, name is None or systemctl("is-system-running").stdout.strip() == "stopping")
    if name is None:
        slot.tidy()
        systemctl("daemon-reload")


# --- what controllers ask


def begin(name: str, generation: str, token: str, confirm_within: str, by: str, purpose: str) -> Answer:
    """Start a switch under PID 1; how it stands once decided."""
    words = ["systemd-run", "--quiet", "--collect", f"--unit={transient(name)}"]
    settling = f"/bin/sh -c 'test ! -e {DATA}/{name}/pending.json || exec {HELPER} settle {name}'"
    words += [f"--property=ExecStopPost={settling}", f"--property=TimeoutStopSec={GOING_BACK}"]
    words += [str(HELPER), "switch", name, generation, token, confirm_within, by, purpose]
    see_off(name)
    with records.writing(token) as refusal:
        if refusal:
            return refusal
        if alive(name):
            return {"state": "busy", "reason": "another activation of it is under way"}
        if purpose not in BACK and read(RUN / f"{name}.never").get("token") == token:
            return {"state": "reverted", "reason": "the controller undid it before it began"}
        for kind in ("state", "order"):  # of an earlier switch, perhaps with the same token
            (RUN / f"{name}.{kind}").unlink(missing_ok=True)
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"state": "failed", "reason": done.stderr.strip()}
    return report(name, token, DECIDED)


def report(name: str, token: str, states: tuple[str, ...]) -> Answer:
    """The state of the switch `token` once it is one of `states`, or `lost` when its process is gone.

    A switch at work holds the lock, which is asked far more cheaply than systemd.
    """
    running = True
    while True:
        state = read(RUN / f"{name}.state")
        if state.get("token") == token and state.get("state") in states:
            return state
        if not running:
            return {"token": token, **LOST}
        with locked(name, wait=False) as free:
            held = not free
        running = held or alive(name)
        time.sleep(POLL)


def confirm(name: str, token: str) -> Answer:
    """Keep what was switched; how it ended, which may be that it came too late."""
    with records.writing(token) as refusal:
        if refusal:
            return refusal
        leave(name, token, "confirm")
    return remembered(name, report(name, token, ENDED))


def remembered(name: str, found: Answer) -> Answer:
    """How a switch ended that is lost: a reboot forgets the state of one that was confirmed, the ledger does not."""
    if found["state"] != "lost":
        return found
    try:
        lines = (DATA / name / "ledger.jsonl").read_text(errors="replace").splitlines()
        ends = [line for line in map(json.loads, lines) if line.get("token") == found["token"]]
    except (OSError, ValueError, AttributeError):
        return found
    states = {"confirmed": "confirmed", "stopped": "confirmed", "failed": "failed", "refused": "failed"}
    return (
        {**found, "state": states.get(ends[-1]["verdict"], "reverted"), "reason": ends[-1]["reason"]} if ends else found
    )


def undo(name: str, token: str) -> Answer:
    """Order a switch back; where its process is gone, put it back here. How it ended."""
    if not ordered_back(name, token):
        return remembered(name, {"token": token, **LOST})
    found = report(name, token, ENDED)
    if found["state"] == "lost" and read(DATA / name / "pending.json").get("token") == token:
        settle(name)
        found = report(name, token, ENDED)
    return remembered(name, found)


def ordered_back(name: str, token: str) -> bool:
    """Whether a switch is ordered back that has begun, or may have. One that has not never will: see `begin`.

    Where another one has followed it, nothing is ordered: that would be read instead of a word for the other one.
    """
    with locked(".lease"):  # which `begin` holds until it has begun
        pending, state = read(DATA / name / "pending.json"), read(RUN / f"{name}.state")
        known = {str(each["token"]) for each in (pending, state) if each.get("token")}
        if token not in known and any(records.rank(each) > records.rank(token) for each in known):
            return False
        with suppress(OSError):
            if token not in known:
                write(RUN / f"{name}.never", json.dumps({"token": token}))
            if token in known or not state:
                leave(name, token, "undo")
        return token in known or not state


def restart(name: str, by: str) -> Answer:
    """For the health check, which stands back while a switch is alive: settle what a dead one left, or restart."""
    see_off(name)
    with locked(name, wait=False) as free:
        if not free or alive(name):
            return {"state": "busy", "reason": "a switch of it is under way"}
        if left(name):
            return read(RUN / f"{name}.state")
        now = current(name)
        if now is None:
            return {"state": "failed", "reason": "nothing is activated"}
        done = systemctl("restart", unit(name))
        reason = done.stderr.strip() if done.returncode else None
        record(name, "restarted", {"from": now, "to": now, "by": by}, reason)
        return {"state": "failed" if reason is not None else "restarted", "reason": reason}


def survey(*names: str) -> Answer:
    """Why each instance is not healthy or not ready, or None; without names, of all."""
    found = names or sorted(path.parent.name for path in DATA.glob("*/generations"))
    return at_once(lambda name: unwell(name) if current(name) else "nothing is activated", found)


VERBS: dict[str, Callable[..., Answer | None]] = {
    "lease": records.lease,
    "release": records.release,
    "note": records.note,
    "story": records.story,
    "ask": records.ask,
    "request": records.request,
    "keep": slot.keep,
    "drop": slot.drop,
    "warm": slot.warm,
    "expire": slot.expire,
    "begin": begin,
    "switch": switch,
    "confirm": confirm,
    "undo": undo,
    "restart": restart,
    "settle": settle,
    "survey": survey,
}


def main(words: list[str]) -> None:
    """Do what one verb asks, and print the answer."""
    if not words or words[0] not in VERBS:
        sys.exit(__doc__)
    os.umask(0o022)
    try:
        answer = VERBS[words[0]](*words[1:])
    except (OSError, ValueError) as error:
        if words[0] in ("switch", "settle", "expire"):
            raise
        answer = {"state": "failed", "reason": str(error)}
    if answer is not None:
        print(json.dumps(answer))
