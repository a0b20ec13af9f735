"""whypull fix: changes inside the cluster that end a secret's cause: shown, tried on the server, made when confirmed."""

from __future__ import annotations

import json
import sys

from whypull.cli import FOUND, OK, UsageError, called

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence
    from typing import Any

    from whypull.model import Diagnosis, SecretSeen
    from whypull.read.cluster import Cluster
    from whypull.read.live import Looked
    from whypull.remedy import Change

EPILOG = """\
examples:
  whypull fix pod/web-0 -n shop                        shows the changes, and tries them on the server without making them
  whypull fix deploy/web -n shop --apply               makes them, after asking
  whypull fix -n shop --secret regcred --apply         with a certain secret of the namespace
  whypull fix pod/web-0 --server registry.shop.example --username robot --password-stdin --apply < password

It copies a pull secret from the namespace that has it, or makes one, names it in the pod's service account, and makes the
pods of the owner anew. Everything else is for somebody outside the cluster, and is said so.
"""
LARGEST_PASSWORD = 64 * 1024


def run(args: Sequence[str]) -> int:
    """0 where the changes were made (or would be), 1 where there is none. Raises UsageError."""
    from whypull.commands import cluster as live  # noqa: PLC0415
    from whypull.diagnose import diagnoses_of  # noqa: PLC0415
    from whypull.read.cluster import ApiError, Cluster, Unreachable  # noqa: PLC0415
    from whypull.read.message import failures  # noqa: PLC0415

    chosen = parser().parse_args(args)
    with live.progress(chosen) as say:
        looked, access = live.seen(chosen, live.scope_of(chosen), say)
    diagnoses = diagnoses_of(looked.reading, failures)
    if not diagnoses:
        print("No pull fails there: nothing to mend.")
        return OK
    try:
        with Cluster(access, timeout=chosen.request_timeout) as cluster:
            return _each(cluster, diagnoses, looked, chosen)
    except (ApiError, Unreachable) as e:
        raise UsageError(f"{e}.") from e


def parser() -> ArgumentParser:
    """The arguments."""
    from whypull.commands import cluster as live  # noqa: PLC0415
    from whypull.commands import options  # noqa: PLC0415

    made = options.parser("fix", "Changes inside the cluster that end a failing pull.", EPILOG)
    made.add_argument("target", nargs="*", metavar="TARGET", help="pod/NAME, deploy/NAME, … (all of the namespace)")
    live.add_cluster(made)
    made.add_argument("-l", "--selector", default="", metavar="LABELS", help="pods with these labels")
    made.add_argument(
        "--dry-run", action="store_true", help="shown, and tried on the server without being made (as without --apply)"
    )
    made.add_argument("--apply", action="store_true", help="made, after they were shown and tried")
    made.add_argument("--yes", action="store_true", help="with --apply: do not ask")
    made.add_argument("--secret", default="", metavar="NAME", help="the secret of the pod's namespace to use")
    made.add_argument("--from-namespace", default="", metavar="NAME", help="the namespace to copy it from")
    made.add_argument("--server", default="", metavar="HOST", help="make a secret for this registry host (the image's own)")
    made.add_argument("--username", default="", metavar="USER")
    made.add_argument("--password-stdin", action="store_true", help="its password, from standard input")
    options.add_output(made)
    return made


def _each(cluster: Cluster, diagnoses: Sequence[Diagnosis], looked: Looked, chosen: Namespace) -> int:
    from whypull.remedy import NoRemedy, in_order  # noqa: PLC0415
    from whypull.render.safe import plain  # noqa: PLC0415

    changes: list[Change | None] = []
    for one in diagnoses:
        try:
            changes += _changes(cluster, one, looked, chosen)
        except NoRemedy as e:
            print(plain(f"· {one.pull.namespace}/{one.pull.pod}: {e}"))
    found = in_order(changes)
    if not found:
        for sentence in looked.lacking:
            print(plain(f"  {sentence}"))
        return FOUND
    _show(found)
    _try(cluster, found)
    if not chosen.apply:
        print(f"\nNothing was changed. To make these changes: {called()} fix … --apply")
        return OK
    if not chosen.yes and not _confirmed(len(found)):
        print("Nothing was changed.")
        return FOUND
    _make(cluster, found)
    _after(diagnoses)
    return OK


