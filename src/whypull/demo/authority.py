"""A certificate authority that also signs what it should not: expired, for other names, without names, by a stranger."""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import ssl
import warnings

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric import rsa as rsa_keys
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

DAY = dt.timedelta(days=1)


class Authority:
    """A root, an intermediate, and the certificates that they sign, written as PEM files into one folder."""

    def __init__(self, folder: str, name: str = "whypull demo CA") -> None:
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._root = _sign(_subject(name), self._key.public_key(), _subject(name), self._key, ca=True)
        self._middle_key = ec.generate_private_key(ec.SECP256R1())
        middle = _subject(f"{name} intermediate")
        self._middle = _sign(middle, self._middle_key.public_key(), self._root.subject, self._key, ca=True)
        self.root_file = self._write(f"{name.replace(' ', '-')}.pem", [self._root])

    @property
    def issuer(self) -> bytes:
        """The intermediate's certificate, DER."""
        return self._middle.public_bytes(serialization.Encoding.DER)

    def server(
        self,
        names: Sequence[str],
        *,
        days: tuple[int, int] = (-1, 30),
        chain: bool = True,
        san: bool = True,
        issuer_url: str = "",
        rsa: bool = False,
    ) -> tuple[str, str]:
        """A server's certificate and key as files. `days` from now: valid from, until; `chain` with the intermediate."""
        key: Any = rsa_keys.generate_private_key(65537, 2048) if rsa else ec.generate_private_key(ec.SECP256R1())
        leaf = _sign(
            _subject(names[0]), key.public_key(), self._middle.subject, self._middle_key,
            names=names if san else (), days=days, issuer_url=issuer_url,
        )  # fmt: skip
        stem = f"{names[0].replace('*', 'any')}-{leaf.serial_number:x}"[:80]
        cert = self._write(f"{stem}.pem", [leaf, self._middle] if chain else [leaf])
        private = os.path.join(self.folder, f"{stem}.key")
        with open(os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            pem = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
            file.write(key.private_bytes(*pem))
        return cert, private

    def context(self, pair: tuple[str, str], *, client: bool = False, newest: ssl.TLSVersion | None = None) -> ssl.SSLContext:
        """A server's TLS settings; `client` demands a certificate of this authority, `newest` caps the protocol."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*pair)
        if client:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.root_file)
        if newest is not None:
            context.set_ciphers("ALL:@SECLEVEL=0")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # an old protocol is the point of it
                context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
                context.maximum_version = newest
        return context

    def _write(self, name: str, chain: Sequence[x509.Certificate]) -> str:
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.writelines(one.public_bytes(serialization.Encoding.PEM) for one in chain)
        return path


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])


def _sign(
    subject: x509.Name,
    public: Any,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    *,
    ca: bool = False,
    names: Sequence[str] = (),
    days: tuple[int, int] = (-1, 365),
    issuer_url: str = "",
) -> x509.Certificate:
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + days[0] * DAY)
        .not_valid_after(now + days[1] * DAY)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    if not ca:
        made = made.add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), False
        )
    if names:
        made = made.add_extension(x509.SubjectAlternativeName([_name(n) for n in names]), critical=False)
    if issuer_url:
        place = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier(issuer_url))
        made = made.add_extension(x509.AuthorityInformationAccess([place]), critical=False)
    return made.sign(key, hashes.SHA256())


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
