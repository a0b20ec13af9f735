"""GKE: the ways out of a network, each from answers as gcloud prints them, and the exact set of addresses that must come of it."""

from tests.egress import google_world as gcp
from tests.egress.clis import Fails, asked
from tests.egress.look import because, notes, seen, unknown, ways

from whypull.egress.told import Told

NODES = [gcp.node(0), gcp.node(1)]


def test_cloud_nat_with_addresses_that_google_allocates(tmp_path, monkeypatch):
    answers = gcp.answers(
        routers=(gcp.router(gcp.nat()),), statuses={"shop-router": gcp.status(auto=("203.0.113.20", "203.0.113.21"))}
    )
    found = seen(tmp_path, monkeypatch, NODES, answers)
    assert ways(found) == {("203.0.113.20", "likely"), ("203.0.113.21", "likely")}
    assert "allocated automatically" in because(found, "203.0.113.20")
    assert "others come when more ports are needed" in found.groups[0].ways[0].lasts
    assert found.wants == ()
    assert not unknown(found)
    assert "dev@shop.example" in found.accounts[0]


def test_cloud_nat_with_reserved_addresses(tmp_path, monkeypatch):
    answers = gcp.answers(routers=(gcp.router(gcp.nat(manual=("nat-1", "nat-2"))),), statuses={"shop-router": gcp.status(manual=("203.0.113.30", "203.0.113.31"))},
                          addresses=(gcp.address("nat-1", "203.0.113.30"), gcp.address("nat-2", "203.0.113.31"), gcp.address("ingress", "203.0.113.99")))  # fmt: skip
    found = seen(tmp_path, monkeypatch, NODES, answers)
    assert ways(found) == {("203.0.113.30", "likely"), ("203.0.113.31", "likely")}
    assert "nat-1" in because(found, "203.0.113.30")
    assert found.groups[0].ways[0].lasts == "A reserved address: static."


def test_reserved_addresses_by_the_status_where_the_list_may_not_be_seen(tmp_path, monkeypatch):
    refusal = Fails(
        "ERROR: (gcloud.compute.addresses.list) Some requests did not succeed:\n - Required 'compute.addresses.list' permission for 'projects/shop-prod'"
    )
    answers = gcp.answers(
        routers=(gcp.router(gcp.nat(manual=("nat-1",))),),
        statuses={"shop-router": gcp.status(manual=("203.0.113.30",))},
        **{"gcloud compute addresses list": refusal},
    )
    found = seen(tmp_path, monkeypatch, NODES, answers)
    assert ways(found) == {("203.0.113.30", "likely")}
    assert not unknown(found)


def test_a_gateway_for_other_subnetworks_does_not_serve(tmp_path, monkeypatch):
    other = gcp.nat("other-nat", subnets=((gcp.SUBNET.replace("shop-nodes", "db"), ("ALL_IP_RANGES",)),))
    found = seen(
        tmp_path,
        monkeypatch,
        NODES,
        gcp.answers(routers=(gcp.router(other),), statuses={"shop-router": gcp.status("other-nat", auto=("203.0.113.20",))}),
    )
    assert ways(found) == set()
    assert "no Cloud NAT gateway of europe-west1 serves subnetwork shop-nodes" in notes(found)


def test_a_gateway_for_the_pods_range_only_does_not_serve_nodes(tmp_path, monkeypatch):
    pods = gcp.nat(subnets=((gcp.SUBNET, ("LIST_OF_SECONDARY_IP_RANGES",)),))
    assert (
        ways(
            seen(
                tmp_path,
                monkeypatch,
                NODES,
                gcp.answers(routers=(gcp.router(pods),), statuses={"shop-router": gcp.status(auto=("203.0.113.20",))}),
            )
        )
        == set()
    )
    primary = gcp.nat(subnets=((gcp.SUBNET, ("PRIMARY_IP_RANGE",)),))
    found = seen(
        tmp_path / "2",
        monkeypatch,
        NODES,
        gcp.answers(routers=(gcp.router(primary),), statuses={"shop-router": gcp.status(auto=("203.0.113.20",))}),
    )
    assert ways(found) == {("203.0.113.20", "likely")}


def test_a_gateway_of_another_region_or_network_does_not_serve(tmp_path, monkeypatch):
    routers = (
        gcp.router(gcp.nat(), name="us", region="us-central1"),
        gcp.router(gcp.nat(), name="elsewhere", network=gcp.NETWORK.replace("shop-net", "lab")),
    )
    statuses = {"us": gcp.status(auto=("198.51.100.1",)), "elsewhere": gcp.status(auto=("198.51.100.99",))}
    assert ways(seen(tmp_path, monkeypatch, NODES, gcp.answers(routers=routers, statuses=statuses))) == set()


