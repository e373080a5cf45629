"""What holds for every script that runs on a host: an older Python, its standard library, of ours what lies beside."""

import ast
import sys

import pytest

from tests.deploy.hosts.conftest import HELPERS, load

SCRIPTS = sorted(path.stem for path in HELPERS.glob("*.py"))


@pytest.mark.parametrize("name", SCRIPTS)
def test_it_is_python_3_10(name):
    ast.parse((HELPERS / f"{name}.py").read_text(), feature_version=(3, 10))


@pytest.mark.parametrize("name", SCRIPTS)
def test_it_needs_nothing_but_the_standard_library(name):
    found = set()
    for node in ast.walk(ast.parse((HELPERS / f"{name}.py").read_text())):
        if isinstance(node, ast.Import):
            found |= {each.name.split(".")[0] for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
    beside = {"start": {"activate"}, "activate": {"instance", "records", "slot"}, "instance": {"records"}}
    beside["slot"] = {"instance", "records"}
    assert found <= sys.stdlib_module_names | beside.get(name, set())


@pytest.mark.parametrize("name", SCRIPTS)
def test_it_does_nothing_when_it_is_only_loaded(name):
    load(name)
