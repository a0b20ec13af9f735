"""Google's registries as the nodes reach them: Private Google Access, perimeters, remote repositories, identity. Pure.

https://cloud.google.com/vpc/docs/private-google-access and https://cloud.google.com/kubernetes-engine/docs/troubleshooting/image-pulls
"""

from __future__ import annotations

import re

from whypull.egress.google_names import command, last, project_of, region_of, subnetwork_of, valid
from whypull.egress.told import get, items, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from whypull.egress.nouns import Command, Registry
    from whypull.egress.told import Told

_REGISTRY = re.compile(r"(?:[a-z]+\.)?gcr\.io|[a-z0-9-]+-docker\.pkg\.dev")
READING = ("cloud-platform", "devstorage.read_only", "devstorage.read_write", "devstorage.full_control")


def registries(wanted: Sequence[Registry], told: Told, wants: list[Command], cluster: Any, project: str) -> Iterator[str]:
    """Sentences on Google's registries among those wanted: by which way nodes reach them, and what decides there."""
    hosts = [one.host.lower() for one in wanted if _REGISTRY.fullmatch(one.host.lower())]
    if not hosts or cluster is None:
        return
    shown = ", ".join(hosts)
    for subnet in sorted({subnetwork_of(cluster, pool, "")[1] for pool in (*items(cluster, "nodePools"), None)}):
        if project_of(subnet):
            yield from _private_access(told, wants, subnet, shown)
    yield (
        f"{shown} has no allow-list of addresses of its own; who may pull is decided by roles, and where there is one "
        "by a VPC Service "
        "Controls perimeter: gcloud access-context-manager perimeters list --policy=<policy>"
    )
    for pool in items(cluster, "nodePools"):
        yield from _identity(pool, shown)
    for host in hosts:
        yield from _remote(told, wants, host, project)


def _private_access(told: Told, wants: list[Command], subnet: str, shown: str) -> Iterator[str]:
    name, region = last(subnet), region_of(subnet)
    if valid(name) and valid(region):
        where = (f"--region={region}", f"--project={project_of(subnet)}")
        wants.append(command("compute", "networks", "subnets", "describe", name, *where, why="Private Google Access"))
    path = subnet.partition("projects/")[2]
    found = next((s for s in told.of("google subnetwork") if text(s, "selfLink").endswith(path)), None)
    if found is None:
        return
    if get(found, "privateIpGoogleAccess"):
        yield (
            f"Subnetwork {name} has Private Google Access: nodes without external addresses reach {shown} that way, "
            "not by Cloud NAT."
        )
    else:
        yield f"Subnetwork {name} has no Private Google Access: nodes without external addresses reach {shown} only by Cloud NAT."


def _identity(pool: Any, shown: str) -> Iterator[str]:
    """The pool's service account and scopes: without a scope for reading, no role helps."""
    name, scopes = text(pool, "name"), [str(s) for s in items(pool, "config", "oauthScopes")]
    account = text(pool, "config", "serviceAccount")
    if scopes and not any(s.rpartition("/")[2] in READING for s in scopes):
        yield (
            f"Pool {name} lacks a scope for reading images ({', '.join(READING[:2])}): pulls from {shown} are "
            "refused whatever its roles are."
        )
    if account and account != "default":
        yield f"Pool {name} pulls as {account}: it needs roles/artifactregistry.reader on the repository."


def _remote(told: Told, wants: list[Command], host: str, project: str) -> Iterator[str]:
    """Remote repositories fetch from their upstream by themselves."""
    if not host.endswith("-docker.pkg.dev"):
        return
    location = host.removesuffix("-docker.pkg.dev")
    wants.append(
        command(
            "artifacts",
            "repositories",
            "list",
            f"--location={location}",
            f"--project={project}",
            why="which repositories are remote ones",
        )
    )
    for one in told.of("google repository"):
        if text(one, "mode") == "REMOTE_REPOSITORY":
            yield (
                f"Repository {last(text(one, 'name'))} is a remote one: Google fetches from its upstream, the nodes "
                f"need only {host}."
            )
