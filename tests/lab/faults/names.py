"""The resolver, and the way to the address that it gives."""

from lab.faults import Client, Fault, Server, World, healthy
from lab.services import RESOLVERS
from whypull.demo.http import Answer

GOOD = "ln -sf /run/systemd/resolve/resolv.conf /etc/resolv.conf"  # a server that answers
V6 = {"registry": "2001:db8:18::7"}

FAULTS = [
    healthy("name-right", "a name, an address, a registry behind it"),
    Fault("name-unknown", "dns.no-such-host", "resolver", "the zone has no such name",
          World(names={"registry": ""}), mend={"names": {}}),
    Fault("resolver-knows-nothing", "dns.no-such-host", "resolver", "the node asks a resolver that does not have the zone",
          client=Client(resolver=RESOLVERS["NXDOMAIN"]), by_hand=GOOD),
    Fault("resolver-silent", "dns.timeout", "resolver", "the node's resolver does not answer",
          client=Client(resolver=RESOLVERS["SILENT"]), by_hand=GOOD, text=("network.timeout",)),
    Fault("resolver-fails", "dns.server-failure", "resolver", "SERVFAIL", client=Client(resolver=RESOLVERS["SERVFAIL"]), how="printed"),
    Fault("resolver-refuses", "dns.server-failure", "resolver", "REFUSED", client=Client(resolver=RESOLVERS["REFUSED"]), how="printed"),
    Fault("resolver-down", "dns.server-failure", "resolver", "nothing listens at the resolver's address",
          client=Client(resolver=RESOLVERS["down"]), how="printed", text=("dns.timeout",)),
    Fault("resolver-loopback", "dns.server-failure", "resolver", "resolv.conf names the node itself, where nothing listens",
          client=Client(resolver="127.0.0.53"), how="printed"),
    Fault("name-stale", "dns.wrong-address", "resolver", "the node's resolver has an old record, of an address with another tenant now",
          World(stale={"registry": "other"}, other=Server()), Client(resolver=RESOLVERS["stale"], neighbour=True), mend={"stale": {}},
          text=("tls.hostname-mismatch", "network.intercepted")),
    Fault("name-loopback", "dns.wrong-address", "resolver", "the record points to 127.0.0.1",
          World(names={"registry": "127.0.0.1"}), mend={"names": {}}, text=("network.refused",)),
    Fault("name-stale-silent", "dns.wrong-address", "resolver", "a second, old record on the node itself (/etc/hosts) leads nowhere",
          World(blocks=(("dropped", "other"),)), Client(files={"/etc/hosts": "127.0.0.1 localhost\n{other_address} {host}\n"}),
          how="printed", text=("network.timeout",)),
    # ------------------------------------------------------------ connections
    Fault("syn-dropped", "network.timeout", "network", "a firewall drops what goes to the registry",
          World(blocks=(("dropped", "registry"),)), mend={"blocks": ()}),
    Fault("port-closed", "network.refused", "network", "nothing listens on the port",
          World(registry=Server(closed=True)), mend={"registry": Server()}),
    Fault("rejected-with-reset", "network.refused", "network", "a firewall answers for the registry with a reset",
          World(blocks=(("refused", "registry"),)), mend={"blocks": ()}),
    Fault("no-route", "network.unreachable", "network", "a router says that the host cannot be reached",
          World(blocks=(("rejected", "registry"),)), mend={"blocks": ()}, text=("network.timeout", "proxy.not-configured")),
    Fault("prohibited", "network.unreachable", "network", "a router says that it is prohibited",
          World(blocks=(("prohibited", "registry"),)), mend={"blocks": ()}, text=("network.timeout", "proxy.not-configured")),
    Fault("no-default-route", "network.unreachable", "network", "the node has no default route",
          client=Client(commands="ip route del default"), by_hand="ip route add default via 10.77.0.1", text=("proxy.not-configured",)),
    Fault("only-ipv6", "network.unreachable", "network", "the name has IPv6 addresses only, the node has no IPv6",
          World(names=V6), mend={"names": {}}, text=("dns.wrong-address",)),
    Fault("reset-in-handshake", "network.reset", "network", "a middlebox resets the connection when the handshake begins",
          World(blocks=(("cut", "registry"),)), mend={"blocks": ()}),
    Fault("closed-in-handshake", "network.reset", "network", "the connection is closed when the handshake begins",
          World(registry=Server(cert="", below="hang up")), mend={"registry": Server()}),
    Fault("reset-after-request", "network.reset", "network", "the connection is reset when the request is sent",
          World(registry=Server(below="reset")), mend={"registry": Server()}),
    Fault("closed-after-request", "network.reset", "network", "the connection is closed when the request is sent",
          World(registry=Server(below="hang up")), mend={"registry": Server()}),
    Fault("handshake-stalls", "network.tls-stalled", "network", "the handshake is never answered",
          World(registry=Server(cert="", below="silent")), mend={"registry": Server()}),
    Fault("mtu-black-hole", "network.tls-stalled", "network", "large packets of the way back vanish",
          World(blocks=(("small", "registry"),)), mend={"blocks": ()}),
    Fault("turned-to-another-server", "network.intercepted", "network", "a DNAT rule leads to another server",
          World(turned={"registry": "other"}, other=Server()), Client(neighbour=True), mend={"turned": {}}, text=("tls.hostname-mismatch", "dns.wrong-address")),
    Fault("layer-stalls", "node.pull-stalled", "network", "a layer stops half way and nothing more comes",
          World(registry=Server(options={"blob": Answer(phrase="stall")})), mend={"registry": Server()}, only=("1.7", "2"),
          client=Client(more_toml='image_pull_progress_timeout = "4s"')),
]  # fmt: skip
