"""The runtime's own configuration, its mirrors, and its disk."""

from lab.doors import refusal as error
from lab.faults import Client, Fault, Server, World, healthy
from lab.faults.tls import hosts_toml
from whypull.demo.http import Answer

MIRROR = '[host."https://{mirror}"]\n  capabilities = ["pull", "resolve"]\n'
MIRRORED = hosts_toml('server = "https://{host}"\n\n' + MIRROR)
CA_LOST = ("tls.unknown-authority",)
OLD_MIRRORS = "[plugins.'io.containerd.grpc.v1.cri'.registry.mirrors.'{host}']\n  endpoint = ['https://{mirror}']\n"
OLD_MIRRORS_3 = OLD_MIRRORS.replace("io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images")
OLD_TLS = "[plugins.'io.containerd.cri.v1.images'.registry.configs.'{host}'.tls]\n  ca_file = '/root/ca.crt'\n"

FAULTS = [
    healthy("mirror-right", "a mirror that serves the image", world=World(mirror=Server()), client=Client(files=MIRRORED)),
    healthy("mirror-down-upstream-right", "a mirror that is down, and the registry serves instead",
            world=World(mirror=Server(closed=True)), client=Client(files=MIRRORED)),
    Fault("hosts-toml-syntax", "node.runtime-config", "node", "hosts.toml cannot be read, so its CA is lost",
          client=Client(trusts=False, files=hosts_toml('server = "https://{host}\n[host."https://{host}"]\n  ca = "/root/ca.crt"\n')),
          how="printed", text=CA_LOST),
    Fault("hosts-toml-capability", "node.runtime-config", "node", "an unknown capability makes the whole file void, so its CA is lost",
          client=Client(trusts=False, files=hosts_toml(
              'server = "https://{host}"\n[host."https://{host}"]\n  capabilities = ["pull", "resolv"]\n  ca = "/root/ca.crt"\n')),
          how="printed", text=CA_LOST),
    Fault("hosts-toml-no-host-table", "node.runtime-config", "node", "server = and no [host] table: older containerd drops the file",
          client=Client(trusts=False, files=hosts_toml('server = "https://{host}"\nca = "/root/ca.crt"\n')),
          how="printed", text=CA_LOST, only=("1.6", "1.7")),
    Fault("hosts-toml-misspelt", "node.runtime-config", "node", "skip_verify is written as in the old configuration, and ignored",
          client=Client(trusts=False, files=hosts_toml('server = "https://{host}"\n[host."https://{host}"]\n  insecure_skip_verify = true\n')),
          how="printed", text=CA_LOST),
    Fault("hosts-toml-ca-missing", "node.runtime-config", "node", "hosts.toml names a CA file that is not there",
          client=Client(trusts=False, files=hosts_toml('server = "https://{host}"\n[host."https://{host}"]\n  ca = "/etc/ssl/shop-ca.pem"\n')),
          how="printed"),
    Fault("hosts-toml-no-resolve", "node.runtime-config", "node", "no host may resolve tags",
          client=Client(files=hosts_toml('server = "https://{host}"\ncapabilities = ["push"]\n[host."https://{host}"]\n  capabilities = ["push"]\n')),
          how="printed", text=("image.tag-not-found", "image.repository-not-found")),
    Fault("config-path-missing", "node.runtime-config", "node", "hosts.toml is right, and config.toml does not say where it lies",
          client=Client(trusts=False, registry_toml="", files=hosts_toml('server = "https://{host}"\n[host."https://{host}"]\n  ca = "/root/ca.crt"\n')),
          how="printed", text=CA_LOST),
    Fault("mirrors-beside-config-path", "node.runtime-config", "node", "mirrors and config_path together: the CRI plugin is not loaded",
          client=Client(registry_toml='config_path = "/etc/containerd/certs.d"\n' + OLD_MIRRORS), how="printed",
          only=("1.6", "1.7"), text=("node.runtime-unavailable",)),
    Fault("mirrors-beside-config-path-2", "node.runtime-config", "node", "mirrors and config_path together in the new layout",
          client=Client(registry_toml='config_path = "/etc/containerd/certs.d"\n' + OLD_MIRRORS_3), how="printed",
          only=("2",), text=("node.runtime-unavailable",)),
    Fault("old-tls-table", "node.runtime-config", "node", "the CA is named in registry.configs, which containerd 2 ignores",
          client=Client(trusts=False, registry_toml=OLD_TLS), how="printed", text=CA_LOST, only=("2",)),
    Fault("runtime-down", "node.runtime-unavailable", "node", "containerd does not run", client=Client(stopped=True), how="printed"),
    # ------------------------------------------------------------ mirrors
    Fault("mirror-down", "node.mirror-failed", "node", "the mirror is down, and so is the registry behind it",
          World(mirror=Server(closed=True), blocks=(("refused", "registry"),)), Client(files=MIRRORED), mend={"mirror": Server()}),
    Fault("mirror-dropped", "node.mirror-failed", "node", "the mirror is never answered, and the registry is refused",
          World(mirror=Server(), blocks=(("dropped", "mirror"), ("refused", "registry"))), Client(files=MIRRORED),
          mend={"blocks": (("refused", "registry"),)}, seconds=90),
    Fault("mirror-no-name", "node.mirror-failed", "node", "the mirror has no address, and the registry is refused",
          World(mirror=Server(), names={"mirror": ""}, blocks=(("refused", "registry"),)), Client(files=MIRRORED), mend={"names": {}}),
    Fault("mirror-403", "node.mirror-failed", "node", "the mirror refuses, and the registry cannot be reached from here",
          World(mirror=Server(answer=error(403, "DENIED", "not for you")), blocks=(("refused", "registry"),)), Client(files=MIRRORED),
          mend={"mirror": Server()}, text=("auth.forbidden", "auth.ip-not-allowed")),
    Fault("mirror-500", "node.mirror-failed", "node", "the mirror fails, and the registry cannot be reached from here",
          World(mirror=Server(answer=error(500, "UNKNOWN", "no space left on the cache")), blocks=(("refused", "registry"),)),
          Client(files=MIRRORED), mend={"mirror": Server()}, text=("registry.server-error",)),
    Fault("mirror-404", "node.mirror-failed", "node", "the mirror does not have it, and the registry cannot be reached from here",
          World(mirror=Server(answer=error(404, "NAME_UNKNOWN", "not cached")), blocks=(("refused", "registry"),)),
          Client(files=MIRRORED), mend={"mirror": Server()}, text=("network.refused", "image.tag-not-found", "image.repository-not-found")),
    Fault("mirror-unknown-ca", "node.mirror-failed", "node", "the mirror has a certificate of a stranger, and the registry is refused",
          World(mirror=Server(cert="stranger"), blocks=(("refused", "registry"),)), Client(files=MIRRORED), mend={"mirror": Server()},
          text=("tls.unknown-authority",)),
    Fault("mirror-page", "node.mirror-failed", "node", "the mirror answers with a login page",
          World(mirror=Server(answer=Answer(200, b"<!doctype html><title>Sign in</title>", kind="text/html"))), Client(files=MIRRORED),
          mend={"mirror": Server()}, text=("registry.not-a-registry",)),
    Fault("mirror-of-all", "node.mirror-failed", "node", "an old _default mirror stands before every registry, and the registry is refused",
          World(mirror=Server(closed=True), blocks=(("refused", "registry"),)),
          Client(files={"/etc/containerd/certs.d/_default/hosts.toml": MIRROR}), mend={"mirror": Server()}),
    # ------------------------------------------------------------ disk
    Fault("disk-full", "node.disk-full", "node", "images that nothing uses leave no space for the next",
          World(registry=Server(options={"kind": "large"}), other=Server(options={"kind": "large"})),
          Client(disk="size=18m", before="{other}/shop/api:1.4.2"), how="printed"),
    Fault("inodes-used-up", "node.disk-full", "node", "images that nothing uses leave no inodes for the next",
          World(registry=Server(options={"kind": "many files"}), other=Server(options={"kind": "many files"})),
          Client(disk="size=96m,nr_inodes=700", before="{other}/shop/api:1.4.2"), how="printed"),
]  # fmt: skip
