"""AKS: twelve ways out, each from answers as az prints them, and the exact set of addresses that must come of it."""

from tests.egress import azure_world as az
from tests.egress.clis import Fails, Raw, asked
from tests.egress.look import because, notes, seen, unknown, ways

PIP1, PIP2 = f"{az.MC}/publicIPAddresses/pip-out-1", f"{az.MC}/publicIPAddresses/pip-out-2"


def base(cluster, **more):
    return {"az account show": az.account(), "az aks list": [cluster], **more}


def show(what, *things):
    """The answers to `az WHAT show --ids ID` for each thing."""
    return {f"az {what} show --ids {one['id']}": one for one in things}


def test_load_balancer_with_managed_addresses(tmp_path, monkeypatch):
    answers = base(
        az.cluster(ips=(PIP1, PIP2)),
        **show("network public-ip", az.public_ip(PIP1, "203.0.113.20"), az.public_ip(PIP2, "203.0.113.21")),
    )
    found = seen(tmp_path, monkeypatch, az.nodes(), answers)
    assert ways(found) == {("203.0.113.20", "likely"), ("203.0.113.21", "likely")}
    assert not unknown(found)
    assert "load balancer" in because(found, "203.0.113.20")
    assert "pip-out-1" in because(found, "203.0.113.20")
    assert found.wants == ()
    assert "shop-prod" in found.accounts[0]
    assert found.groups[0].names == ("pool np1",)
    assert len(found.groups[0].nodes) == 2


def test_another_cluster_of_the_subscription_is_not_taken_for_this_one(tmp_path, monkeypatch):
    other = az.cluster(ips=(PIP2,), group="MC_rg-other_other_westeurope") | {"name": "other"}
    answers = base(
        az.cluster(ips=(PIP1,)),
        **show("network public-ip", az.public_ip(PIP1, "203.0.113.20"), az.public_ip(PIP2, "203.0.113.99")),
    )
    answers["az aks list"] = [other, answers["az aks list"][0]]
    assert ways(seen(tmp_path, monkeypatch, az.nodes(), answers)) == {("203.0.113.20", "likely")}


def test_load_balancer_with_a_prefix_of_your_own(tmp_path, monkeypatch):
    one = f"{az.NET}/publicIPPrefixes/ippre-out"
    cluster = az.cluster(ips=(PIP1,))
    cluster["networkProfile"]["loadBalancerProfile"] |= {
        "outboundIPPrefixes": {"publicIPPrefixes": [{"id": one}]},
        "managedOutboundIPs": None,
    }
    answers = base(
        cluster,
        **show("network public-ip", az.public_ip(PIP1, "203.0.113.17")),
        **show("network public-ip prefix", az.prefix(one, "203.0.113.16/30")),
    )
    found = seen(tmp_path, monkeypatch, az.nodes(), answers)
    assert ways(found) == {("203.0.113.16/30", "likely")}
    assert "any address of it" in found.groups[0].ways[0].lasts


def test_managed_nat_gateway(tmp_path, monkeypatch):
    answers = base(az.cluster("managedNATGateway", ips=(PIP1,)), **show("network public-ip", az.public_ip(PIP1, "203.0.113.30")))
    found = seen(tmp_path, monkeypatch, az.nodes(), answers)
    assert ways(found) == {("203.0.113.30", "likely")}
    assert found.groups[0].ways[0].by == "NAT gateway"


def test_user_assigned_nat_gateway_with_address_and_prefix(tmp_path, monkeypatch):
    gateway, one, pip = (
        f"{az.NET}/natGateways/natgw-1",
        f"{az.NET}/publicIPPrefixes/ippre-nat",
        f"{az.NET}/publicIPAddresses/pip-nat",
    )
    answers = base(
        az.cluster("userAssignedNATGateway", subnet=az.NODES),
        **show("network vnet subnet", az.subnet(nat=gateway)), **show("network nat gateway", az.nat(gateway, (pip,), (one,))),
        **show("network public-ip", az.public_ip(pip, "203.0.113.40")), **show("network public-ip prefix", az.prefix(one, "203.0.113.48/31")),
    )  # fmt: skip
    found = seen(tmp_path, monkeypatch, az.nodes(), answers)
    assert ways(found) == {("203.0.113.40", "likely"), ("203.0.113.48/31", "likely")}
    assert "natgw-1" in because(found, "203.0.113.40")
    assert not unknown(found)


def test_a_nat_gateway_on_the_subnet_wins_over_the_load_balancer(tmp_path, monkeypatch):
    gateway, pip = f"{az.NET}/natGateways/natgw-1", f"{az.NET}/publicIPAddresses/pip-nat"
    answers = base(
        az.cluster(ips=(PIP1,), subnet=az.NODES), **show("network vnet subnet", az.subnet(nat=gateway)),
        **show("network nat gateway", az.nat(gateway, (pip,))), **show("network public-ip", az.public_ip(pip, "203.0.113.40"), az.public_ip(PIP1, "203.0.113.20")),
    )  # fmt: skip
    assert ways(seen(tmp_path, monkeypatch, az.nodes(), answers)) == {("203.0.113.40", "likely")}


