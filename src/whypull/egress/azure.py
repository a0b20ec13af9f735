"""AKS: which addresses its nodes leave by, from the cluster's outbound type and what is attached to its subnets. Pure.

https://learn.microsoft.com/azure/aks/egress-outboundtype; the order in which ways out are taken is that of
https://learn.microsoft.com/azure/virtual-network/ip-services/default-outbound-access: route to an appliance, NAT gateway,
the machine's own address, outbound rules of the load balancer.
"""

from __future__ import annotations

from whypull.egress.azure_names import acted_for, cluster_of, command, pools, show, subscription_of
from whypull.egress.azure_out import by_nat_gateway, by_route, of_address, of_prefix
from whypull.egress.azure_registry import registries as of_registries
from whypull.egress.nouns import Found, Group, Out, Way
from whypull.egress.places import external, place
from whypull.egress.proxies import through_proxy
from whypull.egress.told import get, items, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from whypull.egress.nouns import Command, Registry
    from whypull.egress.told import Told
    from whypull.model import Certainty, NodeSeen

OF_CLUSTER = "It stays while the cluster keeps it; changing the number of managed outbound addresses adds or drops some."
NO_WAY = (
    "Outbound type {outbound}: the cluster has no way to the internet of its own. Registries must be reached by "
    "private endpoints or "
    "a cache in the network; a registry's allow-list of public addresses does not matter then."
)
OF_NODE = "It is the node's own and changes when the node is replaced."


def look(nodes: Sequence[NodeSeen], told: Told, registries: Sequence[Registry]) -> Found:
    """What the answers so far say of these nodes, all of them Azure's, and what to ask next."""
    view = _View(told, registries)
    account = view.account(nodes)
    groups = [view.group(pool, members) for pool, members in pools(nodes)]
    notes, lists = of_registries(registries, told, view.wants, view.networks)
    return Found(tuple(groups), tuple(view.wants), tuple(dict.fromkeys((*view.notes, *notes))), account, lists)


