"""What the lab runs of others: dnsmasq, Debian's docker-registry behind TLS and a password, squid in four moods.

And nameservers that misbehave, which no real one can be told to.
"""

from __future__ import annotations

import base64
import http.client
import os
import socket
import ssl
import subprocess
import time

from lab import images, network
from lab.start import ROOT
from whypull.demo.names import Names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from lab.serving import Certificates

HUB, HUB_ADDRESS = "hub.shop.test", "198.18.0.20"
USER, PASSWORD = "shop-puller", "demo-password-of-nobody"
PROXIES = {"open": "198.18.0.31", "password": "198.18.0.32", "denies": "198.18.0.33", "dead parent": "198.18.0.34"}
PROXY_NAMES = {mood: f"proxy{number}.shop.test" for number, mood in enumerate(PROXIES, 1)}
PROXY_USER, PROXY_PASSWORD = "np1", "proxy-password-of-nobody"
RESOLVERS = {
    "SERVFAIL": "10.77.0.61",
    "REFUSED": "10.77.0.62",
    "SILENT": "10.77.0.63",
    "NXDOMAIN": "10.77.0.64",
    "down": "10.77.0.65",
    "stale": "10.77.0.66",
}
DOCKER_HUB = {"registry-1.docker.io": "198.18.0.40", "auth.docker.io": "198.18.0.41"}
DEAD = "198.18.0.99"  # nothing is there, and the world says so at once
HOSTS = f"{ROOT}/hosts"
_SQUID = f"{ROOT}/squid"

_STEADY = f"""
auth_param basic program /usr/lib/squid/basic_ncsa_auth {_SQUID}/passwd
auth_param basic children 2
auth_param basic realm shop proxy
acl users proxy_auth REQUIRED
http_access allow open
http_access deny password !users
http_access allow password
http_access allow dead-parent
cache_peer {DEAD} parent 3128 0 no-query no-digest
cache_peer_access {DEAD} allow dead-parent
cache_peer_access {DEAD} deny all
never_direct allow dead-parent
always_direct allow !dead-parent
"""
_LISTED = f"""
acl allowed dstdomain "{_SQUID}/allowed"
http_access allow allowed
http_access deny all
"""
_SETTINGS = f"""
connect_timeout 3 seconds
forward_timeout 4 seconds
dns_nameservers {network.ROUTER}
dns_timeout 3 seconds
hosts_file none
cache deny all
cache_mem 1 MB
access_log none
cache_effective_user nobody
unlinkd_program /bin/true
pinger_enable off
shutdown_lifetime 0 seconds
visible_hostname proxy.shop.test
netdb_filename none
coredump_dir none
"""


class AnyName(dict):  # type: ignore[type-arg]
    """A table that has the same answer for every name."""

    def get(self, _name: object, _default: object = None) -> object:
        """That answer."""
        return self[""]


class BadNames(Names):
    """A nameserver at an address of the router that says the same to all, or nothing."""

    def __init__(self, says: str, address: str) -> None:
        super().__init__({})
        self.table = AnyName({"": says})
        self._socket.close()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, 53))


