"""Answers of az as it prints them, for clusters of our own: shop-aks in subscription shop-prod."""

SUB = "11111111-2222-3333-4444-555555555555"
HUB = "99999999-8888-7777-6666-555555555555"
RG = "MC_rg-shop_shop-aks_westeurope"
NET = f"/subscriptions/{SUB}/resourceGroups/rg-net/providers/Microsoft.Network"
HUBNET = f"/subscriptions/{HUB}/resourceGroups/rg-hub/providers/Microsoft.Network"
NODES = f"{NET}/virtualNetworks/vnet-shop/subnets/snet-nodes"
MC = f"/subscriptions/{SUB}/resourceGroups/{RG}/providers/Microsoft.Network"


def nodes(count=2, pool="np1", externals=(), group=RG, sub=SUB, extra=()):
    from whypull.model import NodeSeen

    found = []
    for number in range(count):
        addresses = [("InternalIP", f"10.20.0.{number + 4}"), ("Hostname", f"aks-{pool}-30000000-vmss00000{number}")]
        if number < len(externals):
            addresses.append(("ExternalIP", externals[number]))
        found.append(NodeSeen(
            name=f"aks-{pool}-30000000-vmss00000{number}",
            provider=f"azure:///subscriptions/{sub}/resourceGroups/{group.lower()}/providers/Microsoft.Compute/virtualMachineScaleSets/aks-{pool}-30000000-vmss/virtualMachines/{number}",
            labels=(("kubernetes.azure.com/agentpool", pool), ("topology.kubernetes.io/region", "westeurope"), *extra),
            addresses=tuple(addresses),
        ))  # fmt: skip
    return found


def account(sub=SUB, name="shop-prod"):
    return {
        "environmentName": "AzureCloud", "homeTenantId": "aaaa", "id": sub, "isDefault": True, "managedByTenants": [],
        "name": name, "state": "Enabled", "tenantId": "aaaa", "user": {"name": "dev@shop.example", "type": "user"},
    }  # fmt: skip


def cluster(outbound="loadBalancer", *, pools=(), ips=(), subnet="", group=RG, **network):
    profile = {"effectiveOutboundIPs": [{"id": one, "resourceGroup": RG} for one in ips], "idleTimeoutInMinutes": 30}
    key = "loadBalancerProfile" if outbound == "loadBalancer" else "natGatewayProfile"
    managed = (
        {"managedOutboundIPs": {"count": len(ips)}}
        if outbound == "loadBalancer"
        else {"managedOutboundIPProfile": {"count": len(ips)}}
    )
    return {
        "agentPoolProfiles": [pool_of("np1", subnet), *pools], "apiServerAccessProfile": None,
        "fqdn": "shop-aks-dns-0a1b2c3d.hcp.westeurope.azmk8s.io",
        "id": f"/subscriptions/{SUB}/resourcegroups/rg-shop/providers/Microsoft.ContainerService/managedClusters/shop-aks",
        "kubernetesVersion": "1.32.4", "location": "westeurope", "name": "shop-aks", "nodeResourceGroup": group, "httpProxyConfig": None,
        "networkProfile": {"outboundType": outbound, "loadBalancerSku": "standard", "networkPlugin": "azure",
                           "loadBalancerProfile": None, "natGatewayProfile": None, key: profile | managed, **network},
        "provisioningState": "Succeeded", "resourceGroup": "rg-shop", "type": "Microsoft.ContainerService/ManagedClusters",
    }  # fmt: skip


def pool_of(name, subnet="", **more):
    return {
        "count": 2,
        "enableNodePublicIP": False,
        "mode": "System",
        "name": name,
        "nodePublicIPPrefixID": None,
        "osType": "Linux",
        "vnetSubnetID": subnet or None,
        **more,
    }


def public_ip(resource, address, method="Static", version="IPv4"):
    return {
        "etag": 'W/"1"', "id": resource, "idleTimeoutInMinutes": 4, "ipAddress": address, "ipTags": [], "location": "westeurope",
        "name": resource.rpartition("/")[2], "provisioningState": "Succeeded", "publicIPAddressVersion": version,
        "publicIPAllocationMethod": method, "resourceGroup": RG, "sku": {"name": "Standard", "tier": "Regional"},
        "type": "Microsoft.Network/publicIPAddresses",
    }  # fmt: skip


