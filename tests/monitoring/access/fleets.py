"""The sample fleet with TLS and a password, and with one of them."""

from dataclasses import replace

from deploy.settings.specs import BasicAuthSpec, Secret, TlsSpec
from tests.certificates import Authority
from tools.monitoring.sample import FLEET

USER, PASSWORD, KEY = "ops", "very-secret-password", "a-key-of-digests"
CA = Authority()
PROOF = CA.issue("10.0.0.1", "10.0.0.2", "10.0.0.3")
TLS = TlsSpec(PROOF.cert, Secret(PROOF.key), CA.pem)


def guarded(fleet=FLEET, tls=TLS, user=USER):
    basic = BasicAuthSpec(user) if user else None
    secrets = {**fleet.secrets, "MONITORING_PASSWORD": Secret(PASSWORD)}
    return replace(fleet, secrets=secrets, monitoring=replace(fleet.monitoring, tls=tls, basic_auth=basic))


GUARDED = guarded()
ENCRYPTED = guarded(user=None)
ASKED = guarded(tls=None)
