"""Faults of hosts: recognised by what SSH and commands really say, told with a cause and the next command."""

import re

import pytest

from deploy.faults import FAULTS, HostFault, Place, recognise

PLACE = Place("app-1", "10.99.0.11", "deploy", 2222)
MESSAGES = [
    (
        "ConnectError SSH host key error (Host key for 10.99.0.11 does not match.)",
        "host key changed",
    ),
    (
        "BadHostKeyException Host key for server '10.99.0.11' does not match: got 'AAAA', expected 'BBBB'",
        "host key changed",
    ),
    (
        "ConnectError SSH error (StrictPolicy: No host key for [10.99.0.11]:2222 found in known_hosts)",
        "host key unknown",
    ),
    ("EOFError EOF when reading a line", "host key unknown"),
    ("ConnectError Authentication error (username=deploy, key=/k) (Authentication failed.)", "SSH key refused"),
    ("ConnectError SSH error (No authentication methods available)", "SSH key refused"),
    ("ConnectError SSH error (No existing session)", "unreachable"),
    ("PyinfraError No such private key file: /root/.ssh/none", "SSH key unreadable"),
    ("PyinfraError Invalid private key file: /root/.ssh/bad", "SSH key unreadable"),
    (
        "PyinfraError Private key file (/root/.ssh/x) is encrypted, set ssh_key_password to use this key",
        "SSH key unreadable",
    ),
    ("ConnectError Could not resolve hostname ([Errno -2] Name or service not known)", "name unknown"),
    (
        "NoValidConnectionsError [Errno None] Unable to connect to port 2222 on 10.99.0.11 "
        "[ConnectionRefusedError(111, 'Connection refused')]\n"
        "ConnectError Could not connect ([Errno None] Unable to connect to port 2222 on 10.99.0.11)",
        "connection refused",
    ),
    ("ConnectError Could not connect (timed out)", "unreachable"),
    ("ConnectError Could not connect ([Errno 113] No route to host)", "unreachable"),
    ("OSError [Errno 101] Network is unreachable", "unreachable"),
    ("SSHException Error reading SSH protocol banner", "unreachable"),
    ("ConnectError EOF error ()", "unreachable"),
    ("SSHException SSH session not active", "connection cut"),
    ("SSHException Unable to open channel.", "connection cut"),
    ("OSError Socket is closed", "connection cut"),
    ("ConnectionResetError [Errno 104] Connection reset by peer", "connection cut"),
    ("BrokenPipeError [Errno 32] Broken pipe", "connection cut"),
    ("EOFError ", "connection cut"),
    ("PyinfraError sudo: a password is required ([sudo] password:)", "sudo password needed"),
    ("sudo: a terminal is required to read the password; either use the -S option", "sudo password needed"),
    ("sh: 1: sudo: not found", "no sudo"),
    ("bash: line 1: sudo: command not found", "no sudo"),
    ("deploy is not in the sudoers file.", "no sudo"),
    ("Sorry, user deploy is not allowed to execute '/bin/sh' as root on app-1.", "no sudo"),
    ("cat: write error: No space left on device", "disk full"),
    ("OSError: [Errno 122] Disk quota exceeded: '/var/lib/alert-threader'", "disk full"),
    ("mkdir: cannot create directory '/var/lib/x': Read-only file system", "read-only file system"),
    ("sh: 1: python3: not found", "no python3"),
    ("System has not been booted with systemd as init system (PID 1). Can't operate.", "no systemd"),
    ("no systemd", "no systemd"),
    ("E: Packages need to be removed but remove is disabled.", "package in the way"),
    ("chown: invalid user: 'nobody-here'", "command failed"),
    ("", "command failed"),
]


@pytest.mark.parametrize(("message", "name"), MESSAGES)
def test_a_message_is_recognised(message, name):
    assert recognise(PLACE, message).fault.name == name


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_every_fault_has_a_sample_message(fault):
    assert fault.name in {name for _, name in MESSAGES}


@pytest.mark.parametrize(("message", "name"), MESSAGES)
def test_people_read_host_cause_and_next_command_and_no_blank_to_fill_in(message, name):
    text = str(recognise(PLACE, message))
    assert re.fullmatch(rf"host app-1 \(10\.99\.0\.11\): {re.escape(name)}: .{{10,}}; next: .{{10,}}", text)
    assert not re.search(r"[{}]", text)


@pytest.mark.parametrize(
    "message",
    [
        "Failed to connect to bus: Connection refused",
        "Job for alert-threader@py-a.service failed because a timeout was exceeded: timed out",
        "curl: (7) Failed to connect to 10.99.0.1: No route to host",
        "redis: Connection reset by peer",
        "getent: Name or service not known",
    ],
)
def test_what_a_command_says_on_the_host_never_means_that_the_host_was_not_reached(message):
    fault = recognise(PLACE, message, there=True)
    assert (fault.fault.name, fault.fault.contact) == ("command failed", False)
    assert message in str(fault)


@pytest.mark.parametrize(
    ("message", "name"),
    [(message, name) for message, name in MESSAGES if not next(f for f in FAULTS if f.name == name).contact],
)
def test_what_a_command_says_on_the_host_is_recognised(message, name):
    assert recognise(PLACE, message, there=True).fault.name == name


@pytest.mark.parametrize(
    ("message", "name"),
    [
        # A refused connection is said to be one, and not only that nobody answered.
        ("Unable to connect to port 22 on h [ConnectionRefusedError(111, 'Connection refused')]", "connection refused"),
        # What is wrong with a key outweighs the "SSH error" around it.
        ("ConnectError SSH error (No host key for h found in known_hosts)", "host key unknown"),
        ("ConnectError SSH error (Authentication failed: transport shut down or saw EOF)", "SSH key refused"),
        # The cause comes first in the text, what followed from it later.
        ("sudo: a password is required\nNo space left on device", "sudo password needed"),
    ],
)
def test_of_two_signs_the_one_that_says_more_wins(message, name):
    assert recognise(PLACE, message).fault.name == name


def test_what_the_operator_types_fits_the_host():
    changed = str(recognise(PLACE, "SSH host key error"))
    assert "ssh-keygen -R '[10.99.0.11]:2222' && ssh deploy@10.99.0.11 -p 2222 true" in changed
    plain = str(recognise(Place("app-1", "10.99.0.11"), "SSH host key error"))
    assert "ssh-keygen -R '10.99.0.11' && ssh root@10.99.0.11 true" in plain


def test_the_detail_has_no_name_of_an_exceptions_class():
    assert recognise(PLACE, "PyinfraError No such private key file: /k").detail == "No such private key file: /k"
    assert recognise(PLACE, "EOFError ").detail == "EOFError"


def test_the_detail_is_the_last_line_that_says_something():
    fault = recognise(PLACE, "first\ncp: {odd} braces: No space left on device\n\n  \n")
    assert fault.detail == "cp: {odd} braces: No space left on device"
    assert "no space is left on its disk: cp: {odd} braces" in str(fault)


def test_a_table_shows_the_cause_alone():
    fault = HostFault(PLACE, next(fault for fault in FAULTS if fault.name == "connection refused"), "")
    assert fault.reason == "nothing listens on its port 2222: sshd is not running there"


def test_names_are_told_apart():
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
