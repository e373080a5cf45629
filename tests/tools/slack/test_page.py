from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tools.slack.page import page
from tools.slack.workspace import Workspace


def post(workspace: Workspace, text: str, status: str = "", **payload: object) -> str:
    metadata = {"event_type": "x", "event_payload": {"status": status}} if status else {}
    return workspace.post("#alerts-critical", {"text": text, "metadata": metadata, **payload})[1].ts


def shown(workspace: Workspace) -> str:
    return page(workspace.channels()).split('<main id="channels">')[1].split("</main>")[0]


def test_an_empty_workspace_says_what_will_come():
    assert "No messages yet" in page([])


def test_a_thread_has_the_colour_of_its_last_state():
    workspace = Workspace()
    ts = post(workspace, "first", "firing")
    assert '<article class="firing">' in shown(workspace)
    post(workspace, "second", "resolved", thread_ts=ts)
    assert '<article class="resolved">' in shown(workspace)
    assert shown(workspace).index("first") < shown(workspace).index("second")


def test_slacks_markup_becomes_html():
    workspace = Workspace()
    post(workspace, "*bold* `code` <https://x.invalid/?a=1&amp;b=2|the link> &lt;b&gt;")
    assert "<b>bold</b> <code>code</code> " in shown(workspace)
    assert '<a href="https://x.invalid/?a=1&amp;b=2" rel="noreferrer">the link</a> &lt;b&gt;' in shown(workspace)


def test_nothing_is_loaded_from_outside():
    assert "src=" not in page([])
    assert "http" not in page([]).replace("http-equiv", "")


@given(st.text(), st.text())
def test_no_message_can_put_a_tag_of_its_own_on_the_page(text, colour):
    workspace = Workspace()
    sly = f"{text}<script>alert(1)</script>{text}<https://x.invalid/\"onload='x|{text}>"
    post(workspace, sly, attachments=[{"text": sly, "color": colour}])
    html = shown(workspace)
    assert "<script" not in html
    assert '"onload' not in html
