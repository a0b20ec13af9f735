"""The cluster's keys: one root, what the API server shows, what it shows to kubelets, and what signs accounts' tokens."""

from __future__ import annotations

import datetime as dt
import ipaddress
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lab import network

PEM = serialization.Encoding.PEM
DAY = dt.timedelta(days=1)


class Keys:
    """Files below one folder."""

    def __init__(self, folder: str) -> None:
        os.makedirs(folder)
        self.folder = folder
        self._key = rsa.generate_private_key(65537, 2048)
        self._root = self._signed("lab cluster CA", self._key, ())
        self.ca = self._write("ca.crt", self._root.public_bytes(PEM))
        self.server = self._pair("kube-apiserver", (network.ROUTER, "10.96.0.1"))
        self.client = self._pair("kube-apiserver-kubelet-client", ())
        self.accounts = self._write("accounts.key", _private(rsa.generate_private_key(65537, 2048)))

    def _pair(self, name: str, addresses: tuple[str, ...]) -> tuple[str, str]:
        key = rsa.generate_private_key(65537, 2048)
        certificate = self._signed(name, key, addresses)
        return self._write(f"{name}.crt", certificate.public_bytes(PEM)), self._write(f"{name}.key", _private(key))

    def _signed(self, name: str, key: rsa.RSAPrivateKey, addresses: tuple[str, ...]) -> x509.Certificate:
        now, root = dt.datetime.now(dt.UTC), key is self._key
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = (
            x509.CertificateBuilder().subject_name(subject).issuer_name(subject if root else self._root.subject)
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now - DAY).not_valid_after(now + 30 * DAY)
            .add_extension(x509.BasicConstraints(ca=root, path_length=None), critical=True)
        )  # fmt: skip
        if not root:
            usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
            made = made.add_extension(usage, critical=False)
        if addresses:
            names = [x509.IPAddress(ipaddress.ip_address(a)) for a in addresses]
            made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return made.sign(self._key, hashes.SHA256())

    def _write(self, name: str, data: bytes) -> str:
        path = os.path.join(self.folder, name)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
        return path


def _private(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
