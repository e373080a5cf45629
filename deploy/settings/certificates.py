"""What the monitoring proves with who it is: files of the operator's machine, and what can be wrong with them."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address, ip_address
from shlex import quote
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509 import Certificate

from deploy.settings.origins import ReadText
from deploy.settings.report import Report
from deploy.settings.shape import Tls
from deploy.settings.specs import HostSpec, Secret, TlsSpec

PATH: Final = ("monitoring", "tls")
Mistake = tuple[str, str, str]
"""The key that it is told of, the reason, and what helps."""


def checked_tls(form: Tls, hosts: Sequence[HostSpec], report: Report, read_text: ReadText) -> TlsSpec | None:
    """What the files hold; None where one can not be read. What is wrong with them goes into the report."""
    texts = {key: _text(key, path, report, read_text) for key, path in form}
    if None in texts.values():
        return None
    made = TlsSpec(texts["cert"] or "", Secret(texts["key"] or ""), texts["ca"] or "")
    for key, reason, suggestion in mistakes(form, made, hosts, datetime.now(UTC)):
        report.add((*PATH, key), getattr(form, key), reason, suggestion)
    return made


def _text(key: str, path: str, report: Report, read_text: ReadText) -> str | None:
    try:
        return read_text(path)
    except (OSError, ValueError) as error:
        reason = f"can not be read: {getattr(error, 'strerror', None) or 'it is no text'}"
        report.add((*PATH, key), path, reason, f"a PEM file; ls -l {quote(path)}")
        return None


def mistakes(form: Tls, made: TlsSpec, hosts: Sequence[HostSpec], now: datetime) -> Iterator[Mistake]:
    """What is wrong with them, each with the command that shows it; later mistakes only where all are what they say."""
    chain, anchors = _certificates(made.cert), _certificates(made.ca)
    key, unreadable = _key(made.key.value)
    for name, found in (("cert", chain), ("ca", anchors)):
        if not found:
            yield name, "has no certificate in PEM", f"openssl x509 -noout -subject -in {quote(getattr(form, name))}"
    if key is None:
        yield "key", unreadable, f"openssl pkey -noout -in {quote(form.key)}"
    if not chain or not anchors or key is None:
        return
    if _public(key.public_key()) != _public(chain[0].public_key()):
        how = f"compare: openssl pkey -pubout -in {quote(form.key)}; openssl x509 -pubkey -noout -in {quote(form.cert)}"
        yield "key", "is not the key of the certificate in cert", how
    if not _issued(chain, anchors):
        how = f"openssl verify -untrusted {quote(form.cert)} -CAfile {quote(form.ca)} {quote(form.cert)}"
        yield "cert", "was not issued by any certificate in ca, which is all that clients trust", how
    for name, found in (("cert", chain), ("ca", anchors)):
        if wrong := _too_late_or_early(found, now):
            yield name, wrong, f"issue it anew; openssl x509 -noout -dates -in {quote(getattr(form, name))}"
    yield from _of_hosts(chain[0], [host for host in hosts if not host.lost])


def _of_hosts(certificate: Certificate, hosts: Sequence[HostSpec]) -> Iterator[Mistake]:
    """Every host has a part that others ask by its address."""
    if missing := [host for host in hosts if not _names(certificate, host.address)]:
        told = ", ".join(f"{host.name} ({host.address})" for host in missing)
        wanted = ",".join(_alternative(host.address) for host in hosts)
        yield "cert", f"does not name {told}", f"issue it anew with subjectAltName = {wanted}"


def _certificates(text: str) -> list[Certificate]:
    try:
        return x509.load_pem_x509_certificates(text.encode())
    except ValueError:
        return []


def _key(text: str) -> tuple[PrivateKeyTypes | None, str]:
    """A private key, or why there is none."""
    try:
        return load_pem_private_key(text.encode(), None), ""
    except TypeError:
        return None, "has a passphrase, which no program on a host knows"
    except (ValueError, UnsupportedAlgorithm):
        return None, "has no private key in PEM"


def _public(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _issued(chain: Sequence[Certificate], anchors: Sequence[Certificate]) -> bool:
    """Whether each certificate is of the next one in the file, up to one that is of an anchor, or is one itself."""
    for number, each in enumerate(chain):
        if each in anchors or any(_by(each, anchor) for anchor in anchors):
            return True
        if number + 1 < len(chain) and not _by(each, chain[number + 1]):
            return False
    return False


def _by(issued: Certificate, issuer: Certificate) -> bool:
    try:
        issued.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _too_late_or_early(found: Iterable[Certificate], now: datetime) -> str | None:
    for each in found:
        if each.not_valid_after_utc < now:
            return f"expired at {each.not_valid_after_utc:%Y-%m-%d %H:%M} UTC"
        if each.not_valid_before_utc > now:
            return f"is valid only from {each.not_valid_before_utc:%Y-%m-%d %H:%M} UTC on"
    return None


def _names(certificate: Certificate, address: str) -> bool:
    """Whether a certificate is one of a host, as clients see it: they look at nothing but its alternative names."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    ip = _ip(address)
    if ip is not None:
        return ip in found.get_values_for_type(x509.IPAddress)
    name = address.rstrip(".").lower()
    known = [each.lower() for each in found.get_values_for_type(x509.DNSName)]
    return name in known or ("." in name and f"*.{name.partition('.')[2]}" in known)


def _alternative(address: str) -> str:
    return f"{'DNS' if _ip(address) is None else 'IP'}:{address.partition('%')[0]}"


def _ip(address: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(address.partition("%")[0])
    except ValueError:
        return None