def hub_answers(firewall, *more_things, peers=((f"{az.HUBNET}/virtualNetworks/vnet-hub", "10.9.0.0/16"),), listed=()):
    route = f"{az.NET}/routeTables/rt-nodes"
    hub_subnet = f"{az.HUBNET}/virtualNetworks/vnet-hub/subnets/AzureFirewallSubnet"
    return base(
        az.cluster("userDefinedRouting", subnet=az.NODES),
        **show("network vnet subnet", az.subnet(table=route), az.subnet(hub_subnet)),
        **show("network route-table", az.table(route, "10.9.1.4")), **show("network vnet", az.network(peers)),
        **{f"az resource list --resource-type Microsoft.Network/azureFirewalls --subscription {az.HUB}": [{k: v for k, v in one.items() if k != "properties"} for one in listed or [firewall] if one]},
        **{f"az resource list --resource-type Microsoft.Network/azureFirewalls --subscription {az.SUB}": []},
        **show("resource", *(one for one in listed or [firewall] if one)), **show("network public-ip", *more_things),
    )  # fmt: skip


def test_user_defined_routing_through_the_hub_s_firewall_in_another_subscription(tmp_path, monkeypatch):
    ips = [f"{az.HUBNET}/publicIPAddresses/pip-fw-{n}" for n in (1, 2)]
    fw = az.firewall_arm(
        f"{az.HUBNET}/azureFirewalls/fw-hub", "10.9.1.4", ips, f"{az.HUBNET}/virtualNetworks/vnet-hub/subnets/AzureFirewallSubnet"
    )
    answers = hub_answers(
        fw,
        az.public_ip(ips[0], "203.0.113.50"),
        az.public_ip(ips[1], "203.0.113.51"),
        az.public_ip(f"{az.HUBNET}/publicIPAddresses/pip-mgmt", "203.0.113.59"),
    )
    found = seen(tmp_path, monkeypatch, az.nodes(), answers)
    assert ways(found) == {("203.0.113.50", "likely"), ("203.0.113.51", "likely")}, (
        "all that it translates to, not that of its management"
    )
    assert "fw-hub" in because(found, "203.0.113.50")
    assert "to-hub" in because(found, "203.0.113.50")


def test_a_firewall_of_the_same_private_address_in_a_network_that_is_not_peered_is_another_one(tmp_path, monkeypatch):
    ip = f"{az.HUBNET}/publicIPAddresses/pip-fw-1"
    stranger = az.firewall_arm(
        f"{az.HUBNET}/azureFirewalls/fw-other",
        "10.9.1.4",
        [ip],
        f"{az.HUBNET}/virtualNetworks/vnet-other/subnets/AzureFirewallSubnet",
    )
    found = seen(tmp_path, monkeypatch, az.nodes(), hub_answers(stranger, az.public_ip(ip, "203.0.113.50")))
    assert ways(found) == set()
    assert "10.9.1.4" in unknown(found)
    assert any("network firewall list" in ask for ask in found.groups[0].ask)


def test_the_firewall_of_a_virtual_hub(tmp_path, monkeypatch):
    hub = {
        "id": f"{az.HUBNET}/azureFirewalls/fw-vwan",
        "name": "fw-vwan",
        "type": "Microsoft.Network/azureFirewalls",
        "ipConfigurations": [],
        "hubIPAddresses": {
            "privateIPAddress": "10.9.1.4",
            "publicIPs": {"addresses": [{"address": "203.0.113.70"}, {"address": "203.0.113.71"}], "count": 2},
        },
    }
    assert ways(seen(tmp_path, monkeypatch, az.nodes(), hub_answers(hub))) == {
        ("203.0.113.70", "likely"),
        ("203.0.113.71", "likely"),
    }
    apart = hub_answers(hub, peers=((f"{az.HUBNET}/virtualNetworks/vnet-else", "172.16.0.0/16"),))
    apart[f"az resource list --resource-type Microsoft.Network/azureFirewalls --subscription {az.SUB}"] = [hub]
    assert ways(seen(tmp_path / "2", monkeypatch, az.nodes(), apart)) == set(), "a hub that the nodes' network does not lead to"


def test_a_network_appliance_is_not_guessed_at(tmp_path, monkeypatch):
    found = seen(tmp_path, monkeypatch, az.nodes(), hub_answers(None))
    assert ways(found) == set()
    assert "network appliance" in unknown(found)
    assert any("10.9.1.4" in ask for ask in found.groups[0].ask)


