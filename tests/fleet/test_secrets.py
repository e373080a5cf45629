"""No secret is seen anywhere that it need not be, also after somebody typed one into a file of a host."""

from dataclasses import dataclass

import pytest

from tests.fleet.deployment import Deployment
from tests.fleet.lab import Lab
from tests.fleet.leaks import Secrets, Watch, files_below, readable_by_all
from tools.setup.paths import ROOT

pytestmark = pytest.mark.fleet
HOSTS = {"app-4": "py-a", "app-5": "py-b"}
TYPED = "hunter2-typed-on-a-host"


@dataclass(frozen=True)
class Story:
    """What was done on two hosts, and who watched it."""

    lab: Lab
    deployment: Deployment
    secrets: Secrets
    watch: Watch


@pytest.fixture(scope="module")
def story(lab: Lab, spare) -> Story:
    """One host is entered by sudo, which logs whole command lines; on each somebody types a secret into a file."""
    made = spare("secrets", tuple(HOSTS))
    first, second = made.config()["hosts"]
    made.change(hosts=[first, {**second, "user": "ops"}])
    secrets = Secrets({**lab.secrets, "typed secret": TYPED})
    with Watch(secrets) as watch:
        made.up("--diff").good()
        edit(lab, "app-4", lambda text: text.replace(lab.slack_token, TYPED))
        edit(lab, "app-5", lambda text: f"{text}HAND_TOKEN={TYPED}\n")
        made.preview("--diff").good()
        made.preview("--json").good()
        made.up("--json").good()
    for words in (("stack", "export"), ("stack", "history", "--json"), ("config",)):
        made.run(*words).good()
    return Story(lab, made, secrets, watch)


def env(lab: Lab, host: str):
    return lab.inside(host, f"/var/lib/alert-threader/{HOSTS[host]}/current/env")


def edit(lab: Lab, host: str, change) -> None:
    """Change what an instance has in its env file, without a command that would have the secret in its words."""
    before = env(lab, host).read_text()
    env(lab, host).write_text(change(before))
    assert env(lab, host).read_text() != before


def test_the_secrets_are_where_they_are_needed_and_what_was_typed_is_gone_again(story: Story):
    for host in HOSTS:
        assert story.secrets.seen(env(story.lab, host).read_bytes()) == ["Redis password", "Slack token"]


def test_none_is_in_the_backend_with_its_history_and_backups(story: Story):
    files = list(files_below(story.deployment.stack.home))
    assert {"history", "backups", "stacks"} <= {part for path in files for part in path.parts}
    assert [leak for path in files for leak in story.secrets.seen_in(path)] == []


def test_none_is_in_what_commands_print_log_and_write_on_this_machine(story: Story):
    lab = story.lab
    files = [*files_below(lab.folder, lab.folder / "fleet"), *lab.fleet.state.glob("*.log")]
    files += [story.deployment.stack.file, *files_below(ROOT / ".state" / "logs")]
    assert {"execs.log", "slack.log"} <= {path.name for path in files}
    assert [leak for path in files for leak in story.secrets.seen_in(path)] == []


def test_none_is_in_the_command_line_of_any_process_here_or_on_a_host(story: Story):
    assert any(b"deploy.hosts.worker" in words for words in story.watch.commands)
    assert any(b"activate\0begin" in words for words in story.watch.commands)
    assert story.watch.seen == []


@pytest.mark.parametrize("host", HOSTS)
def test_none_is_in_the_journal_of_a_host(story: Story, host: str):
    journal = story.lab.sh(host, "journalctl --no-pager --all --output=export")
    assert f"alert-threader@{HOSTS[host]}" in journal
    assert story.secrets.seen(journal.encode()) == []


@pytest.mark.parametrize("host", HOSTS)
def test_none_is_in_what_systemd_tells_everybody(story: Story, host: str):
    told = story.lab.sh(host, f"systemctl show --all 'alert-threader@{HOSTS[host]}'")
    assert story.secrets.seen(told.encode()) == []


@pytest.mark.parametrize("host", HOSTS)
def test_none_is_in_a_file_of_a_host_that_everybody_may_read(story: Story, host: str):
    files = list(readable_by_all(story.lab, host))
    assert any(path.name == "settings.json" for path in files)
    assert [leak for path in files for leak in story.secrets.seen_in(path)] == []
