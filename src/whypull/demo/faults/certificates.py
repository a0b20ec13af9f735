"""The handshake: certificates, names, dates, protocols."""

from __future__ import annotations

import datetime as dt
import ssl
from dataclasses import replace
from email.utils import format_datetime

from whypull.demo.authority import Authority
from whypull.demo.faults import fault
from whypull.demo.http import Answer
from whypull.demo.http import server as http_server
from whypull.demo.registry import error
from whypull.demo.stage import CA_HOST, HOST, Stage


@fault("tls.plain-http")
def speaks_plain_http(stage: Stage) -> None:
    """The registry's port speaks HTTP."""
    stage.listen(HOST, http_server(stage.registry))
    stage.name_image()


@fault("tls.unknown-authority")
def signed_by_a_stranger(stage: Stage) -> None:
    """A CA that nobody was told of."""
    stranger = Authority(stage.ca().folder, "stranger")
    stage.serve_registry(stranger.context(stranger.server([HOST])))


@fault("tls.unknown-authority")
def chain_is_incomplete(stage: Stage) -> None:
    """The intermediate certificate is not sent, and can be had where the certificate says."""
    stage.listen(CA_HOST, http_server(lambda _: Answer(200, stage.ca().issuer, kind="application/pkix-cert")), port=80)
    pair = stage.ca().server([HOST], chain=False, issuer_url=f"http://{CA_HOST}/intermediate.cer")
    stage.serve_registry(stage.ca().context(pair))


@fault("tls.unknown-authority")
def connection_is_inspected(stage: Stage) -> None:
    """A security gateway on the way signs the registry's name itself."""
    gateway = Authority(stage.ca().folder, "Netskope Certificate Authority")
    stage.serve_registry(gateway.context(gateway.server([HOST])))


@fault("tls.expired")
def certificate_expired(stage: Stage) -> None:
    """Ten days ago."""
    stage.serve_registry(stage.ca().context(stage.ca().server([HOST], days=(-40, -10))))


@fault("tls.expired")
def certificate_of_tomorrow(stage: Stage) -> None:
    """Not yet valid."""
    stage.serve_registry(stage.ca().context(stage.ca().server([HOST], days=(5, 40))))


@fault("tls.expired")
def clocks_disagree(stage: Stage) -> None:
    """The registry's clock is 25 days behind this one, and by it the certificate is valid."""
    then = dt.datetime.now(dt.UTC) - dt.timedelta(days=25)
    date = (("Date", format_datetime(then, usegmt=True)),)
    pair = stage.ca().server([HOST], days=(-40, -10))
    stage.serve_registry(stage.ca().context(pair), headers=date)


@fault("tls.hostname-mismatch")
def certificate_for_another_name(stage: Stage) -> None:
    """Another host's certificate."""
    stage.serve_registry(stage.ca().context(stage.ca().server(["other.shop.test"])))


@fault("tls.hostname-mismatch")
def certificate_without_names(stage: Stage) -> None:
    """A common name only, as Go no longer accepts."""
    stage.serve_registry(stage.ca().context(stage.ca().server([HOST], san=False)))


@fault("tls.client-cert")
def wants_a_client_certificate(stage: Stage) -> None:
    """Mutual TLS, and no client certificate."""
    stage.serve_registry(stage.ca().context(stage.ca().server([HOST]), client=True))


@fault("tls.client-cert")
def wants_a_client_certificate_in_http(stage: Stage) -> None:
    """nginx asks for a client certificate and refuses in HTTP, with 400."""
    body = b"<html><head><title>400 No required SSL certificate was sent</title></head><body>nginx</body></html>"
    context = stage.ca().context(stage.ca().server([HOST]), client=True)
    context.verify_mode = ssl.CERT_OPTIONAL
    stage.serve_registry(context, everything=replace(error(400, "", ""), body=body, kind="text/html"))


@fault("tls.handshake-failure")
def speaks_only_old_tls(stage: Stage) -> None:
    """TLS 1.1 at most."""
    stage.serve_registry(stage.ca().context(stage.ca().server([HOST]), newest=ssl.TLSVersion.TLSv1_1))


@fault("tls.handshake-failure")
def speaks_only_rsa_key_exchange(stage: Stage) -> None:
    """TLS 1.2 with ciphers that Go has not offered since 1.22."""
    context = stage.ca().context(stage.ca().server([HOST], rsa=True), newest=ssl.TLSVersion.TLSv1_2)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("AES128-GCM-SHA256:@SECLEVEL=1")
    stage.serve_registry(context)
