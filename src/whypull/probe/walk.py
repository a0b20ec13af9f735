"""The plan of a pull, step by step: a generator that asks for steps and is sent their outcomes. Pure: no sockets here.

The order is the runtime's own: name, connection, proxy, handshake, /v2/, token, manifest, config, layers. Where a step
fails, controls change one variable and ask again, if the answer decides between causes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from whypull.probe.as_fact import outcome_as_fact, step_as_fact
from whypull.probe.content import content
from whypull.probe.go_words import words
from whypull.probe.visit import Endpoint, Visit, asked, visit
from whypull.reference import parse
from whypull.steps import Outcome, Request, Tried

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from typing import TypeAlias

    from whypull.probe.proxy_rules import ProxySettings
    from whypull.reference import Reference
    from whypull.steps import Step

    Asked: TypeAlias = tuple[Step, str, str]  # the step, the role of its host, the control that it is
    Walk: TypeAlias = Generator[Asked, Outcome, None]

DEPTHS = ("dns", "tls", "auth", "manifest", "layers")
HUB = "registry-1.docker.io"
MOST_REDIRECTS = 5


@dataclass(frozen=True, slots=True)
class Mirror:
    """A host that the runtime asks before the registry (or the registry's replacement)."""

    base: str  # "https://mirror.shop.example/v2" as the runtime would use it
    resolves: bool = True
    skip_verify: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """What to walk, and how the runtime at the vantage would."""

    image: str
    credentials: tuple[str, ...] = ()  # names of the credentials that would be sent, in the kubelet's order
    proxy: ProxySettings | None = None
    nameservers: tuple[str, ...] = ()
    platform: str = "linux/amd64"
    depth: str = "manifest"
    insecure: bool = False
    plain_http: bool = False
    mirrors: tuple[Mirror, ...] = ()
    client_certificate: bool = False


@dataclass(slots=True)
class Trail:
    """What a walk remembers between its steps."""

    target: Target
    reference: Reference
    registry: Visit | None = None
    visits: dict[str, Visit] = field(default_factory=dict)
    asked_tokens: set[str] = field(default_factory=set)


def pull(target: Target) -> Walk:
    """Walks one image as deep as asked. Yields (step, role, control); raises InvalidReference for a bad image."""
    reference = parse(target.image)
    trail = Trail(target, reference)
    for mirror in target.mirrors:
        endpoint = Endpoint.of_url(mirror.base, role="mirror", insecure=mirror.skip_verify or target.insecure)
        if (yield from _endpoint(trail, endpoint)):
            return
    host = HUB if reference.domain == "docker.io" else reference.domain
    scheme = "http" if target.plain_http else "https"
    yield from _endpoint(trail, Endpoint.of_url(f"{scheme}://{host}/v2", role="registry", insecure=target.insecure))


def _endpoint(trail: Trail, endpoint: Endpoint) -> Generator[Asked, Outcome, bool]:
    """Walks one host as deep as asked; whether it gave all that was asked of it."""
    depth = DEPTHS.index(trail.target.depth)
    found = yield from visit(endpoint, trail.target)
    trail.visits[endpoint.origin] = found
    if not found.reached or depth <= DEPTHS.index("tls"):
        return found.reached
    trail.registry = found
    ping = yield from asked(found, Request("GET", f"{endpoint.base}/"))
    if not ping.ok or ping.status >= 500:
        return False
    if ping.status == 403:
        return False
    return (yield from content(trail, found, ping))


def run(walk: Walk, perform: Callable[[Step], Outcome], vantage: str = "here", image: str = "") -> Iterator[Tried]:
    """Performs a walk and gives what was tried, step by step, as it comes. `perform` must not raise."""
    answer: Outcome | None = None
    while True:
        try:
            step, role, control = next(walk) if answer is None else walk.send(answer)
        except StopIteration:
            return
        answer = perform(step)
        tried = Tried(step_as_fact(step), outcome_as_fact(answer), vantage, role, control)
        yield replace(tried, words=words(tried, image))