# ---------------------------------------------------------------- what to change


def _changes(cluster: Cluster, one: Diagnosis, looked: Looked, chosen: Namespace) -> list[Change | None]:
    """The changes for one diagnosis: a secret that fits, its name in the account, the pods anew. Raises NoRemedy."""
    from datetime import UTC, datetime  # noqa: PLC0415

    from whypull import remedy  # noqa: PLC0415
    from whypull.model import AccountSeen, PodSeen  # noqa: PLC0415

    remedy.about(one)
    namespace = one.pull.namespace
    facts = looked.inventory.facts(one.pull)
    pod = next((f for f in facts if isinstance(f, PodSeen)), PodSeen())
    name = pod.service_account or "default"
    account = next((f for f in facts if isinstance(f, AccountSeen)), AccountSeen(name, namespace))
    name, brought = _secret(cluster, one, pod.pull_secrets, chosen)
    if name in pod.pull_secrets:
        return [brought]  # the pod names it: the kubelet reads it at its next try
    put = remedy.attached(account, name)
    if pod.pull_secrets:
        raise remedy.NoRemedy(
            f"the pod names its own pull secrets ({', '.join(pod.pull_secrets)}), so an account's are not added. "
            f"Name {name} in the manifest of {pod.owner or 'the pod'}: spec.imagePullSecrets."
        )
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return [brought, put, remedy.restarted(pod.owner, namespace, now)]


def _secret(cluster: Cluster, one: Diagnosis, named: Sequence[str], chosen: Namespace) -> tuple[str, Change | None]:
    """The name of a secret that fits, and the change that brings it, if it is not there yet. Raises NoRemedy, UsageError."""
    from whypull import remedy  # noqa: PLC0415

    namespace, image = one.pull.namespace, one.pull.image
    if chosen.username or chosen.password_stdin:
        return _typed(namespace, image, named, chosen)
    here = _secrets(cluster, namespace)
    if chosen.secret and not chosen.from_namespace:
        if chosen.secret not in {s.name for s in here}:
            raise UsageError(f"namespace {namespace} has no pull secret {chosen.secret}.")
        if not remedy.fitting(image, [s for s in here if s.name == chosen.secret]):
            raise UsageError(f"the secret {chosen.secret} has no entry that matches {image}: whypull tells why.")
        return chosen.secret, None
    fits = remedy.fitting(image, here)
    if fits and not chosen.from_namespace:
        return fits[0], None
    wanted = chosen.secret or next(iter(named), "")
    return _from_elsewhere(cluster, image, namespace, wanted, chosen.from_namespace)


def _typed(namespace: str, image: str, named: Sequence[str], chosen: Namespace) -> tuple[str, Change]:
    from whypull import remedy  # noqa: PLC0415
    from whypull.keyring import explain  # noqa: PLC0415

    if not (chosen.username and chosen.password_stdin):
        raise UsageError("--username and --password-stdin go together: a password in the arguments could be read by others")
    password = sys.stdin.readline(LARGEST_PASSWORD).rstrip("\r\n")
    if not password:
        raise UsageError("no password came on standard input")
    server = chosen.server or explain(image, []).suggest
    name = (
        chosen.secret or next(iter(named), "") or "whypull-" + "".join(c if c.isalnum() else "-" for c in server)[:40].strip("-")
    )
    return name, remedy.made(namespace, name, server, chosen.username, password)


