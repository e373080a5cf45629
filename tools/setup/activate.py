"""`.venv/bin/activate` sets the environment of this checkout, and `deactivate` takes it back (sh, bash, zsh)."""

import re
from collections.abc import Sequence
from pathlib import Path
from shlex import quote

from tools.setup import stamp
from tools.setup.environment import OURS, Variable

BEGIN, END = "# >>> alert-threader (written by make setup)", "# <<< alert-threader"


def on(variable: Variable) -> str:
    """Return the lines that set one variable unless the user has set it, or what it yields to."""
    lines = [f"export {variable.name}={quote(variable.value)} {OURS}{variable.name}={quote(variable.value)}"]
    for name in variable.yields_to:
        test = f'[ -z "${{{name}+x}}" ] || [ "${{{name}}}" = "${{{OURS}{name}:-}}" ]'
        lines = [f"if {test}; then", *(f"    {line}" for line in lines), "fi"]
    return "\n".join(lines)


def off(variable: Variable) -> str:
    """Return the lines that unset one variable if it is as we set it."""
    ours = f"{OURS}{variable.name}"
    test = f'[ -n "${{{ours}:-}}" ] && [ "${{{variable.name}:-}}" = "${{{ours}}}" ]'
    return f"    if {test}; then unset {variable.name}; fi\n    unset {ours}"


def undo(everything: Sequence[Variable]) -> str:
    """Return the function that `deactivate` calls; it stands before the venv's own text."""
    body = "\n".join(off(variable) for variable in everything)
    return f"{BEGIN}\nalert_threader_off () {{\n{body}\n}}\n{END}\n"


def script(original: str, wanted: Sequence[Variable], everything: Sequence[Variable]) -> str:
    """Return a venv's activate script with ours around it; what an earlier set-up wrote is replaced.

    `everything` are all variables that any set-up may have set, so that deactivating undoes an older one too.
    """
    text = re.sub(rf"{re.escape(BEGIN)}.*?{re.escape(END)}\n", "", original, flags=re.DOTALL)
    call = f"{BEGIN}\n    alert_threader_off\n{END}\n"
    text = re.sub(r"^(deactivate \(\) ?\{\n)", lambda found: found[1] + call, text, count=1, flags=re.MULTILINE)
    lines = "\n".join(on(variable) for variable in wanted)
    return f"{undo(everything)}{text}{BEGIN}\n{lines}\n{END}\n"


def write(path: Path, wanted: Sequence[Variable], everything: Sequence[Variable]) -> bool:
    """Bring an activate script up to date; tell whether it changed."""
    before = path.read_text()
    after = script(before, wanted, everything)
    if after != before:
        stamp.replace(path, after)
    return after != before