def prefix(resource, cidr):
    return {
        "id": resource,
        "ipPrefix": cidr,
        "name": resource.rpartition("/")[2],
        "prefixLength": int(cidr.rpartition("/")[2]),
        "publicIPAddressVersion": "IPv4",
        "type": "Microsoft.Network/publicIPPrefixes",
    }


def subnet(resource=NODES, *, nat="", table="", endpoints=()):
    return {
        "addressPrefix": "10.20.0.0/22", "delegations": [], "etag": 'W/"1"', "id": resource, "name": resource.rpartition("/")[2],
        "natGateway": {"id": nat, "resourceGroup": "rg-net"} if nat else None,
        "routeTable": {"id": table, "resourceGroup": "rg-net"} if table else None,
        "serviceEndpoints": [{"service": s, "provisioningState": "Succeeded", "locations": ["*"]} for s in endpoints],
        "provisioningState": "Succeeded", "type": "Microsoft.Network/virtualNetworks/subnets",
    }  # fmt: skip


def nat(resource, ips=(), prefixes=()):
    return {
        "id": resource, "idleTimeoutInMinutes": 4, "location": "westeurope", "name": resource.rpartition("/")[2],
        "publicIpAddresses": [{"id": one} for one in ips] or None, "publicIpPrefixes": [{"id": one} for one in prefixes] or None,
        "sku": {"name": "Standard"}, "type": "Microsoft.Network/natGateways",
    }  # fmt: skip


def table(resource, hop="", kind="VirtualAppliance", destination="0.0.0.0/0"):
    route = {
        "addressPrefix": destination,
        "hasBgpOverride": False,
        "id": f"{resource}/routes/to-hub",
        "name": "to-hub",
        "nextHopIpAddress": hop or None,
        "nextHopType": kind,
        "type": "Microsoft.Network/routeTables/routes",
    }
    return {
        "disableBgpRoutePropagation": True,
        "id": resource,
        "name": resource.rpartition("/")[2],
        "routes": [route],
        "type": "Microsoft.Network/routeTables",
    }


def network(peers=()):
    return {
        "addressSpace": {"addressPrefixes": ["10.20.0.0/16"]}, "id": NODES.rpartition("/subnets/")[0], "name": "vnet-shop",
        "virtualNetworkPeerings": [{"name": "to-hub", "peeringState": "Connected", "remoteAddressSpace": {"addressPrefixes": [space]}, "remoteVirtualNetwork": {"id": one}} for one, space in peers],
        "type": "Microsoft.Network/virtualNetworks",
    }  # fmt: skip


def firewall_arm(resource, private, ips, subnet_id):
    """As `az resource show` prints it: ARM's own form."""
    return {
        "id": resource, "name": resource.rpartition("/")[2], "location": "westeurope", "type": "Microsoft.Network/azureFirewalls",
        "properties": {"ipConfigurations": [
            {"name": f"c{n}", "id": f"{resource}/azureFirewallIpConfigurations/c{n}", "properties": {
                **({"privateIPAddress": private, "subnet": {"id": subnet_id}} if n == 0 else {}), "publicIPAddress": {"id": ip}}}
            for n, ip in enumerate(ips)], "managementIpConfiguration": {"properties": {"publicIPAddress": {"id": f"{HUBNET}/publicIPAddresses/pip-mgmt"}}},
            "provisioningState": "Succeeded", "sku": {"name": "AZFW_VNet", "tier": "Standard"}},
    }  # fmt: skip


def registry(name="shopacr", *, access="Enabled", default="Deny", rules=(), endpoints=(), data=False):
    return {
        "adminUserEnabled": False, "dataEndpointEnabled": data, "dataEndpointHostNames": [f"{name}.westeurope.data.azurecr.io"] if data else [],
        "id": f"/subscriptions/{SUB}/resourceGroups/rg-shop/providers/Microsoft.ContainerRegistry/registries/{name}", "location": "westeurope",
        "loginServer": f"{name}.azurecr.io", "name": name, "networkRuleBypassOptions": "AzureServices",
        "networkRuleSet": {"defaultAction": default, "ipRules": [{"action": "Allow", "ipAddressOrRange": one} for one in rules]},
        "privateEndpointConnections": [{"privateEndpoint": {"id": one}, "privateLinkServiceConnectionState": {"status": "Approved", "actionsRequired": "None"}} for one in endpoints],
        "publicNetworkAccess": access, "sku": {"name": "Premium", "tier": "Premium"}, "type": "Microsoft.ContainerRegistry/registries",
    }  # fmt: skip
