from ipaddress import IPv4Network
from pathlib import Path

from tools.fleet import ssh
from tools.fleet.host import HostInfo

HOST = HostInfo("app-1", "10.88.3.11", "running", "root", Path('/a b/50%/"q"/key'), Path("/a b/known_hosts"))


def test_host_keys_are_checked_strictly_and_no_file_of_the_user_is_read():
    command = ssh.command(HOST, ["true"])
    assert "StrictHostKeyChecking=yes" in command
    assert command[1:3] == ["-F", "none"]


def test_paths_with_spaces_quotes_and_percent_signs_are_quoted_for_ssh():
    assert r'IdentityFile="/a b/50%%/\"q\"/key"' in ssh.command(HOST, [])
    assert 'UserKnownHostsFile "/a b/known_hosts"' in ssh.config([HOST])


def test_another_user_can_be_chosen():
    assert "ops@10.88.3.11" in ssh.command(HOST, ["id"], user="ops")


def test_every_host_with_a_key_is_known_in_order_of_its_number(tmp_path):
    for number in (10, 2):
        (tmp_path / f"app-{number}.pub").write_text(f"ssh-ed25519 KEY{number} app-{number}\n")
    text = ssh.known_hosts(tmp_path, IPv4Network("10.88.3.0/24"))
    assert text == "10.88.3.12 ssh-ed25519 KEY2\n10.88.3.20 ssh-ed25519 KEY10\n"


def test_a_key_pair_is_made_once(tmp_path):
    first = ssh.ensure_key(tmp_path / "key", "x").read_text()
    assert ssh.ensure_key(tmp_path / "key", "x").read_text() == first
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
