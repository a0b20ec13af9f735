"""One fault's world and node: laid as the fault says, and laid anew as it should have been."""

from __future__ import annotations

import dataclasses

from lab import network, services
from lab.doors import token_service
from lab.node import CRIO, DISK, SKOPEO, Node, config_toml, drop_in
from lab.serving import BELOW_HTTP, At, LabRegistry, http, parent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from lab.bed import Bed
    from lab.cri import Pulled
    from whypull.demo.http import Answer

HOSTS = {"registry": 1, "token": 2, "storage": 3, "mirror": 4, "other": 5}
CA_FILE = "/usr/local/share/ca-certificates/shop.crt"
NEIGHBOURS = 1000  # the number of a scene's second node, from that of its first
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"


@dataclasses.dataclass(frozen=True)
class Server:
    """What answers at a host of the world: an app, or something below HTTP, behind a certificate or in the clear."""

    cert: str = "good"  # a kind of lab.serving.Certificates; "" for plain HTTP
    named: str = ""  # whose name the certificate bears; its own host's where nothing is said
    below: str = ""  # "reset", "hang up", "silent" after the handshake (before it where cert is "")
    port: int = 443
    closed: bool = False
    answer: Answer | None = None  # to everything; none for what this host is
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)  # of LabRegistry


@dataclasses.dataclass(frozen=True)
class World:
    """All that does not lie on the node. `names` and `blocks` name hosts: registry, token, storage, mirror, other."""

    registry: Server = dataclasses.field(default_factory=Server)
    token: Server | None = None
    grant: tuple[str, ...] | None = None  # scopes of the token service's tokens; none for what is asked
    realm: str = ""  # other than the token host's own
    storage: Server | None = None
    mirror: Server | None = None
    other: Server | None = None
    names: Mapping[str, str] = dataclasses.field(default_factory=dict)  # host → address, another host, or "" for no name
    stale: Mapping[str, str] = dataclasses.field(default_factory=dict)  # host → host whose address the old nameserver has for it
    blocks: tuple[tuple[str, str], ...] = ()  # (one of network.SETS, host)
    turned: Mapping[str, str] = dataclasses.field(default_factory=dict)  # DNAT: host → host
    proxy_blocked: bool = False  # the node's way to the proxy is dropped
    allowed: str = ""  # "others": an allow-list without this node; "node": with it
    lets_through: bool = False  # the proxy that denies has this registry on its list
    parent: bool = False  # the parent of the proxy "dead parent" is there after all
    real: str = ""  # the image lies in the real registry, in this state: "there", "blob gone", "no tag", "no repository"


@dataclasses.dataclass(frozen=True)
class Client:
    """The node, and what the pod asks for and with. `{host}` and the like are filled in."""

    image: str = "{host}/shop/api:1.4.2"
    account: str = ""  # "" none, "right", "wrong"
    files: Mapping[str, str] = dataclasses.field(default_factory=dict)
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)
    not_restarted: bool = False  # the environment is written down and containerd does not have it yet
    resolver: str = network.ROUTER
    trusts: bool = True  # the CA is in the node's trust store
    disk: str = DISK
    registry_toml: str = 'config_path = "/etc/containerd/certs.d"'
    more_toml: str = ""
    commands: str = ""  # run on the node before containerd starts
    before: str = ""  # an image that is pulled first, and that nothing uses
    later: str = ""  # run on the node after it started
    stopped: bool = False  # containerd does not run
    secret: str = "attached"  # attached, other host, missing, not attached: what the cluster shows of the pod's secret
    neighbour: bool = False  # another node walks the same for comparison


PLAIN_SERVER, PLAIN_WORLD, PLAIN_CLIENT = Server(), World(), Client()