class Services:
    """The services of a run. They end with the process tree that they run in."""

    def __init__(self, certificates: Certificates) -> None:
        self.certificates = certificates
        self._running: list[subprocess.Popen[bytes]] = []
        self._names: list[BadNames] = []
        self.stale: dict[str, tuple[str, ...]] = {}  # what the nameserver with old records has

    def start(self) -> None:
        """Starts all of them and waits until they answer."""
        os.makedirs(HOSTS)
        self.name({HUB: HUB_ADDRESS, **DOCKER_HUB, **{PROXY_NAMES[mood]: at for mood, at in PROXIES.items()}}, "services")
        network.ip("".join(f"addr add {at}/32 dev lo\n" for at in RESOLVERS.values()))
        for says, at in RESOLVERS.items():
            if says != "down":
                self._names.append(BadNames(says, at))
                self._names[-1].__enter__()
        self._names[-1].table = self.stale
        self._dnsmasq()
        self._registry()
        self._squid()
        for at, port in ((HUB_ADDRESS, 443), *((at, 3128) for at in PROXIES.values())):
            answers(at, port)

    # ------------------------------------------------------------ names

    def name(self, table: Mapping[str, str], file: str) -> None:
        """Gives names addresses; a later file of the same name takes the place of an earlier one."""
        with open(f"{HOSTS}/{file}.part", "w", encoding="ascii") as out:
            out.writelines(f"{address} {name}\n" for name, address in table.items())
        os.replace(f"{HOSTS}/{file}.part", f"{HOSTS}/{file}")

    def reread_names(self) -> None:
        """Lets the nameserver forget what is no longer written."""
        self._running[0].send_signal(1)

    def _dnsmasq(self) -> None:
        self._run(
            "", "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--local=/test/",
            f"--addn-hosts={HOSTS}", f"--listen-address={network.ROUTER}", "--bind-interfaces", "--user=root", "--no-negcache",
            f"--pid-file={ROOT}/dnsmasq.pid", "--log-facility=-",
        )  # fmt: skip

    # ------------------------------------------------------------ docker-registry

    def _registry(self) -> None:
        pair = self.certificates.good.server([HUB])
        at = f"{ROOT}/hub"
        os.makedirs(f"{at}/data")
        made = subprocess.run(["htpasswd", "-Bbn", USER, PASSWORD], capture_output=True, text=True, check=True).stdout
        _write(f"{at}/htpasswd", made)
        _write(
            f"{at}/config.yml",
            f"version: 0.1\nlog: {{level: warn, accesslog: {{disabled: true}}}}\n"
            f"storage: {{filesystem: {{rootdirectory: {at}/data}}, delete: {{enabled: true}}}}\n"
            f"auth: {{htpasswd: {{realm: shop, path: {at}/htpasswd}}}}\n"
            f"http: {{addr: '{HUB_ADDRESS}:443', tls: {{certificate: {pair[0]}, key: {pair[1]}}}}}\n",
        )
        self._run(network.WORLD, "docker-registry", "serve", f"{at}/config.yml")

    def push(self, image: images.Image, repository: str, tag: str) -> None:
        """Pushes an image of the lab to the real registry."""
        for key, (kind, data) in image.store.items():
            if "manifest" not in kind and "index" not in kind:
                location = hub("POST", f"/v2/{repository}/blobs/uploads/")[1]["location"]
                path = location.partition(HUB)[2] or location
                hub("PUT", f"{path}&digest={key}", data, "application/octet-stream")
        for key, (kind, data) in sorted(image.store.items(), key=lambda one: "index" in one[1][0]):
            if "manifest" in kind or "index" in kind:
                hub("PUT", f"/v2/{repository}/manifests/{tag if key == image.top else key}", data, kind)

    def blob_file(self, digest: str) -> str:
        """The file in which the real registry keeps a blob."""
        name = digest.removeprefix("sha256:")
        return f"{ROOT}/hub/data/docker/registry/v2/blobs/sha256/{name[:2]}/{name}/data"

    # ------------------------------------------------------------ squid

    def _squid(self) -> None:
        os.makedirs(_SQUID)
        os.chmod(_SQUID, 0o777)
        made = subprocess.run(["htpasswd", "-Bbn", PROXY_USER, PROXY_PASSWORD], capture_output=True, text=True, check=True).stdout
        _write(f"{_SQUID}/passwd", made)
        _write(f"{_SQUID}/allowed", "allowed.shop.test\n")
        # The one whose list grows is a process of its own: while it reads its settings anew, it answers nobody.
        for name, rules in (("steady", _STEADY), ("listed", _LISTED)):
            moods = [mood for mood in PROXIES if (mood == "denies") == (name == "listed")]
            ports = "".join(f"http_port {PROXIES[mood]}:3128 name={mood.replace(' ', '-')}\n" for mood in moods)
            ports += "".join(f"acl {mood.replace(' ', '-')} myportname {mood.replace(' ', '-')}\n" for mood in moods)
            mine = f"cache_log {_SQUID}/{name}.log\npid_filename {_SQUID}/{name}.pid\n"
            _write(f"{_SQUID}/{name}.conf", ports + rules + _SETTINGS + mine)
            self._run(network.WORLD, "squid", "-n", name, "--foreground", "-N", "-f", f"{_SQUID}/{name}.conf")

    def let_through(self, host: str) -> None:
        """Puts a host on the list of the proxy that denies all others."""
        with open(f"{_SQUID}/allowed", "a", encoding="ascii") as file:
            file.write(f"{host}\n")
        again = ["squid", "-n", "listed", "-k", "reconfigure", "-f", f"{_SQUID}/listed.conf"]
        subprocess.run(again, check=True, capture_output=True)
        time.sleep(0.5)
        answers(PROXIES["denies"], 3128)

    def _run(self, where: str, *command: str) -> None:
        into = ["nsenter", f"--net=/run/netns/{where}"] if where else []
        with open(f"{ROOT}/{command[0]}.log", "wb") as log:
            self._running.append(subprocess.Popen([*into, *command], stdout=log, stderr=log, stdin=subprocess.DEVNULL))


def hub(method: str, path: str, body: bytes = b"", kind: str = "") -> tuple[int, dict[str, str]]:
    """One request to the real registry, as its owner; status and headers. Raises RuntimeError for a refusal."""
    context = ssl._create_unverified_context()
    with network.inside(network.WORLD):
        connection = http.client.HTTPSConnection(HUB_ADDRESS, context=context, timeout=10)
        connection.connect()
    headers = {"Host": HUB, "Authorization": "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()}
    if kind:
        headers["Content-Type"] = kind
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    if answer.status >= 300:
        raise RuntimeError(f"{method} {path}: {answer.status} {said[:200]!r}")
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}


def answers(address: str, port: int, seconds: float = 10.0) -> None:
    """Waits until something listens there. Raises TimeoutError."""
    until = time.monotonic() + seconds
    while True:
        try:
            with network.inside(network.WORLD):
                socket.create_connection((address, port), timeout=1).close()
        except OSError:
            if time.monotonic() > until:
                raise TimeoutError(f"nothing listens on {address}:{port}") from None
            time.sleep(0.05)
        else:
            return


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