def test_two_regions_with_a_gateway_of_the_same_name(tmp_path, monkeypatch):
    routers = (gcp.router(gcp.nat(), name="us", region="us-central1"), gcp.router(gcp.nat()))
    statuses = {"us": gcp.status(auto=("198.51.100.1",)), "shop-router": gcp.status(auto=("203.0.113.20",))}
    assert ways(seen(tmp_path, monkeypatch, NODES, gcp.answers(routers=routers, statuses=statuses))) == {
        ("203.0.113.20", "likely")
    }


def test_a_status_out_of_a_file_does_not_say_whose_it_is():
    told = Told()
    for document in (
        gcp.cluster(),
        [gcp.route()],
        [gcp.router(gcp.nat(), name="us", region="us-central1"), gcp.router(gcp.nat())],
        gcp.status(auto=("203.0.113.20",)),
    ):
        assert told.take(document)
    from whypull.egress.google import look

    group = look(NODES, told, ()).groups[0]
    assert [(w.address, w.certainty) for w in group.ways] == [("203.0.113.20", "possible")]
    assert "Several routers" in group.unknown


def test_nodes_with_external_addresses_do_not_use_cloud_nat(tmp_path, monkeypatch):
    nodes = [gcp.node(0, external="192.0.2.5"), gcp.node(1, external="192.0.2.6")]
    answers = gcp.answers(
        clusters=[gcp.cluster("shop-gke", gcp.pool(private=False))],
        routers=(gcp.router(gcp.nat()),),
        statuses={"shop-router": gcp.status(auto=("203.0.113.20",))},
    )
    found = seen(tmp_path, monkeypatch, nodes, answers)
    assert ways(found) == {("192.0.2.5", "likely"), ("192.0.2.6", "likely")}


def test_a_private_and_a_public_pool(tmp_path, monkeypatch):
    nodes = [gcp.node(0), gcp.node(1, pool="edge", external="192.0.2.6")]
    clusters = [gcp.cluster("shop-gke", gcp.pool(), gcp.pool("edge", private=False))]
    found = seen(
        tmp_path,
        monkeypatch,
        nodes,
        gcp.answers(
            clusters=clusters, routers=(gcp.router(gcp.nat()),), statuses={"shop-router": gcp.status(auto=("203.0.113.20",))}
        ),
    )
    assert {g.names[0]: {w.address for w in g.ways} for g in found.groups} == {
        "pool default-pool": {"203.0.113.20"},
        "pool edge": {"192.0.2.6"},
    }


def test_a_default_route_to_an_appliance_or_a_tunnel(tmp_path, monkeypatch):
    routes = [
        gcp.route(),
        gcp.route("to-fw", priority=100, nextHopIlb=f"{gcp.API}/projects/shop-prod/regions/europe-west1/forwardingRules/fw-ilb"),
    ]
    found = seen(
        tmp_path,
        monkeypatch,
        NODES,
        gcp.answers(
            routes=routes, routers=(gcp.router(gcp.nat()),), statuses={"shop-router": gcp.status(auto=("203.0.113.20",))}
        ),
    )
    assert ways(found) == set()
    assert "fw-ilb" in unknown(found)


def test_a_route_with_tags_is_for_instances_that_have_them(tmp_path, monkeypatch):
    routes = [gcp.route(), gcp.route("to-fw", priority=100, tags=("via-fw",), nextHopVpnTunnel="x/vpnTunnels/to-site")]
    more = {"routers": (gcp.router(gcp.nat()),), "statuses": {"shop-router": gcp.status(auto=("203.0.113.20",))}}
    assert ways(seen(tmp_path, monkeypatch, NODES, gcp.answers(routes=routes, **more))) == {("203.0.113.20", "likely")}
    tagged = [gcp.cluster("shop-gke", gcp.pool(tags=("via-fw",)))]
    found = seen(tmp_path / "2", monkeypatch, NODES, gcp.answers(clusters=tagged, routes=routes, **more))
    assert ways(found) == set()
    assert "to-site" in unknown(found)


def test_shared_vpc_is_asked_for_in_the_host_project(tmp_path, monkeypatch):
    network, subnet = gcp.NETWORK.replace(gcp.P, gcp.HOST), gcp.SUBNET.replace(gcp.P, gcp.HOST)
    answers = gcp.answers(clusters=[gcp.cluster(network=network, subnet=subnet)], routes=[gcp.route(network=network)], routers=(gcp.router(gcp.nat(), network=network),),
                          statuses={"shop-router": gcp.status(auto=("203.0.113.20",), network=network)})  # fmt: skip
    found = seen(tmp_path, monkeypatch, NODES, answers)
    assert ways(found) == {("203.0.113.20", "likely")}
    assert any("routers list --project=shop-host" in line for line in asked(tmp_path))


