"""Answers of gcloud as it prints them, for cluster shop-gke of project shop-prod in europe-west1."""

P, HOST, REGION = "shop-prod", "shop-host", "europe-west1"
API = "https://www.googleapis.com/compute/v1"
NETWORK = f"projects/{P}/global/networks/shop-net"
SUBNET = f"projects/{P}/regions/{REGION}/subnetworks/shop-nodes"


def node(number, *, pool="default-pool", external="", zone="europe-west1-b", cluster="shop-gke"):
    from whypull.model import NodeSeen

    name = f"gke-{cluster}-{pool}-0a1b2c3d-x{number:03d}"
    addresses = [("InternalIP", f"10.132.0.{number + 2}"), *([("ExternalIP", external)] if external else []), ("Hostname", name)]
    labels = (
        ("cloud.google.com/gke-nodepool", pool),
        ("topology.kubernetes.io/region", REGION),
        ("topology.kubernetes.io/zone", zone),
    )
    return NodeSeen(name=name, provider=f"gce://{P}/{zone}/{name}", addresses=tuple(addresses), labels=labels)


def pool(
    name="default-pool",
    *,
    private=True,
    account="default",
    scopes=("https://www.googleapis.com/auth/cloud-platform",),
    subnet="",
    tags=(),
):
    network = {"enablePrivateNodes": private, "podRange": "pods"} | ({"subnetwork": subnet} if subnet else {})
    return {
        "name": name,
        "networkConfig": network,
        "config": {"machineType": "e2-standard-4", "oauthScopes": list(scopes), "serviceAccount": account, "tags": list(tags)},
    }


def cluster(name="shop-gke", *pools, network=NETWORK, subnet=SUBNET, endpoint="198.51.100.29"):
    return {
        "name": name, "location": REGION, "endpoint": endpoint, "network": network.rpartition("/")[2], "subnetwork": subnet.rpartition("/")[2],
        "networkConfig": {"network": network, "subnetwork": subnet, "defaultEnablePrivateNodes": True}, "nodePools": list(pools) or [pool()],
        "privateClusterConfig": {"enablePrivateNodes": True, "privateEndpoint": "172.16.0.2", "publicEndpoint": endpoint},
        "controlPlaneEndpointsConfig": {"dnsEndpointConfig": {"endpoint": "gke-0a1b.europe-west1.gke.goog"}},
    }  # fmt: skip


def nat(name="shop-nat", *, manual=(), subnets=None, rules=(), kind="PUBLIC", drain=()):
    found = {"name": name, "type": kind, "enableEndpointIndependentMapping": False, "endpointTypes": ["ENDPOINT_TYPE_VM"], "natIpAllocateOption": "MANUAL_ONLY" if manual else "AUTO_ONLY",
             "sourceSubnetworkIpRangesToNat": "LIST_OF_SUBNETWORKS" if subnets is not None else "ALL_SUBNETWORKS_ALL_IP_RANGES"}  # fmt: skip
    if manual:
        found["natIps"] = [f"{API}/projects/{P}/regions/{REGION}/addresses/{one}" for one in manual]
    if subnets is not None:
        found["subnetworks"] = [{"name": f"{API}/{one}", "sourceIpRangesToNat": list(ranges)} for one, ranges in subnets]
    return (
        found
        | ({"rules": list(rules)} if rules else {})
        | ({"drainNatIps": [f"{API}/x/{one}" for one in drain]} if drain else {})
    )


def router(*nats, name="shop-router", network=NETWORK, region=REGION):
    return {"kind": "compute#router", "id": "1", "name": name, "nats": list(nats), "network": f"{API}/{network}", "region": f"{API}/projects/{P}/regions/{region}",
            "selfLink": f"{API}/projects/{P}/regions/{region}/routers/{name}"}  # fmt: skip


def status(name="shop-nat", auto=(), manual=(), network=NETWORK, drain=()):
    one = {"name": name, "minExtraNatIpsNeeded": 0, "numVmEndpointsWithNatMappings": 3}
    one |= {"autoAllocatedNatIps": list(auto)} if auto else {}
    one |= {"userAllocatedNatIps": list(manual), "userAllocatedNatIpResources": []} if manual else {}
    one |= {"drainAutoAllocatedNatIps": list(drain)} if drain else {}
    return {"kind": "compute#routerStatusResponse", "result": {"natStatus": [one], "network": f"{API}/{network}"}}


def address(name, ip, use="IN_USE"):
    return {
        "address": ip,
        "addressType": "EXTERNAL",
        "kind": "compute#address",
        "name": name,
        "region": f"{API}/projects/{P}/regions/{REGION}",
        "selfLink": f"{API}/projects/{P}/regions/{REGION}/addresses/{name}",
        "status": use,
    }


def route(name="default-route", *, priority=1000, destination="0.0.0.0/0", network=NETWORK, tags=(), **hop):
    hop = hop or {"nextHopGateway": f"{API}/projects/{P}/global/gateways/default-internet-gateway"}
    return {
        "destRange": destination,
        "kind": "compute#route",
        "name": name,
        "network": f"{API}/{network}",
        "priority": priority,
        **({"tags": list(tags)} if tags else {}),
        **hop,
    }


def subnetwork(resource=SUBNET, *, pga=True):
    return {
        "kind": "compute#subnetwork",
        "ipCidrRange": "10.132.0.0/20",
        "name": resource.rpartition("/")[2],
        "privateIpGoogleAccess": pga,
        "selfLink": f"{API}/{resource}",
        "stackType": "IPV4_ONLY",
    }


def answers(*, clusters=None, routers=(), statuses=None, addresses=(), routes=None, **more):
    found = {
        "gcloud auth list": [{"account": "dev@shop.example", "status": "ACTIVE"}], "gcloud container clusters list": clusters or [cluster()],
        "gcloud compute routes list": [route()] if routes is None else routes, "gcloud compute routers list": list(routers),
        "gcloud compute addresses list": list(addresses), "gcloud compute networks subnets describe": subnetwork(),
        "gcloud artifacts repositories list": [],
    }  # fmt: skip
    found |= {f"gcloud compute routers get-status {name}": one for name, one in (statuses or {}).items()}
    return found | more
