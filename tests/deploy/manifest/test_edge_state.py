"""Whether HAProxy runs with the configuration that lies on its host."""

import pytest

from deploy.manifest.edge import CONFIG_PATH
from deploy.manifest.edge_state import LOADED, RUNNING_PATH, loaded


@pytest.mark.parametrize(
    ("written", "running", "said"),
    [
        ("a\n", "a\n", LOADED),
        ("a\n", "a\n# No longer wanted\n    server x\n", LOADED),
        ("b\n", "a\n", "another configuration"),
        ("a\nb\n", "a\n", "another configuration"),
        (None, "a\n", "another configuration"),
        ("a\n", None, "nothing"),
        (None, None, "nothing"),
    ],
)
def test_it_is_loaded_if_what_runs_begins_with_what_is_written(written, running, said):
    texts = {CONFIG_PATH: written, RUNNING_PATH: running}
    assert loaded({"paths": {path: {"file": text} for path, text in texts.items() if text is not None}}) == said
