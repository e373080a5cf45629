"""What can be wrong with the certificate, the key and the authority of the monitoring, and how it is told."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from deploy.settings.errors import SettingsError
from deploy.settings.load import load
from tests.certificates import DAY, Authority

HOSTS = ("10.99.0.11", "app-2.example.com")
CA, OTHER = Authority(), Authority("Another CA")
MIDDLE = Authority("Middle CA", above=CA)
GOOD = CA.issue(*HOSTS)
PAST = datetime.now(UTC) - timedelta(hours=1)
FUTURE = datetime.now(UTC) + DAY
PATHS = {"cert": "tls/my cert.pem", "key": "tls/key.pem", "ca": "tls/ca.pem"}


def loaded(cert=GOOD.cert, key=GOOD.key, ca=CA.pem, **monitoring):
    files = dict(zip(PATHS.values(), (cert, key, ca), strict=True))
    hosts = [
        {"name": "app-1", "address": HOSTS[0], "roles": ["threader", "edge", "monitor"]},
        {"name": "app-2", "address": HOSTS[1]},
        {"name": "gone", "address": "10.99.0.19", "lost": True},
    ]
    config = {
        "hosts": hosts,
        "instances": [{"name": "py-a", "impl": "python", "port": 9009, "host": "app-1"}],
        "release": {"version": "1.0.0", "python": "dist/p.tar.gz"},
        "env": {"THREAD_STORE": "redis"},
        "secrets": {"SLACK_BOT_TOKEN": "xoxb-1", "REDIS_URL": "redis://h", "MONITORING_PASSWORD": "hunter2-hunter2"},
        "monitoring": {"tls": dict(PATHS), "basic_auth": {"user": "ops"}, **monitoring},
    }
    keys = frozenset({"secrets"})
    return load(config, secret_keys=keys, environ={}, stack="dev", read_text=files.__getitem__)


def told(**files):
    """The findings: key below monitoring.tls, reason and suggestion."""
    with pytest.raises(SettingsError) as caught:
        loaded(**files)
    assert "PRIVATE KEY" not in str(caught.value)
    return [(each.path.rpartition(".")[2], each.reason, each.suggestion) for each in caught.value.findings]


def test_what_is_right_is_taken_as_it_is_and_the_key_is_secret():
    made = loaded().monitoring
    assert (made.tls.cert, made.tls.key.value, made.tls.ca) == (GOOD.cert, GOOD.key, CA.pem)
    assert "PRIVATE" not in repr(made)
    assert made.basic_auth.user == "ops"
    assert made.scheme == "https"


def test_health_checks_are_told_of_alertmanagers_that_speak_tls():
    assert loaded().health.alertmanagers == (f"https://{HOSTS[0]}:9093",)
    assert loaded(tls=None).health.alertmanagers == (f"http://{HOSTS[0]}:9093",)


@pytest.mark.parametrize(
    ("cert", "ca"),
    [
        (MIDDLE.issue(*HOSTS), CA.pem),
        (CA.issue(HOSTS[0], "*.example.com"), CA.pem),
        (CA.issue(HOSTS[0], "APP-2.Example.com", "more.example.com"), OTHER.pem + CA.pem),
    ],
    ids=["with one between it and ca", "with any name of a domain", "with one of several in ca"],
)
def test_a_certificate_is_right_also(cert, ca):
    between = MIDDLE.pem if cert.cert and ca == CA.pem else ""
    assert loaded(cert=cert.cert + between, key=cert.key, ca=ca).monitoring.tls


SHORT = CA.issue(HOSTS[0])
NAMELESS = CA.issue()
LATE = CA.issue(*HOSTS, begins=PAST - DAY, ends=PAST)
EARLY = CA.issue(*HOSTS, begins=FUTURE)
OLD_CA = Authority(begins=PAST - DAY, ends=PAST)
OF_OLD = OLD_CA.issue(*HOSTS)
LOCKED = (
    rsa.generate_private_key(65537, 2048)
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
    .decode()
)
WRONG = {
    "a key of another certificate": (
        {"key": CA.issue(*HOSTS).key},
        [("key", "is not the key of the certificate in cert")],
    ),
    "a key with a passphrase": ({"key": LOCKED}, [("key", "has a passphrase, which no program on a host knows")]),
    "a certificate in the place of the key": ({"key": GOOD.cert}, [("key", "has no private key in PEM")]),
    "no certificates at all": (
        {"cert": "x", "ca": ""},
        [("cert", "has no certificate in PEM"), ("ca", "has no certificate in PEM")],
    ),
    "of another authority": (
        {"ca": OTHER.pem},
        [("cert", "was not issued by any certificate in ca, which is all that clients trust")],
    ),
    "without the one between": (
        {"cert": MIDDLE.issue(*HOSTS).cert},
        [
            ("key", "is not the key of the certificate in cert"),
            ("cert", "was not issued by any certificate in ca, which is all that clients trust"),
        ],
    ),
    "that expired": (
        {"cert": LATE.cert, "key": LATE.key},
        [("cert", f"expired at {PAST:%Y-%m-%d %H:%M} UTC")],
    ),
    "that is not yet valid": (
        {"cert": EARLY.cert, "key": EARLY.key},
        [("cert", f"is valid only from {FUTURE:%Y-%m-%d %H:%M} UTC on")],
    ),
    "of an authority that expired": (
        {"cert": OF_OLD.cert, "key": OF_OLD.key, "ca": OLD_CA.pem},
        [("ca", f"expired at {PAST:%Y-%m-%d %H:%M} UTC")],
    ),
    "of fewer hosts": (
        {"cert": SHORT.cert, "key": SHORT.key},
        [("cert", "does not name app-2 (app-2.example.com)")],
    ),
    "of no host": (
        {"cert": NAMELESS.cert, "key": NAMELESS.key},
        [("cert", "does not name app-1 (10.99.0.11), app-2 (app-2.example.com)")],
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_told_of_its_key_with_the_next_command(case):
    files, expected = WRONG[case]
    found = told(**files)
    assert [(key, reason) for key, reason, _ in found] == expected
    assert all("openssl " in suggestion or "subjectAltName" in suggestion for _, _, suggestion in found)


def test_a_host_that_is_missing_is_told_with_all_names_that_are_needed_but_no_lost_ones():
    [(_, _, suggestion)] = told(cert=SHORT.cert, key=SHORT.key)
    assert suggestion == "issue it anew with subjectAltName = IP:10.99.0.11,DNS:app-2.example.com"


def test_a_path_is_quoted_in_commands():
    [(_, _, suggestion)] = told(cert=LATE.cert, key=LATE.key)
    assert suggestion == "issue it anew; openssl x509 -noout -dates -in 'tls/my cert.pem'"