def test_rules_and_drained_addresses_are_said(tmp_path, monkeypatch):
    rule = {
        "ruleNumber": 100,
        "match": "inIpRange(destination.ip, '198.51.100.0/24')",
        "action": {"sourceNatActiveIps": [f"{gcp.API}/projects/{gcp.P}/regions/{gcp.REGION}/addresses/nat-9"]},
    }
    answers = gcp.answers(routers=(gcp.router(gcp.nat(manual=("nat-1",), rules=(rule,), drain=("nat-0",))),), statuses={"shop-router": gcp.status(manual=("203.0.113.30",))},
                          addresses=(gcp.address("nat-1", "203.0.113.30"), gcp.address("nat-9", "203.0.113.39")))  # fmt: skip
    found = seen(tmp_path, monkeypatch, NODES, answers)
    assert ways(found) == {("203.0.113.30", "likely"), ("203.0.113.39", "likely")}
    assert "198.51.100.0/24" in notes(found)
    assert "draining" in notes(found)


def test_which_cluster_the_api_server_s_address_tells(tmp_path, monkeypatch):
    other = gcp.cluster("shop-gke", network=gcp.NETWORK.replace("shop-net", "lab"), endpoint="198.51.100.299") | {
        "location": "us-central1"
    }
    answers = gcp.answers(
        clusters=[other, gcp.cluster()],
        routers=(gcp.router(gcp.nat()),),
        statuses={"shop-router": gcp.status(auto=("203.0.113.20",))},
    )
    assert ways(seen(tmp_path, monkeypatch, NODES, answers, server="https://198.51.100.29")) == {("203.0.113.20", "likely")}
    unclear = seen(tmp_path / "2", monkeypatch, NODES, answers)
    assert ways(unclear) == set(), "two clusters of one name: without the API server's address it is not guessed"
    assert "no cluster" in unknown(unclear)


# ---------------------------------------------------------------- Google's registries


def test_private_google_access_is_the_way_to_google_s_registries(tmp_path, monkeypatch):
    answers = gcp.answers(routers=(gcp.router(gcp.nat()),), statuses={"shop-router": gcp.status(auto=("203.0.113.20",))})
    found = seen(tmp_path, monkeypatch, NODES, answers, registries=("europe-west1-docker.pkg.dev",))
    assert "Private Google Access: nodes without external addresses reach europe-west1-docker.pkg.dev that way" in notes(found)
    assert "perimeter" in notes(found)
    answers["gcloud compute networks subnets describe"] = gcp.subnetwork(pga=False)
    assert "only by Cloud NAT" in notes(
        seen(tmp_path / "2", monkeypatch, NODES, answers, registries=("europe-west1-docker.pkg.dev",))
    )


def test_scopes_accounts_and_remote_repositories(tmp_path, monkeypatch):
    pools = (
        gcp.pool(scopes=("https://www.googleapis.com/auth/logging.write",)),
        gcp.pool("batch", account="batch@shop-prod.iam.gserviceaccount.com"),
    )
    remote = {
        "name": "projects/shop-prod/locations/europe-west1/repositories/hub",
        "format": "DOCKER",
        "mode": "REMOTE_REPOSITORY",
    }
    answers = gcp.answers(
        clusters=[gcp.cluster("shop-gke", *pools)], routers=(), **{"gcloud artifacts repositories list": [remote]}
    )
    words = notes(seen(tmp_path, monkeypatch, NODES, answers, registries=("europe-west1-docker.pkg.dev",)))
    assert "Pool default-pool lacks a scope" in words
    assert "batch@shop-prod.iam.gserviceaccount.com" in words
    assert "Repository hub is a remote one" in words


def test_rights_that_are_missing_are_named_and_nothing_is_guessed(tmp_path, monkeypatch):
    refusal = Fails(
        "ERROR: (gcloud.compute.routers.get-status) Could not fetch resource:\n - Required 'compute.routers.get' permission for 'projects/shop-prod/regions/europe-west1/routers/shop-router'"
    )
    found = seen(
        tmp_path,
        monkeypatch,
        NODES,
        gcp.answers(routers=(gcp.router(gcp.nat()),), **{"gcloud compute routers get-status": refusal}),
    )
    assert ways(found) == set()
    assert "allocates its addresses by itself" in unknown(found)
    assert [w.argv[3] for w in found.wants] == ["get-status"]


def test_routes_that_were_not_seen_leave_the_rest_possible(tmp_path, monkeypatch):
    answers = gcp.answers(
        routers=(gcp.router(gcp.nat()),),
        statuses={"shop-router": gcp.status(auto=("203.0.113.20",))},
        **{"gcloud compute routes list": Fails("ERROR: (gcloud.compute.routes.list) PERMISSION_DENIED")},
    )
    found = seen(tmp_path, monkeypatch, NODES, answers)
    assert ways(found) == {("203.0.113.20", "possible")}
    assert "default route was not seen" in unknown(found)


def test_an_instance_s_metadata_is_not_kept():
    told = Told()
    told.take(
        {"kind": "compute#instance", "name": "x", "metadata": {"items": [{"key": "kube-env", "value": "KUBELET_KEY: hush"}]}}
    )
    assert "hush" not in repr(told.of("google instance"))
    assert told.of("google instance")