def _from_elsewhere(cluster: Cluster, image: str, namespace: str, name: str, source: str) -> tuple[str, Change]:
    """A copy of a secret that fits, from the namespace that has one. Raises NoRemedy."""
    from whypull import remedy  # noqa: PLC0415
    from whypull.read.cluster import ApiError  # noqa: PLC0415
    from whypull.read.object_secrets import secret_seen  # noqa: PLC0415
    from whypull.read.object_structs import thing_of  # noqa: PLC0415

    path = f"/api/v1/namespaces/{source}/secrets" if source else "/api/v1/secrets"
    query = {"fieldSelector": "type=kubernetes.io/dockerconfigjson" + (f",metadata.name={name}" if name else "")}
    try:
        pages = list(cluster.pages(path, query))
    except ApiError as e:
        raise remedy.NoRemedy(
            f"no secret of {namespace} fits {image}, and you may not look for one in other namespaces ({e})."
        ) from e
    for page in pages:
        for secret in json.loads(page).get("items") or ():
            if secret["metadata"].get("namespace") != namespace and remedy.fitting(image, [secret_seen(thing_of(secret))]):
                wanted = name or secret["metadata"]["name"]
                return wanted, remedy.copied(secret, namespace, wanted)
    raise remedy.NoRemedy(
        f"no pull secret that fits {image} is in {source or 'any namespace'}. Make one: "
        f"{called()} fix … --username USER --password-stdin --apply"
    )


def _secrets(cluster: Cluster, namespace: str) -> list[SecretSeen]:
    from whypull.read.cluster import ApiError  # noqa: PLC0415
    from whypull.read.object_secrets import secret_seen  # noqa: PLC0415
    from whypull.read.object_structs import thing_of  # noqa: PLC0415

    found = []
    try:
        for kind in ("kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg"):
            for page in cluster.pages(f"/api/v1/namespaces/{namespace}/secrets", {"fieldSelector": f"type={kind}"}):
                found += [secret_seen(thing_of(s)) for s in json.loads(page).get("items") or ()]
    except ApiError as e:
        if e.status != 403:
            raise
        raise UsageError(f"you may not list secrets in namespace {namespace}; name the one to use by hand: {e}") from e
    return found


# ---------------------------------------------------------------- shown, tried, made


def _show(changes: Sequence[Change]) -> None:
    from whypull.render.safe import plain  # noqa: PLC0415

    print(f"{len(changes)} change{'s' if len(changes) > 1 else ''} inside the cluster:")
    for number, change in enumerate(changes, 1):
        print(plain(f"  {number}. {change.does}"))
        print(plain(f"       {change.shown}"))


def _try(cluster: Cluster, changes: Sequence[Change]) -> None:
    """Server-side dry run: admission, quotas and rights have their say before anything is changed. Raises UsageError."""
    for number, change in enumerate(changes, 1):
        _send(cluster, change, number, {"dryRun": "All", "fieldManager": "whypull"})
    print("The API server takes them (tried with dryRun=All).")


def _make(cluster: Cluster, changes: Sequence[Change]) -> None:
    for number, change in enumerate(changes, 1):
        _send(cluster, change, number, {"fieldManager": "whypull"})
        print(f"  ✓ {number}. done")


def _send(cluster: Cluster, change: Change, number: int, query: dict[str, str]) -> Any:
    from whypull.read.cluster import ApiError  # noqa: PLC0415

    try:
        return cluster.send(change.method, change.path, change.body, query=query, content_type=change.content_type)
    except ApiError as e:
        raise UsageError(f"the API server refuses change {number} ({change.does}): {e}") from e


def _confirmed(count: int) -> bool:
    if not sys.stdin.isatty():
        raise UsageError("there is no terminal to confirm on: say --yes with --apply")
    print(f"Make {'this change' if count == 1 else f'these {count} changes'}? [y/N] ", end="", flush=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _after(diagnoses: Sequence[Diagnosis]) -> None:
    from whypull.render.safe import plain  # noqa: PLC0415

    one = diagnoses[0].pull
    print(plain(f"To see it work: {called()} verify pod/{one.pod} -n {one.namespace}, or {called()} watch -n {one.namespace}"))
