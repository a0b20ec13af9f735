"""Certificates as a server sent them, read with cryptography: names, dates, issuers; never a verdict."""

from __future__ import annotations

import warnings

from whypull.steps import Certificate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography import x509

MOST_CERTIFICATES = 10
MOST_NAMES = 200
LARGEST = 256 * 1024  # bytes of one certificate that are read


def certificates(chain: Sequence[bytes]) -> tuple[Certificate, ...]:
    """The chain, leaf first; what cannot be read is left out."""
    from cryptography import x509  # noqa: PLC0415 - 80 ms that only a chain is worth

    found = []
    for der in chain[:MOST_CERTIFICATES]:
        if len(der) > LARGEST:
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # odd but working certificates are common behind private registries
                found.append(_certificate(x509.load_der_x509_certificate(der)))
        except ValueError:
            continue
    return tuple(found)


def _certificate(one: x509.Certificate) -> Certificate:
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415

    return Certificate(
        subject=one.subject.rfc4514_string()[:500],
        issuer=one.issuer.rfc4514_string()[:500],
        not_before=one.not_valid_before_utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
        not_after=one.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
        names=_names(one),
        serial=f"{one.serial_number:x}"[:64],
        sha256=one.fingerprint(hashes.SHA256()).hex(),
        self_signed=one.subject == one.issuer,
        is_ca=_is_ca(one),
        issuer_url=_issuer_url(one),
    )


def _issuer_url(one: x509.Certificate) -> str:
    """Where the certificate says that its issuer's can be had."""
    from cryptography import x509  # noqa: PLC0415
    from cryptography.x509.oid import AuthorityInformationAccessOID  # noqa: PLC0415

    try:
        access = one.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except (x509.ExtensionNotFound, ValueError):
        return ""
    urls = [a.access_location.value for a in access if a.access_method == AuthorityInformationAccessOID.CA_ISSUERS]
    return next((str(u)[:500] for u in urls if str(u).startswith("http://")), "")


def _names(one: x509.Certificate) -> tuple[str, ...]:
    from cryptography import x509  # noqa: PLC0415

    try:
        san = one.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return ()
    names = [*san.get_values_for_type(x509.DNSName), *map(str, san.get_values_for_type(x509.IPAddress))]
    return tuple(name[:255] for name in names[:MOST_NAMES])


def _is_ca(one: x509.Certificate) -> bool:
    from cryptography import x509  # noqa: PLC0415

    try:
        return bool(one.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except (x509.ExtensionNotFound, ValueError):
        return False
