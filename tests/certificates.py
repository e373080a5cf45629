"""A certificate authority of a test, and servers that prove with its certificates who they are."""

import base64
import http.server
import ssl
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)
USAGE = dict.fromkeys(
    (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "encipher_only",
        "decipher_only",
    ),
    False,
)


@dataclass(frozen=True)
class Proof:
    """A certificate and its key, as PEM."""

    cert: str
    key: str

    def context(self, folder) -> ssl.SSLContext:
        """What a server proves with who it is."""
        path = folder / "server.pem"
        path.write_text(self.cert + self.key)
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(path)
        return made


class Authority:
    """Issues certificates; `above` is who issued its own, by default itself."""

    def __init__(self, name: str = "Test CA", above: "Authority | None" = None, begins=None, ends=None) -> None:
        self._key, self._name = ec.generate_private_key(ec.SECP256R1()), _named(name)
        signer, issuer = (above._key, above._name) if above else (self._key, self._name)
        made = _builder(self._name, issuer, self._key, begins, ends)
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        usage = x509.KeyUsage(**USAGE, key_cert_sign=True, crl_sign=True)
        made = _identified(made.add_extension(usage, critical=True), self._key, signer)
        self.pem = _pem(made.sign(signer, hashes.SHA256()))

    def issue(self, *names: str, begins=None, ends=None) -> Proof:
        """For hosts by their addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = _builder(_named("monitoring"), self._name, key, begins, ends)
        if names:
            made = made.add_extension(x509.SubjectAlternativeName([*map(_general, names)]), critical=False)
        made = made.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        signed = _identified(made, key, self._key).sign(self._key, hashes.SHA256())
        text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        return Proof(_pem(signed), text)


def _identified(made, key, signer):
    """With what Python 3.13 wants to see of every certificate."""
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    others = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    return made.add_extension(own, critical=False).add_extension(others, critical=False)


def _builder(subject, issuer, key, begins, ends):
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number())
    return made.not_valid_before(begins or now - DAY).not_valid_after(ends or now + 30 * DAY)


def _named(name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _general(name):
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(certificate):
    return certificate.public_bytes(Encoding.PEM).decode()


class Server:
    """Answers every request on loopback with `body` to whom knows the login, with a 401 to others."""

    def __init__(self, context: ssl.SSLContext | None, login: str | None = None, body: str = "[]") -> None:
        self.got: list[tuple[str, str, str]] = []
        server = self
        wanted = f"Basic {base64.b64encode(login.encode()).decode()}" if login else None

        class Answering(http.server.BaseHTTPRequestHandler):
            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                text = self.rfile.read(length).decode()
                allowed = self.headers.get("Authorization") == wanted
                if allowed:
                    server.got.append((self.command, self.path, text))
                self.send_response(200 if allowed else 401)
                self.end_headers()
                self.wfile.write((body if allowed else "Unauthorized").encode())

            do_GET = do_POST = answer  # noqa: N815 - as http.server wants them

            def log_message(self, *words):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        self._server.handle_error = lambda *_: None
        if context:
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "Server":
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
