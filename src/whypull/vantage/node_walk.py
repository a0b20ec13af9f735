"""A pull walked from a node through its shell: as the runtime there would, with the node's proxy, hosts, roots and resolver."""

from __future__ import annotations

import re
import time

from whypull.model import Said
from whypull.probe.few_tools import equip
from whypull.probe.proxy_rules import ProxySettings, of_environment, shown
from whypull.probe.shell import NodeLost
from whypull.probe.trust import Store
from whypull.probe.vault import Vault
from whypull.probe.walk import Target, pull, run
from whypull.probe.wire import Wire
from whypull.read.node import facts_of
from whypull.read.node_shell import NodeRead, completed, named, script, second_script, taken, whole
from whypull.records import dataclass, field
from whypull.reference import InvalidReference, parse
from whypull.runtimeconfig import containerd_toml, lint, resolv_conf
from whypull.steps import Outcome, Tried
from whypull.vantage.controls import PASSED_OVER, controls

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from whypull.model import Fact
    from whypull.probe.shell import Shell
    from whypull.runtimeconfig import Hosts
    from whypull.steps import Step

READ_SECONDS = 40.0
WALK_SECONDS = 120.0
STEP_SECONDS = 12.0
_ALERT = re.compile(r"certificate.?required|bad.?certificate|handshake.?failure", re.IGNORECASE)


@dataclass(slots=True)
class Wanted:
    """What is to be walked: an image, and the credentials that the kubelet would hand over for it."""

    image: str
    names: tuple[str, ...] = ()  # of credentials in the vault, in the kubelet's order
    vault: Vault = field(default_factory=Vault)
    others: tuple[str, ...] = ()  # further registries that the pod has credentials for
    platform: str = "linux/amd64"
    depth: str = "layers"


def unfinished(facts: Iterable[Fact]) -> str:
    """Why a walk that met no failure did not come to its end, as a sentence; empty for one that did."""
    steps = [f for f in facts if isinstance(f, Tried) and not f.control]
    if not steps or any(t.words for t in steps):
        return ""
    last = steps[-1].outcome
    if last.layer == "deadline":
        return "the time for the walk was used up."
    return f"{last.text}." if last.layer == "not-here" else ""


