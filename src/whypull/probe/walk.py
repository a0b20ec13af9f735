"""The plan of a pull, step by step: a generator that asks for steps and is sent their outcomes. Pure: no sockets here.

The order is the runtime's own: name, connection, proxy, handshake, /v2/, token, manifest, config, layers, at each host that
its configuration names, one after the other. Where a step fails, controls change one variable and ask again, if the
answer decides between causes.
"""

from __future__ import annotations

from whypull.probe.as_fact import outcome_as_fact, step_as_fact
from whypull.probe.go_words import words
from whypull.probe.manifest import content
from whypull.probe.visit import Endpoint, Visit, asked, under, visit
from whypull.records import dataclass, field, replace
from whypull.reference import DOCKER_HUB, parse
from whypull.runtimeconfig import Asked as HostAsked
from whypull.runtimeconfig import upstream_of
from whypull.steps import Outcome, Request, Tried

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from typing import Any, TypeAlias

    from whypull.probe.proxy_rules import ProxySettings
    from whypull.reference import Reference
    from whypull.steps import Step

    Asked: TypeAlias = tuple[Step, str, str]  # the step, the role of its host, the control that it is
    Walk: TypeAlias = Generator[Asked, Outcome, Any]

DEPTHS = ("dns", "tls", "auth", "manifest", "layers")
MOST_OTHERS = 2  # registries that are asked for the same path, where the reference names none


@dataclass(frozen=True, slots=True)
class Target:
    """What to walk, and how the runtime at the vantage would."""

    image: str
    credentials: tuple[str, ...] = ()  # names of the credentials that would be sent, in the kubelet's order
    proxy: ProxySettings | None = None
    known_proxy: str = ""  # a proxy that this site has, where the runtime is told of none
    nameservers: tuple[str, ...] = ()
    search: tuple[str, ...] = ()  # the resolver's search domains
    platform: str = "linux/amd64"
    depth: str = "manifest"
    insecure: bool = False
    plain_http: bool = False
    hosts: tuple[HostAsked, ...] = ()  # as the runtime's configuration has them; empty: the registry itself
    stores: tuple[str, ...] = ()  # for each of `hosts` the name of its trust store
    meant: tuple[str, ...] = ()  # names of trust stores that a passed-over file or key speaks of
    client_certificate: bool = False
    realms: tuple[str, ...] = ()  # hosts of token services that the user vouches for
    others: tuple[str, ...] = ()  # registries that the given credentials are for, other than the image's


@dataclass(slots=True)
class Trail:
    """What a walk remembers between its steps."""

    target: Target
    reference: Reference
    visits: dict[str, Visit] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)  # a token's handle → whose it is
    anonymous: str = ""  # the handle of a token that nobody's credentials were needed for


def pull(target: Target) -> Walk:
    """Walks one image as deep as asked. Yields (step, role, control); raises InvalidReference for a bad image."""
    reference = parse(target.image)
    trail = Trail(target, reference)
    for number, host in enumerate(_hosts(target, reference)):
        name = target.stores[number] if number < len(target.stores) else "node"
        if (yield from _walked(trail, _endpoint(host, target, name, reference.registry_host))):
            return
    yield from _at_others(trail)


def _hosts(target: Target, reference: Reference) -> list[HostAsked]:
    """The hosts that are asked for this reference: a tag needs one that may resolve."""
    if not target.hosts:
        plain = upstream_of(reference.domain)
        if target.plain_http:
            plain = replace(plain, base=plain.base.replace("https://", "http://"), https_first=False)
        return [plain]
    return [h for h in target.hosts if h.pull and (h.resolve or reference.digest)]


def _endpoint(host: HostAsked, target: Target, trust: str, own: str) -> Endpoint:
    end = Endpoint.of_url(host.base, role="mirror")
    if host.upstream or end.authority == own:
        end = replace(end, role="registry")
    if host.https_first and end.scheme == "http":
        # An http host with TLS settings: https comes first on the same port, http where that is not spoken.
        end = replace(end, scheme="https", http_too=True)
    return replace(
        end, insecure=host.skip_verify or target.insecure, trust=trust, ns=host.ns, repository=host.repository,
        credentials=host.credentials, client_certificate=bool(host.client), http_too=end.http_too or host.http_too,
    )  # fmt: skip


def _walked(trail: Trail, endpoint: Endpoint) -> Generator[Asked, Outcome, bool]:
    """Walks one host as deep as asked; whether it gave all that was asked of it."""
    depth = DEPTHS.index(trail.target.depth)
    found = yield from visit(endpoint, trail.target)
    trail.visits[endpoint.origin] = found
    if not found.reached and endpoint.http_too and endpoint.scheme == "https":
        endpoint = replace(endpoint, scheme="http")
        found = yield from visit(endpoint, trail.target)
    if not found.reached or depth <= DEPTHS.index("tls"):
        return found.reached
    ping = yield from asked(found, Request("GET", endpoint.url("/")))
    if not ping.ok:
        return False
    return (yield from content(trail, found, ping))


def _at_others(trail: Trail) -> Walk:
    """The control of a reference without a host: is the same path at a registry that the pull's credentials are for?"""
    reference = trail.reference
    if reference.domain != DOCKER_HUB or reference.written.startswith((f"{DOCKER_HUB}/", "index.docker.io/")):
        return
    path = reference.path if "/" in reference.written.partition("@")[0] else reference.path.removeprefix("library/")
    for host in trail.target.others[:MOST_OTHERS]:
        endpoint = replace(Endpoint.of_url(upstream_of(host).base, role="registry"), repository=path)
        other = Trail(replace(trail.target, depth="manifest", others=()), reference)
        yield from under(_walked(other, endpoint), f"registry {host}")


def run(walk: Walk, perform: Callable[[Step], Outcome], vantage: str = "here", image: str = "") -> Iterator[Tried]:
    """Performs a walk and gives what was tried, step by step, as it comes. `perform` must not raise.

    Ends with the first step for which the time was up.
    """
    answer: Outcome | None = None
    while answer is None or answer.layer != "deadline":
        try:
            step, role, control = next(walk) if answer is None else walk.send(answer)
        except StopIteration:
            return
        answer = perform(step)
        tried = Tried(step_as_fact(step), outcome_as_fact(answer), vantage, role, control)
        yield replace(tried, words=words(tried, image))
