"""Certificates for servers under test, which vouch for themselves or have an authority do so."""

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


@dataclass
class Certificate:
    """The files of a certificate and its key."""

    certificate: Path
    key: Path

    @property
    def arguments(self) -> tuple[str, ...]:
        """What tells a server to encrypt with it."""
        return ("--tls-cert", str(self.certificate), "--tls-key", str(self.key))

    @property
    def content(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.certificate.read_bytes())

    @property
    def serial_number(self) -> int:
        return self.content.serial_number

    def signing_key(self):
        return serialization.load_pem_private_key(self.key.read_bytes(), password=None)


def new_certificate(
    directory: Path, name: str = "server", authority: Certificate | None = None
) -> Certificate:
    """Makes a certificate for this machine, or replaces the one of that name."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"localhost {name}")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(authority.content.subject if authority else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + DAY)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(not authority, path_length=None), critical=True)
        .sign(authority.signing_key() if authority else key, hashes.SHA256())
    )
    made = Certificate(directory / f"{name}.crt", directory / f"{name}.key")
    made.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    made.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return made
