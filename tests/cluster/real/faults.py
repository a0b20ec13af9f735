"""What is broken in the cluster, as data: the lab's faults on its nodes, and those that only objects can have."""

from __future__ import annotations

import dataclasses
import json

from cluster.real.place import RIGHT, SECRET, WRONG, docker_config, secret, thing
from lab.faults import Client, World, all_faults

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from cluster.real.place import Place

REAL = World(real="there")
HUB = "{hub}/shop{n}/api:1.4.2"
ATTACHED = {"imagePullSecrets": [{"name": SECRET}]}
_LAB = {fault.name: fault for fault in all_faults()}


def _nothing(_: Place) -> list[dict[str, Any]]:
    return []


@dataclasses.dataclass(frozen=True)
class Broken:
    """One thing that is wrong, in a namespace of its own name."""

    name: str
    cause: str  # empty for a control in which nothing is
    node: str = "np1-1"
    world: World = World()
    client: Client = Client()
    objects: Callable[[Place], Iterable[dict[str, Any]]] = _nothing  # besides the workload, made before it
    afterwards: Callable[[Place], Iterable[dict[str, Any]]] | None = None  # made after it
    spec: Callable[[Place], dict[str, Any]] = lambda _: {}  # of the pod, besides its container
    policy: str = "Always"
    replicas: int = 0  # of a Deployment; 0 for a pod of its own
    besides: tuple[str, ...] = ()  # nodes on which another image of the same registry is wanted
    others: tuple[str, ...] = ()  # causes that a careful expert would name who sees the objects and texts alone
    proved: bool = True  # by a walk from its own node; what takes a look at the layers, at another node or at minds is not
    heal: str = ""  # how it is put right, see healing.py
    mend: Any = None  # fields of World that are then otherwise
    right: str = ""  # the reference that was meant


def of_lab(name: str, node: str = "np1-1", **more: Any) -> Broken:
    """A fault of the lab, brought into the cluster."""
    fault = _LAB[name]
    known: dict[str, Any] = {
        "world": fault.world,
        "client": fault.client,
        "others": fault.text,
        "mend": fault.mend,
        "right": fault.right,
    }
    if fault.client.account:
        password = RIGHT if fault.client.account == "right" else WRONG
        known["objects"] = lambda place: [secret(place.namespace, docker_config(place.host(), *password))]
        known["spec"] = lambda _: ATTACHED
    return Broken(name, fault.cause, node, **{**known, **more})


def with_secret(name: str, cause: str, made: Callable[[Place], Iterable[dict[str, Any]]], **more: Any) -> Broken:
    """The real registry, which wants a password, and a workload whose pod names SECRET."""
    known: dict[str, Any] = {"world": REAL, "client": Client(HUB), "objects": made, "spec": lambda _: ATTACHED}
    return Broken(name, cause, **{**known, **more})


def right(place: Place, **more: Any) -> dict[str, Any]:
    """The secret that is needed."""
    return secret(place.namespace, docker_config(place.host(), *RIGHT), **more)


def account(place: Place) -> dict[str, Any]:
    """The namespace's default account with the secret in it."""
    return thing("ServiceAccount", "default", place.namespace, **ATTACHED)


def of_other_host(place: Place) -> list[dict[str, Any]]:
    return [secret(place.namespace, docker_config("registry.other.test", *RIGHT))]


def of_other_port(place: Place) -> list[dict[str, Any]]:
    return [secret(place.namespace, docker_config(f"{place.host()}:5000", *RIGHT))]


def not_base64(place: Place) -> list[dict[str, Any]]:
    return [secret(place.namespace, json.dumps({"auths": {place.host(): {"auth": "%% no base64 %%"}}}).encode())]


def opaque(place: Place) -> list[dict[str, Any]]:
    return [right(place, kind="Opaque")]


def migrating(place: Place) -> dict[str, Any]:
    """An init container whose tag is not there, before a container whose image is."""
    return {"initContainers": [{"name": "migrate", "image": f"{place.host()}/shop/api:9.9.9", "imagePullPolicy": "Always"}]}


def in_tools(place: Place) -> list[dict[str, Any]]:
    """The secret, in a namespace where the pod is not."""
    elsewhere = f"{place.namespace}-tools"
    return [thing("Namespace", elsewhere), right(place) | {"metadata": {"name": SECRET, "namespace": elsewhere}}]


