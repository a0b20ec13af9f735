"""What all scenes of a run share: packages, the network, certificates and services."""

from __future__ import annotations

import os
import threading

from lab import images, network
from lab.doors import token_service
from lab.services import DOCKER_HUB, HOSTS, Services
from lab.serving import At, Certificates, LabRegistry, http
from lab.start import ROOT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lab.packages import Packages


class Bed:
    """Made once in the process that lab.start began."""

    def __init__(self, packages: Packages) -> None:
        self.packages = packages
        os.makedirs(f"{ROOT}/pki")
        network.up()
        self.certificates = Certificates(f"{ROOT}/pki")
        self.ca = _read(self.certificates.good.root_file)
        self.strangers_ca = _read(self.certificates.another.root_file)
        pair, other = self.certificates.good.server(["np"]), self.certificates.good.server(["np-old"])
        self.client_files = {
            "/root/client.cert": _read(pair[0]),
            "/root/client.key": _read(pair[1]),
            "/root/other.key": _read(other[1]),
        }
        self.services = Services(self.certificates)
        self.services.start()
        self._docker_hub()
        self._pushing = threading.Lock()
        self._pushed: dict[int, images.Image] = {}

    def address_of(self, host: str) -> str:
        """Where a name of the lab leads. Raises KeyError for one that leads nowhere."""
        for file in os.listdir(HOSTS):
            for line in _read(f"{HOSTS}/{file}").splitlines():
                address, _, name = line.partition(" ")
                if name == host:
                    return address
        raise KeyError(host)

    def _docker_hub(self) -> None:
        """A Docker Hub without what is asked for: a token for anybody, and nothing that it opens."""
        (name, address), (token, token_address) = DOCKER_HUB.items()
        registry = LabRegistry(auth="bearer", realm=f"https://{token}/token", repository="library/nothing")
        for host, at, app in (
            (name, address, registry),
            (token, token_address, lambda visitor: token_service(visitor.asked, ())),
        ):
            At(http(app), self.certificates.context("good", host), at, 443).__enter__()

    def real(self, state: str, number: int) -> None:
        """Brings the image of a scene in the real registry into a state."""
        with self._pushing:
            if state == "no repository":
                return
            image = self._pushed.setdefault(number, images.image())
            self.services.push(image, f"shop{number}/api", "other" if state == "no tag" else "1.4.2")
            if state == "blob gone":
                os.unlink(self.services.blob_file(image.layers[0]))


def _read(path: str) -> str:
    with open(path, encoding="ascii") as file:
        return file.read()
