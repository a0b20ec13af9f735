"""Certificates, protocols, and who speaks TLS."""

from lab.faults import Client, Fault, Server, World, healthy

HOSTS_TOML = "/etc/containerd/certs.d/{host}/hosts.toml"


def hosts_toml(body: str) -> dict[str, str]:
    """A hosts.toml for the registry."""
    return {HOSTS_TOML: body}


CLIENT_CERT = 'server = "https://{host}"\n[host."https://{host}"]\n  ca = "/root/ca.crt"\n  client = [["/root/client.cert", "/root/client.key"]]\n'

FAULTS = [
    healthy("ca-in-hosts-toml", "the CA is named in hosts.toml, not in the system's store",
            client=Client(trusts=False, files=hosts_toml('server = "https://{host}"\n[host."https://{host}"]\n  ca = "/root/ca.crt"\n'))),
    healthy("client-certificate-right", "the registry wants a client certificate, and hosts.toml has one",
            world=World(registry=Server(cert="client")), client=Client(files=hosts_toml(CLIENT_CERT))),
    Fault("ca-unknown", "tls.unknown-authority", "node", "the node was never told of the CA", client=Client(trusts=False), how="printed"),
    Fault("ca-of-a-stranger", "tls.unknown-authority", "registry", "the registry has a certificate of a CA that nobody knows",
          World(registry=Server(cert="stranger")), mend={"registry": Server()}),
    Fault("chain-incomplete", "tls.unknown-authority", "registry", "the intermediate certificate is not sent",
          World(registry=Server(cert="no chain")), mend={"registry": Server()}),
    Fault("proxy-intercepts", "tls.unknown-authority", "network", "an inspecting gateway answers with a certificate of its own CA",
          World(turned={"registry": "other"}, other=Server(cert="stranger", named="registry")), mend={"turned": {}},
          text=("network.intercepted",)),
    Fault("certificate-expired", "tls.expired", "registry", "the certificate ran out ten days ago",
          World(registry=Server(cert="expired")), mend={"registry": Server()}),
    Fault("certificate-of-tomorrow", "tls.expired", "registry", "the certificate is not valid yet",
          World(registry=Server(cert="tomorrow")), mend={"registry": Server()}),
    Fault("certificate-other-name", "tls.hostname-mismatch", "registry", "the certificate is for another name",
          World(registry=Server(cert="other name")), mend={"registry": Server()}, text=("network.intercepted", "dns.wrong-address")),
    Fault("certificate-no-name", "tls.hostname-mismatch", "registry", "the certificate has a common name only",
          World(registry=Server(cert="no name")), mend={"registry": Server()}),
    Fault("certificate-no-address", "tls.hostname-mismatch", "reference", "the image names the registry by its address",
          client=Client("{registry_address}/shop/api:1.4.2"), how="reference", right="{host}/shop/api:1.4.2"),
    Fault("http-server", "tls.plain-http", "registry", "the registry speaks HTTP on this port",
          World(registry=Server(cert="", port=5000)), Client("{host}:5000/shop/api:1.4.2"), how="printed"),
    Fault("https-server", "tls.plain-http", "node", "hosts.toml says http:// and the real registry speaks HTTPS on this port",
          World(real="there"),
          Client("{hub}/shop{n}/api:1.4.2", "right", files={
              "/etc/containerd/certs.d/{hub}/hosts.toml": 'server = "http://{hub}:443"\n[host."http://{hub}:443"]\n  capabilities = ["pull", "resolve"]\n'}),
          how="printed"),
    Fault("old-protocol", "tls.handshake-failure", "registry", "TLS 1.1 at most",
          World(registry=Server(cert="tls 1.1")), mend={"registry": Server()}, only=("1.6", "1.7", "2")),
    Fault("no-common-cipher", "tls.handshake-failure", "registry", "ciphers that Go does not have",
          World(registry=Server(cert="no cipher")), mend={"registry": Server()}),
    Fault("client-certificate-missing", "tls.client-cert", "node", "the registry wants a client certificate, the node has none configured",
          World(registry=Server(cert="client")), Client(), how="printed",
          text=("tls.handshake-failure", "network.reset")),
    Fault("client-certificate-mismatch", "tls.client-cert", "node", "certificate and key of the node do not belong together",
          World(registry=Server(cert="client")),
          Client(files=hosts_toml(CLIENT_CERT.replace("client.key", "other.key"))), how="printed", text=("node.runtime-config",)),
]  # fmt: skip