class NodeWalk:
    """One node while it is walked from: its shell, and what was read of it once for all images."""

    def __init__(self, shell: Shell, node: str) -> None:
        self.shell = shell
        self.node = node
        self.read: NodeRead | None = None

    def begin(self) -> None:
        """Finds the node's tools and reads its configuration. Raises NodeLost."""
        self.shell.look()
        ran = self.shell.run("\n" + script(), READ_SECONDS)
        if not whole(ran.out):
            raise NodeLost(
                f"reading the configuration of {self.node} was cut short: {ran.err.strip()[:200] or 'no reason was given'}"
            )
        read = taken(ran.out, self.node)
        more = named(read)
        if more:
            ran = self.shell.run("\n" + second_script(more, read.files.files), READ_SECONDS)
            if not whole(ran.out):
                raise NodeLost(f"reading the files that the configuration of {self.node} names was cut short")
            read = completed(read, ran.out)
        self.read = read

    def facts(self, wanted: Wanted) -> Iterator[Fact]:
        """What the node's configuration says of the image's pull, then every step of the walk, as it comes. Raises NodeLost."""
        assert self.read is not None, "begin() comes first"
        files = self.read.files
        seen = facts_of(wanted.image, files)
        yield from seen
        try:
            reference = parse(wanted.image)
        except InvalidReference as e:
            yield Said(
                f'couldn\'t parse image name "{wanted.image[:500]}": {e}', by="whypull", via="walk", reason="InvalidImageName"
            )
            return
        config = containerd_toml.parse(files.files, files.version)
        hosts = lint.hosts_of(reference, files, config)
        if hosts.problem:
            yield Said(f'failed to resolve reference "{reference.normalised}": {hosts.problem}', by="whypull", via="walk")
            return
        wire = self._wire(wanted, hosts)
        resolver = files.files.get(resolv_conf.PATH, "")
        settings = of_environment(files.environment or {})
        target = Target(
            image=wanted.image,
            credentials=wanted.names,
            proxy=settings,
            known_proxy=self._known_proxy(settings),
            nameservers=resolv_conf.nameservers_of(resolver),
            platform=wanted.platform,
            depth=wanted.depth,
            hosts=hosts.asked,
            stores=self._stores(hosts, wire),
            others=wanted.others,
        )
        perform, vantage = self._over(wire, hosts), f"node {self.node}"
        tried = []
        for one in run(pull(target), perform, vantage, wanted.image):
            tried.append(one)
            yield one
        extra = controls(tried, seen, files, lambda paths: wire.stores.update({PASSED_OVER: self._store(paths)}))
        yield from run(extra, perform, vantage, wanted.image)

    def _over(self, wire: Wire, hosts: Hosts) -> Callable[[Step], Outcome]:
        """The performer, which raises NodeLost where it is the way to the node that broke: that is no failure of the pull.

        The same goes for a host that is shown a client certificate by the runtime: its key stays on the node.
        """
        shown_to = {asked.base.split("/")[2].partition(":")[0] for asked in hosts.asked if asked.client}

        def perform(step: Step) -> Outcome:
            outcome = wire.perform(step)
            if not outcome.ok and not outcome.status and (why := self.shell.lost()):
                raise NodeLost(why)
            if not outcome.ok and getattr(step, "host", "") in shown_to and _ALERT.search(outcome.text):
                words = "the registry wants the client certificate that hosts.toml names, and its key stays on the node"
                return Outcome(ok=False, layer="not-here", text=words)
            return outcome

        return perform

    def _store(self, paths: tuple[str, ...]) -> Store:
        """The node's roots and these of its files."""
        assert self.read is not None
        authorities = dict(self.read.authorities)
        found = [authorities.get(path, "") for path in paths]
        return Store(pem="\n".join((self.read.roots, *found)).strip(), alone=bool(self.read.roots))

    def _wire(self, wanted: Wanted, hosts: Hosts) -> Wire:
        """The performer: sockets that the node's shell opens, and the roots that the node trusts."""
        assert self.read is not None
        wire = Wire(
            vault=wanted.vault,
            seconds=STEP_SECONDS,
            deadline=time.monotonic() + WALK_SECONDS,
        )
        equip(wire, self.shell)
        if self.read.roots:
            wire.stores["node"] = Store(pem=self.read.roots, alone=True)
        environment = self.read.files.environment or {}
        for url in (environment.get("HTTPS_PROXY", ""), environment.get("https_proxy", ""), environment.get("HTTP_PROXY", "")):
            userinfo = url.partition("://")[2].rpartition("@")[0]
            if userinfo:
                from urllib.parse import unquote  # noqa: PLC0415

                wire.proxies[shown(url)] = unquote(userinfo)
        for asked in hosts.asked:
            if asked.credentials and asked.base.startswith("https://") and not asked.skip_verify:
                for name in wanted.names:
                    wire.vault.trust(name, asked.base.split("/")[2])
        return wire

    def _stores(self, hosts: Hosts, wire: Wire) -> tuple[str, ...]:
        """The trust store of each host. Client keys stay on the node, so a host that wants one is walked without."""
        assert self.read is not None
        names = []
        for asked in hosts.asked:
            if not asked.ca:
                names.append("node")
                continue
            name = f"{hosts.source} ({asked.base})"
            wire.stores[name] = self._store(asked.ca)
            names.append(name)
        return tuple(names)

    def _known_proxy(self, settings: ProxySettings) -> str:
        """A proxy that stands in the node's files where the runtime's process has none."""
        if settings.https_proxy or settings.http_proxy:
            return ""
        assert self.read is not None
        for _, name, value in lint.elsewhere(self.read.files):
            if name == "HTTPS_PROXY" and value:
                return value
        return ""
