"""From here to the registry's address."""

from __future__ import annotations

from whypull.demo import listener
from whypull.demo.authority import Authority
from whypull.demo.faults import fault
from whypull.demo.http import Answer
from whypull.demo.http import server as http_server
from whypull.demo.stage import ADDRESSES, HOST, SIX, Stage


@fault("network.refused")
def port_is_closed(stage: Stage) -> None:
    """Nothing listens."""
    stage.name_image()


@fault("network.timeout")
def firewall_drops(stage: Stage) -> None:
    """The first packet is never answered."""
    stage.name_image()
    stage.drop(HOST)


@fault("network.unreachable")
def no_route(stage: Stage) -> None:
    """There is no route to the address."""
    stage.name_image()
    stage.cut_off(ADDRESSES[HOST])


@fault("network.unreachable")
def only_ipv6_and_none_here(stage: Stage) -> None:
    """The name has IPv6 addresses only, and there is no IPv6 here."""
    stage.name_image()
    stage.names[HOST] = (SIX,)
    stage.cut_off(SIX)


@fault("network.timeout")
def ipv6_hides_the_firewall(stage: Stage) -> None:
    """IPv6 has no route, so a runtime says "unreachable"; what stops the pull is that IPv4 is dropped."""
    stage.name_image()
    stage.names[HOST] = (SIX, ADDRESSES[HOST])
    stage.cut_off(SIX)
    stage.drop(HOST)


@fault("network.reset")
def connection_is_reset(stage: Stage) -> None:
    """The first bytes are answered with RST."""
    stage.listen(HOST, listener.reset)
    stage.name_image()


@fault("network.reset")
def connection_is_closed(stage: Stage) -> None:
    """The first bytes are answered with FIN."""
    stage.listen(HOST, listener.hang_up)
    stage.name_image()


@fault("network.reset")
def name_is_filtered(stage: Stage) -> None:
    """Whoever says the registry's name in the handshake is cut off."""
    context = stage.ca().context(stage.ca().server([HOST]))
    stage.listen(HOST, listener.by_name(context, HOST, http_server(stage.registry)))
    stage.name_image()


@fault("network.reset")
def closed_before_the_answer(stage: Stage) -> None:
    """The handshake succeeds; the request is met with the end of the connection."""
    stage.listen(HOST, listener.hang_up, stage.ca().context(stage.ca().server([HOST])))
    stage.name_image()


@fault("network.tls-stalled")
def handshake_never_ends(stage: Stage) -> None:
    """TCP opens, TLS is never answered."""
    stage.listen(HOST, listener.silent)
    stage.name_image()


@fault("network.tls-stalled")
def large_segments_are_lost(stage: Stage) -> None:
    """An MTU black hole: the certificate, which is large, never comes."""
    context = stage.ca().context(stage.ca().server([HOST]))
    stage.listen(HOST, listener.black_hole(context, http_server(stage.registry)))
    stage.name_image()


@fault("network.intercepted")
def the_clusters_own_ingress(stage: Stage) -> None:
    """An ingress controller answers in the registry's place, with its default certificate."""
    fake = Authority(stage.ca().folder, "Kubernetes Ingress Controller Fake Certificate")
    made = fake.context(fake.server(["Kubernetes Ingress Controller Fake Certificate", "ingress.local"]))
    stage.https(HOST, lambda _: Answer(404, b"default backend - 404", kind="text/plain"), made)
    stage.name_image()


@fault("network.intercepted")
def captive_portal(stage: Stage) -> None:
    """Everything is sent to a page where one has to log in to the network."""
    page = Answer(302, b"", (("Location", "http://portal.fortinet.test:1000/fgtauth?0a1b2c"),), kind="text/html")
    stage.https(HOST, lambda _: page)
    stage.name_image()


@fault("node.pull-stalled")
def large_answers_never_come(stage: Stage) -> None:
    """An MTU black hole behind the handshake: small answers come, a layer stops after its first bytes."""
    context = stage.ca().context(stage.ca().server([HOST]))
    stage.listen(HOST, listener.black_hole(context, http_server(stage.registry), after_handshake=True))
    stage.name_image()