class _View:
    """One look at what was told."""

    def __init__(self, told: Told, registries: Sequence[Registry]) -> None:
        self.told = told
        self.registries = registries
        self.wants: list[Command] = []
        self.notes: list[str] = []
        self.networks: dict[str, str] = {}  # ids of the nodes' virtual networks → subscription

    def account(self, nodes: Sequence[NodeSeen]) -> str:
        """Whom az speaks for."""
        self.wants.append(command("account", "show", why="whom az is logged in as"))
        return acted_for(self.told, {place(node).account for node in nodes})

    def group(self, pool: str, nodes: Sequence[NodeSeen]) -> Group:
        """One pool's ways out."""
        where = place(nodes[0])
        names = (f"pool {pool}",) if pool else (f"node resource group {where.group}",)
        made = Group(names, tuple(node.name for node in nodes))
        asked = command("aks", "list", "--subscription", where.account, why="the cluster's outbound type and its pools")
        self.wants.append(asked)
        cluster = cluster_of(self.told, where)
        if cluster is None:
            return self._without_cluster(made, nodes, asked)
        profile: Any = next((p for p in items(cluster, "agentPoolProfiles") if text(p, "name") == pool), {})
        out = self._out(cluster, profile, nodes)
        group = Group(made.names, made.nodes, out.ways, out.unknown, out.ask, out.notes)
        proxy = get(cluster, "httpProxyConfig")
        return through_proxy(
            group, text(proxy, "httpsProxy"), items(proxy, "noProxy"), self.registries, "the cluster's httpProxyConfig"
        )

    def _without_cluster(self, made: Group, nodes: Sequence[NodeSeen], asked: Command) -> Group:
        own = tuple(self._own(nodes, "possible"))
        if self.told.answered(asked):
            why = (
                f"az lists no AKS cluster whose node resource group is {place(nodes[0]).group}: these nodes are "
                "managed otherwise."
            )
            ask = (
                "Ask whoever runs the virtual network: is there a NAT gateway, a load balancer's outbound rule or a route table?",
            )
        else:
            return Group(made.names, made.nodes, own, "The cluster's outbound type is not known.")
        return Group(made.names, made.nodes, own, why, ask)

    # ------------------------------------------------------------ the order in which Azure takes ways out

    def _out(self, cluster: Any, profile: Any, nodes: Sequence[NodeSeen]) -> Out:
        network = get(cluster, "networkProfile", {})
        outbound = text(network, "outboundType") or "loadBalancer"
        subnet_id = text(profile, "vnetSubnetID")
        subnet = self._subnet(subnet_id)
        if subnet is not None:
            routed = by_route(self.told, self.wants, subnet, outbound)
            if routed is not None:
                return routed
            gateway = text(subnet, "natGateway", "id")
            if gateway:
                return by_nat_gateway(self.told, self.wants, gateway, f"attached to subnet {text(subnet, 'name')}")
        if outbound in {"none", "block"}:
            return Out(notes=(NO_WAY.format(outbound=outbound),))
        sure = bool(subnet is not None or not subnet_id)
        return self._by_type(outbound, cluster, profile, nodes, sure=sure)

    def _by_type(self, outbound: str, cluster: Any, profile: Any, nodes: Sequence[NodeSeen], *, sure: bool) -> Out:
        network = get(cluster, "networkProfile", {})
        why = "" if sure else "Whether a route table or NAT gateway of the pool's subnet decides otherwise was not seen."
        if outbound == "loadBalancer" and get(profile, "enableNodePublicIP"):
            return self._own_addresses(profile, nodes, why)
        if outbound == "loadBalancer":
            return self._effective(get(network, "loadBalancerProfile", {}), "load balancer", why)
        if outbound.lower().startswith("managednatgateway"):
            return self._effective(get(network, "natGatewayProfile", {}), "NAT gateway", why)
        if outbound == "userAssignedNATGateway":
            return Out(unknown="The NAT gateway that the subnet should have was not seen.")
        if outbound == "userDefinedRouting":
            return Out(unknown="The route that leads out was not seen: the subnet of the pool tells its route table.")
        return Out(unknown=f"The outbound type {outbound} is not known to whypull.")

    def _effective(self, profile: Any, what: str, why: str) -> Out:
        """The addresses that the cluster itself says it leaves by."""
        ids = [text(one, "id") for one in items(profile, "effectiveOutboundIPs")]
        prefixes = [text(one, "id") for one in items(profile, "outboundIPPrefixes", "publicIPPrefixes")]
        yours = bool(prefixes or items(profile, "outboundIPs", "publicIPs"))
        lasts = "Yours, static: it stays until you take it from the cluster." if yours else OF_CLUSTER
        certainty: Certainty = "possible" if why else "likely"
        because = f"effective outbound address of the cluster's {what}"
        ways = [
            w
            for one in prefixes
            for w in of_prefix(self.told, self.wants, one, what, f"outbound prefix of the cluster's {what}", certainty)
        ]
        known = {text(self.told.one("microsoft.network/publicipprefixes", id=one), "ipPrefix") for one in prefixes}
        for one in ids:
            ways += of_address(self.told, self.wants, one, what, because, certainty, lasts, within=known)
        missing = (
            "" if ways else "The cluster names no outbound address." if not ids else "Its outbound addresses could not be read."
        )
        return Out(tuple(ways), why or missing)

    def _own_addresses(self, profile: Any, nodes: Sequence[NodeSeen], why: str) -> Out:
        prefix = text(profile, "nodePublicIPPrefixID")
        certainty: Certainty = "possible" if why else "likely"
        if prefix:
            ways = of_prefix(
                self.told, self.wants, prefix, "nodes' own addresses", "the pool's nodes take their addresses from it", certainty
            )
            if ways:
                return Out(tuple(ways), why)
        own = tuple(self._own(nodes, certainty))
        if len(own) >= len(nodes):
            return Out(own, why)
        self._want_scale_sets(nodes)
        return Out(own, why or f"{len(nodes) - len({w.node for w in own})} of the pool's nodes show no external address.")

    def _own(self, nodes: Sequence[NodeSeen], certainty: Any) -> list[Way]:
        """The nodes' own addresses: their objects' ExternalIP, else what the scale set says."""
        found = [
            Way(a, certainty, ("node ExternalIP",), "node's own address", OF_NODE, n.name) for n in nodes for a in external(n)
        ]
        named = {way.node for way in found}
        by_number = {(place(n).scale_set.lower(), place(n).name): n.name for n in nodes}
        for one in self.told.of(
            "microsoft.compute/virtualmachinescalesets/virtualmachines/networkinterfaces/ipconfigurations/publicipaddresses"
        ):
            words = text(one, "id").split("/")
            node = by_number.get((words[8].lower(), words[10]), "") if len(words) > 10 else ""
            if node and node not in named and text(one, "ipAddress"):
                found.append(
                    Way(
                        text(one, "ipAddress"),
                        certainty,
                        (f"public address of instance {words[10]} of {words[8]}",),
                        "node's own address",
                        OF_NODE,
                        node,
                    )
                )
        return found

    def _want_scale_sets(self, nodes: Sequence[NodeSeen]) -> None:
        for where in {(p.account, p.group, p.scale_set) for n in nodes if (p := place(n)).scale_set}:
            account, group, name = where
            args = ("vmss", "list-instance-public-ips", "--subscription", account, "-g", group, "-n", name)
            self.wants.append(command(*args, why=f"the public addresses of the nodes in {name}"))

    def _subnet(self, resource: str) -> Any:
        """The pool's subnet; None where there is none of the user's own, or it was not seen."""
        if not resource:
            return None
        found, wanted = show(
            self.told, "network vnet subnet show", resource, "the NAT gateway and route table of the nodes' subnet"
        )
        self.wants += wanted
        self.networks[resource.rpartition("/subnets/")[0].lower()] = subscription_of(resource)
        if found is not None and any("containerregistry" in text(e, "service").lower() for e in items(found, "serviceEndpoints")):
            self.notes.append(
                f"Subnet {text(found, 'name')} has a service endpoint for Microsoft.ContainerRegistry: an Azure "
                "registry sees the subnet, not a "
                "public address; allow the subnet in the registry's network rules."
            )
        return found