class Scene:
    """A fault while it lasts."""

    def __init__(self, bed: Bed, number: int, version: str, world: World, client: Client) -> None:
        self.bed, self.number, self.version = bed, number, version
        self.world, self.client = world, client
        self.hosts = {role: f"{role[0]}{number}.shop.test" for role in HOSTS}
        self.addresses = {role: f"198.18.{number}.{last}" for role, last in HOSTS.items()}
        self.registry = LabRegistry()
        self._servers: list[At] = []
        self._undo: list[Callable[[], None]] = []
        self.account = client.account
        self._neighbour: Node | None = None
        self.image = self.filled(client.image)
        self.node = Node(
            f"np{number}", number, bed.packages, version, self._files(), client.disk,
        )  # fmt: skip
        self.lay(world)

    # ------------------------------------------------------------ the world

    def lay(self, world: World) -> None:
        """Puts the world into a state; what it was before is undone."""
        self.clear()
        self.world = world
        for role, address in self.addresses.items():
            server = getattr(world, role)
            if server is not None and not server.closed:
                self._serve(role, server, world.names.get(role, "") if world.names.get(role, "").startswith("198.") else address)
        self._name(world)
        for how, role in world.blocks:
            self._block(how, self.addresses[role])
        if world.proxy_blocked:
            for address in services.PROXIES.values():
                self._block("dropped", address)
        for role, to in world.turned.items():
            pair = f"{self.node.address} . {self.addresses[role]}"
            network.nft(f"add element inet lab turned {{ {pair} : {self.addresses[to]} }}")
            self._undo.append(lambda pair=pair: network.nft(f"delete element inet lab turned {{ {pair} }}"))
        if world.real:
            self.bed.real(world.real, self.number)
        if world.lets_through:
            self.bed.services.let_through(self.hosts["registry"])
        if world.parent:
            self._servers.append(At(parent(self.bed.address_of), None, services.DEAD, 3128))
            self._servers[-1].__enter__()

    def clear(self) -> None:
        """Takes the world of this scene down."""
        while self._undo:
            self._undo.pop()()
        while self._servers:
            self._servers.pop().__exit__()

    def _block(self, how: str, address: str) -> None:
        network.block(how, self.node.address, address)
        self._undo.append(lambda: network.unblock(how, self.node.address, address))

    def _name(self, world: World) -> None:
        table = {}
        for role, host in self.hosts.items():
            address = world.names.get(role, self.addresses[role])
            address = self.addresses.get(address, address)
            if address:
                table[host] = address
        self.bed.services.name(table, f"scene{self.number}")
        old = {role: self.addresses[world.stale.get(role, role)] for role in self.hosts}
        self.bed.services.stale.update({self.hosts[role]: (address,) for role, address in old.items()})
        self.bed.services.reread_names()

    def _serve(self, role: str, server: Server, address: str) -> None:
        app = self._app(role, server)
        context = self.bed.certificates.context(server.cert, self.hosts[server.named or role]) if server.cert else None
        serve = BELOW_HTTP[server.below] if server.below else http(app)
        self._servers.append(At(serve, context, address, server.port))
        self._servers[-1].__enter__()

    def _app(self, role: str, server: Server) -> Callable[[Any], Answer]:
        if role == "token":
            return lambda visitor: token_service(visitor.asked, self.world.grant, server.answer)
        if role == "storage":
            return lambda visitor: server.answer or self.registry.stored(visitor.asked, visitor.asked.path.rpartition("/")[2])
        options = {k: self.filled(v) if isinstance(v, str) else v for k, v in server.options.items()}
        if self.world.token is not None and role == "registry":
            options |= {"auth": "bearer", "realm": self.filled(self.world.realm) or f"https://{self.hosts['token']}/token"}
        everything = server.answer
        if everything is not None:
            headers = tuple((name, self.filled(value)) for name, value in everything.headers)
            everything = dataclasses.replace(everything, headers=headers)
        made = LabRegistry(everything=everything, **options)
        if self.world.allowed and role == "registry":
            others = {network.seen(self.number + NEIGHBOURS)}
            made.allowed = frozenset(others | ({self.node.seen_as} if self.world.allowed == "node" else set()))
        if role == "registry":
            self.registry = made
        return made

    # ------------------------------------------------------------ the node

    def _files(self) -> dict[str, str]:
        client, ca = self.client, self.bed.ca
        files = {
            "/etc/resolv.conf": f"nameserver {client.resolver}\noptions timeout:2 attempts:1\n",
            "/etc/ca-certificates.conf": "# none\n",
            "/etc/os-release": 'NAME="Debian GNU/Linux"\nID=debian\nVERSION_ID="12"\n',
            BUNDLE: ca if client.trusts else self.bed.strangers_ca,
            "/etc/containerd/config.toml": config_toml(self.version, self.filled(client.registry_toml), client.more_toml),
            "/root/ca.crt": ca,
            "/root/registry-ca.crt": ca,  # what printed commands call it
            **self.bed.client_files,
        }
        if client.trusts:
            files[CA_FILE] = ca
        if client.environment:
            values = {name: self.filled(value) for name, value in client.environment.items()}
            files[f"/etc/systemd/system/{self.service}.service.d/http-proxy.conf"] = drop_in(values)
        if self.version == SKOPEO:
            files |= CRIO
        return files | {self.filled(path): self.filled(text) for path, text in client.files.items()}

    @property
    def service(self) -> str:
        """The name of the runtime's service."""
        return "crio" if self.version == SKOPEO else "containerd"

    def start(self) -> None:
        """Starts the node's containerd as the fault has it."""
        if self.client.commands:
            done = self.node.run(self.filled(self.client.commands))
            if done.returncode:
                raise RuntimeError(f"{self.client.commands}: {done.stderr}")
        if self.client.not_restarted:
            drop = f"/etc/systemd/system/{self.service}.service.d/http-proxy.conf"
            text = self._files()[drop]
            self.node.write({drop: ""})
            self.node.start()
            self.node.write({drop: text})
        elif not self.client.stopped:
            self.node.start()
        if self.client.before:
            first = self.node.pull(self.filled(self.client.before))
            if not first.ok:
                raise RuntimeError(f"the image before: {first.text}")
        if self.client.later:
            self.node.run(self.filled(self.client.later))

    def filled(self, text: str) -> str:
        """A text with the names of this scene in it."""
        for role in HOSTS:
            text = text.replace(f"{{{role}}}", self.hosts_of()[role]).replace(f"{{{role}_address}}", self.addresses_of()[role])
        text = text.replace("{seen}", network.seen(self.number))
        text = text.replace("{host}", self.hosts_of()["registry"]).replace("{hub}", services.HUB).replace("{n}", str(self.number))
        text = text.replace("{ca}", self.bed.ca).replace("{proxy_account}", f"{services.PROXY_USER}:{services.PROXY_PASSWORD}")
        for mood, name in services.PROXY_NAMES.items():
            text = text.replace(f"{{proxy {mood}}}", f"{name}:3128")
        return text

    def hosts_of(self) -> dict[str, str]:
        """Role → name."""
        return {role: f"{role[0]}{self.number}.shop.test" for role in HOSTS}

    def addresses_of(self) -> dict[str, str]:
        """Role → address."""
        return {role: f"198.18.{self.number}.{last}" for role, last in HOSTS.items()}

    def credentials(self) -> tuple[str, str]:
        """What the kubelet would send."""
        right = services.USER, services.PASSWORD
        return {"": ("", ""), "right": right, "wrong": (services.USER, "not-the-password")}[self.account]

    def pull(self, seconds: float = 60.0) -> Pulled:
        """The real pull."""
        return self.node.pull(self.image, self.credentials(), seconds)

    def neighbour(self) -> Node:
        """Another node of the same kind, with an address of its own, on which nothing is broken."""
        if self._neighbour is None:
            files = {**self._files(), BUNDLE: self.bed.ca, "/etc/resolv.conf": f"nameserver {network.ROUTER}\n"}
            self._neighbour = Node(f"np{self.number}-2", self.number + NEIGHBOURS, self.bed.packages, self.version, files)
            self._neighbour.start()
        return self._neighbour

    def remove(self) -> None:
        """Ends the scene."""
        self.clear()
        if self._neighbour is not None:
            self._neighbour.remove()
        self.node.remove()