def test_user_defined_routing_by_bgp_is_said_as_unknown(tmp_path, monkeypatch):
    answers = base(az.cluster("userDefinedRouting", subnet=az.NODES), **show("network vnet subnet", az.subnet()))
    found = seen(tmp_path, monkeypatch, az.nodes(), answers)
    assert ways(found) == set()
    assert "BGP" in unknown(found)
    assert any("show-effective-route-table" in ask for ask in found.groups[0].ask)


def test_the_virtual_network_gateway_leads_to_a_site(tmp_path, monkeypatch):
    route = f"{az.NET}/routeTables/rt-nodes"
    answers = base(az.cluster(ips=(PIP1,), subnet=az.NODES), **show("network vnet subnet", az.subnet(table=route)), **show("network route-table", az.table(route, kind="VirtualNetworkGateway")),
                   **show("network public-ip", az.public_ip(PIP1, "203.0.113.20")))  # fmt: skip
    found = seen(tmp_path, monkeypatch, az.nodes(), answers)
    assert ways(found) == set(), "the load balancer's address is not used where a route leads elsewhere"
    assert "virtual network gateway" in unknown(found)


def test_pools_of_one_cluster_may_leave_differently(tmp_path, monkeypatch):
    cluster = az.cluster(ips=(PIP1,), pools=(az.pool_of("edge", enableNodePublicIP=True),))
    answers = base(cluster, **show("network public-ip", az.public_ip(PIP1, "203.0.113.20")))
    nodes = [*az.nodes(), *az.nodes(2, "edge", ("198.51.100.7", "198.51.100.8"))]
    found = seen(tmp_path, monkeypatch, nodes, answers)
    assert {g.names[0]: {w.address for w in g.ways} for g in found.groups} == {
        "pool np1": {"203.0.113.20"},
        "pool edge": {"198.51.100.7", "198.51.100.8"},
    }
    edge = next(g for g in found.groups if g.names[0] == "pool edge")
    assert {w.node for w in edge.ways} == set(edge.nodes)
    assert "changes when the node is replaced" in edge.ways[0].lasts


def test_nodes_own_addresses_from_a_prefix(tmp_path, monkeypatch):
    one = f"{az.NET}/publicIPPrefixes/ippre-nodes"
    cluster = az.cluster(ips=(PIP1,))
    cluster["agentPoolProfiles"] = [az.pool_of("np1", enableNodePublicIP=True, nodePublicIPPrefixID=one)]
    answers = base(cluster, **show("network public-ip prefix", az.prefix(one, "198.51.100.0/28")))
    assert ways(seen(tmp_path, monkeypatch, az.nodes(), answers)) == {("198.51.100.0/28", "likely")}


def test_nodes_own_addresses_that_their_objects_do_not_show(tmp_path, monkeypatch):
    cluster = az.cluster(ips=(PIP1,))
    cluster["agentPoolProfiles"] = [az.pool_of("np1", enableNodePublicIP=True)]
    vmss = f"/subscriptions/{az.SUB}/resourceGroups/{az.RG}/providers/Microsoft.Compute/virtualMachineScaleSets/aks-np1-30000000-vmss"
    listed = [
        {
            "id": f"{vmss}/virtualMachines/{n}/networkInterfaces/nic0/ipConfigurations/ipconfig1/publicIPAddresses/pip",
            "ipAddress": f"198.51.100.{7 + n}",
            "name": "pip",
        }
        for n in (0, 1)
    ]
    found = seen(tmp_path, monkeypatch, az.nodes(), base(cluster, **{"az vmss list-instance-public-ips": listed}))
    assert ways(found) == {("198.51.100.7", "likely"), ("198.51.100.8", "likely")}
    assert not unknown(found)


def test_outbound_type_none_has_no_way_out_and_says_so(tmp_path, monkeypatch):
    found = seen(tmp_path, monkeypatch, az.nodes(), base(az.cluster("none")))
    assert ways(found) == set()
    assert not unknown(found)
    assert "private endpoints" in notes(found)


def test_the_cluster_s_proxy_is_what_registries_see(tmp_path, monkeypatch):
    cluster = az.cluster(ips=(PIP1,)) | {
        "httpProxyConfig": {
            "httpProxy": "http://u:pa55@proxy.shop.example:3128/",
            "httpsProxy": "http://u:pa55@proxy.shop.example:3128/",
            "noProxy": ["localhost", ".azurecr.io"],
        }
    }
    answers = base(cluster, **show("network public-ip", az.public_ip(PIP1, "203.0.113.20")))
    found = seen(tmp_path, monkeypatch, az.nodes(), answers, registries=("registry.shop.example",))
    assert ways(found) == {("203.0.113.20", "possible")}
    assert "proxy.shop.example:3128" in unknown(found)
    assert "pa55" not in repr(found)
    exempt = seen(tmp_path / "2", monkeypatch, az.nodes(), answers, registries=("shopacr.azurecr.io",))
    assert ways(exempt) == {("203.0.113.20", "likely")}