SECRETS = [
    with_secret("secret-right", "", lambda p: [right(p)]),
    with_secret("secret-right-of-account", "", lambda p: [right(p), account(p)], spec=lambda _: {}),
    with_secret("secret-right-old-form", "", lambda p: [secret(
        p.namespace, json.dumps(json.loads(docker_config(p.host(), *RIGHT))["auths"]).encode(), kind="kubernetes.io/dockercfg", key=".dockercfg",
    )]),
    with_secret("secret-none", "secret.not-attached", _nothing, spec=lambda _: {}, replicas=1, proved=False, heal="fix typed"),
    with_secret("secret-missing", "secret.not-found", in_tools, replicas=2, proved=False, heal="fix"),
    with_secret("secret-missing-of-account", "secret.not-found", lambda p: [account(p)], spec=lambda _: {}, node="np1-2", proved=False,
                heal="printed secret"),
    with_secret("secret-not-attached", "secret.not-attached", lambda p: [right(p)], spec=lambda _: {}, replicas=2, proved=False, heal="fix"),
    with_secret("secret-other-host", "secret.registry-mismatch", of_other_host, replicas=1, heal="printed secret"),
    with_secret("secret-other-port", "secret.registry-mismatch", of_other_port, node="np1-2"),
    with_secret("secret-wrong-password", "auth.credentials-rejected", lambda p: [secret(p.namespace, docker_config(p.host(), *WRONG))],
                node="np1-2", heal="printed secret"),
    with_secret("secret-not-base64", "secret.malformed", not_base64, node="np1-2", proved=False, heal="printed secret"),
    with_secret("secret-opaque", "secret.malformed", opaque, node="np1-2", proved=False),
    with_secret("account-named-later", "secret.not-attached", lambda p: [right(p)], afterwards=lambda p: [account(p)], spec=lambda _: {},
                replicas=1, proved=False, heal="restart"),
]  # fmt: skip
REFERENCES = [
    Broken("never-pull", "spec.never-pull", policy="Never", replicas=1, proved=False, heal="printed kubectl"),
    of_lab("reference-upper-case", proved=False, replicas=1, heal="reference"),
    of_lab("reference-without-host", node="np1-2", replicas=1, proved=False, heal="reference"),
    of_lab("tag-unknown", replicas=1, heal="reference"),
    of_lab("repository-unknown", replicas=1, proved=False, heal="reference"),
    Broken("init-container", "image.tag-not-found", "np1-2", spec=migrating, others=_LAB["tag-unknown"].text),
    of_lab("platform-not-in-index"),
    of_lab("layer-gone", node="np1-2"),
    of_lab("layer-changed", node="np1-2", proved=False),
    of_lab("layer-no-tar", proved=False),
]
WORLDS = [
    of_lab("ca-unknown", "np3-1", replicas=3, heal="printed node"),
    of_lab("ca-of-a-stranger"),
    of_lab("certificate-expired", heal="asked"),
    of_lab("certificate-other-name", "np1-2"),
    of_lab("http-server", heal="printed node"),
    of_lab("name-unknown", heal="asked", besides=("np1-1", "np1-2")),
    of_lab("name-loopback", "np1-2", proved=False),
    of_lab("name-stale-silent", "np1-2", heal="printed node"),
    of_lab("resolver-fails", "np2-2", client=Client(), heal="printed node"),
    of_lab("syn-dropped", heal="asked"),
    of_lab("port-closed", "np1-2"),
    of_lab("no-route"),
    of_lab("reset-in-handshake", "np1-2"),
    of_lab("proxy-denies", "np2-1", client=Client(), heal="asked"),
    of_lab("proxy-bypass-missing", "np2-1", client=Client(), heal="printed node"),
    of_lab("allow-list-json", "np1-2"),
    of_lab("allow-list-page", "np1-2", proved=False, heal="asked"),
    of_lab("role-missing"),
    of_lab("registry-503", heal="asked", besides=("np1-2", "np3-2")),
    of_lab("registry-429", "np1-2"),
    of_lab("registry-login-page"),
    of_lab("token-dropped"),
    of_lab("token-500", "np1-2"),
    of_lab("storage-403"),
    of_lab("storage-dropped", "np1-2"),
    of_lab("mirror-down", "np1-2"),
    of_lab("hosts-toml-syntax", "np3-1", heal="printed node"),
]
NODES = [
    of_lab("disk-full", "np3-2", heal="printed node"),
    Broken("pause-image", "image.tag-not-found", "np4-1", client=Client("{host}/shop/api:1.4.2"), proved=False,
           others=("image.repository-not-found",), heal="printed node"),
]  # fmt: skip


def all_broken() -> list[Broken]:
    """Every fault and control."""
    return [*SECRETS, *REFERENCES, *WORLDS, *NODES]