# ---------------------------------------------------------------- the registry


def test_the_registry_s_network_rules_become_a_list_to_compare(tmp_path, monkeypatch):
    answers = base(
        az.cluster(ips=(PIP1,)),
        **show("network public-ip", az.public_ip(PIP1, "203.0.113.20")),
        **{"az acr show": az.registry(rules=("203.0.113.10", "198.51.100.0/24"), data=True)},
    )
    found = seen(tmp_path, monkeypatch, az.nodes(), answers, registries=("shopacr.azurecr.io",))
    assert [one.entries for one in found.lists] == [("203.0.113.10", "198.51.100.0/24")]
    assert "shopacr.westeurope.data.azurecr.io" in notes(found)
    assert "check-acr" in notes(found)


def test_a_registry_without_public_access_needs_no_allow_list(tmp_path, monkeypatch):
    endpoint = f"{az.NET}/privateEndpoints/pe-acr"
    zone = f"{az.NET}/privateDnsZones/privatelink.azurecr.io"
    answers = base(
        az.cluster("loadBalancer", ips=(PIP1,), subnet=az.NODES), **show("network public-ip", az.public_ip(PIP1, "203.0.113.20")), **show("network vnet subnet", az.subnet()),
        **{"az acr show": az.registry(access="Disabled", endpoints=(endpoint,)),
           "az network private-dns zone list": [{"id": zone, "name": "privatelink.azurecr.io", "type": "Microsoft.Network/privateDnsZones"}],
           "az network private-dns link vnet list": [{"id": f"{zone}/virtualNetworkLinks/l1", "name": "l1", "virtualNetwork": {"id": az.NODES.rpartition("/subnets/")[0]}}]},
    )  # fmt: skip
    found = seen(tmp_path, monkeypatch, az.nodes(), answers, registries=("shopacr.azurecr.io",))
    assert not found.lists
    assert "no allow-list of public addresses matters" in notes(found)
    assert "linked to privatelink.azurecr.io" in notes(found)
    answers["az network private-dns link vnet list"] = []
    apart = seen(tmp_path / "2", monkeypatch, az.nodes(), answers, registries=("shopacr.azurecr.io",))
    assert "linked to no zone" in notes(apart)


def test_a_service_endpoint_is_said(tmp_path, monkeypatch):
    answers = base(
        az.cluster(ips=(PIP1,), subnet=az.NODES),
        **show("network public-ip", az.public_ip(PIP1, "203.0.113.20")),
        **show("network vnet subnet", az.subnet(endpoints=("Microsoft.ContainerRegistry",))),
    )
    assert "service endpoint" in notes(seen(tmp_path, monkeypatch, az.nodes(), answers))


# ---------------------------------------------------------------- what goes wrong


def test_rights_that_are_missing_make_addresses_possible_not_likely(tmp_path, monkeypatch):
    refusal = Fails(
        "ERROR: (AuthorizationFailed) The client 'dev@shop.example' with object id 'x' does not have authorization to perform action 'Microsoft.Network/virtualNetworks/subnets/read' over scope '/x' or the scope is invalid."
    )
    answers = base(
        az.cluster(ips=(PIP1,), subnet=az.NODES),
        **show("network public-ip", az.public_ip(PIP1, "203.0.113.20")),
        **{"az network vnet subnet show": refusal},
    )
    found = seen(tmp_path, monkeypatch, az.nodes(), answers)
    assert ways(found) == {("203.0.113.20", "possible")}
    assert "was not seen" in unknown(found)


def test_nodes_that_are_of_no_aks_cluster(tmp_path, monkeypatch):
    found = seen(tmp_path, monkeypatch, az.nodes(), base(az.cluster(ips=(PIP1,), group="MC_other")))
    assert ways(found) == set()
    assert "no AKS cluster" in unknown(found)


def test_an_answer_that_is_no_json_is_said(tmp_path, monkeypatch):
    found = seen(tmp_path, monkeypatch, az.nodes(), {"az account show": az.account(), "az aks list": Raw("WARNING: upgrade\n[{")})
    assert "not known" in unknown(found)
    assert any(w.argv[1:3] == ("aks", "list") for w in found.wants)


def test_an_id_that_could_be_an_option_is_never_an_argument(tmp_path, monkeypatch):
    found = seen(tmp_path, monkeypatch, az.nodes(), base(az.cluster(ips=("--debug", "/subscriptions/x; rm -rf /"))))
    assert ways(found) == set()
    assert not [line for line in asked(tmp_path) if "--debug" in line or "rm -rf" in line]
