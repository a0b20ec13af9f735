"""Kubeconfig files → how to reach one cluster as one user, by kubectl's rules. Reads files; opens no connection.

Rules: https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/ (files are merged, the first
that names a thing wins, relative paths are relative to the file that has them).
"""

from __future__ import annotations

import binascii
import os
from base64 import b64decode

from whypull.records import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

LARGEST_FILE = 16 * 1024 * 1024  # bytes of one kubeconfig
IN_CLUSTER = "/var/run/secrets/kubernetes.io/serviceaccount"
_PATHS = ("certificate-authority", "client-certificate", "client-key", "tokenFile")


class BadKubeconfig(Exception):
    """The configuration cannot be used; the message says which file or entry, and what to do."""


@dataclass(frozen=True, slots=True)
class Access:
    """One cluster as one user: all that a connection needs. Its repr shows no credential."""

    server: str  # https://10.0.0.1:6443
    context: str = ""
    namespace: str = "default"
    ca_file: str = ""
    ca_data: bytes = b""  # PEM
    insecure: bool = False
    server_name: str = ""  # tls-server-name
    proxy: str = ""  # proxy-url
    certificate: bytes = b""  # PEM
    key: bytes = b""  # PEM
    token: str = ""
    token_file: str = ""
    user: str = ""  # basic auth
    password: str = ""
    plugin: Plugin | None = None
    impersonate: tuple[tuple[str, str], ...] = ()  # header, value: Impersonate-User, …

    def __repr__(self) -> str:
        """The cluster and the context."""
        return f"Access({self.server!r}, context={self.context!r})"


@dataclass(frozen=True, slots=True)
class Plugin:
    """A client-go credential plugin, as the kubeconfig names it."""

    command: str
    args: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    api_version: str = "client.authentication.k8s.io/v1"
    hint: str = ""  # installHint
    interactive: str = ""  # Never, IfAvailable, Always
    cluster_info: Mapping[str, Any] | None = field(default=None)  # spec.cluster of KUBERNETES_EXEC_INFO, where wanted

    def __repr__(self) -> str:
        """The command's name; its arguments and environment may hold credentials."""
        return f"Plugin({self.command!r})"


def access(kubeconfig: str = "", context: str = "", namespace: str = "") -> Access:
    """The cluster that kubectl would talk to, with these flags. Raises BadKubeconfig."""
    files = _files(kubeconfig)
    documents = [(path, document) for path in files if (document := _document(path, named=bool(kubeconfig)))]
    if not documents:
        inside = _in_cluster(namespace)
        if inside is not None and not kubeconfig:
            return inside
        raise BadKubeconfig(
            f"no kubeconfig: there is none at {' or '.join(files)}. Name one with --kubeconfig FILE or KUBECONFIG."
        )
    wanted = context or next((c for _, d in documents if (c := d.get("current-context"))), "")
    if not wanted:
        raise BadKubeconfig(f"{documents[0][0]} sets no current-context. Name one with --context; it has: {_names(documents)}.")
    chosen = _entry(documents, "contexts", "context", str(wanted))
    if chosen is None:
        raise BadKubeconfig(f"there is no context {wanted!r}; there are: {_names(documents)}.")
    cluster_name = str(chosen.get("cluster", ""))
    cluster = _entry(documents, "clusters", "cluster", cluster_name)
    if cluster is None or not cluster.get("server"):
        raise BadKubeconfig(f"context {wanted!r} names the cluster {cluster_name!r}, which has no server in the kubeconfig.")
    user_name = str(chosen.get("user", ""))
    user = _entry(documents, "users", "user", user_name)
    if user is None and user_name:
        raise BadKubeconfig(f"context {wanted!r} names the user {user_name!r}, whom the kubeconfig does not have.")
    return _access(str(wanted), cluster, user or {}, namespace or str(chosen.get("namespace") or "default"))


def _files(kubeconfig: str) -> list[str]:
    if kubeconfig:
        return [os.path.expanduser(kubeconfig)]
    listed = [path for path in os.environ.get("KUBECONFIG", "").split(os.pathsep) if path]
    return listed or [os.path.expanduser("~/.kube/config")]


def _document(path: str, *, named: bool) -> dict[str, Any]:
    """One file's content with absolute paths; empty where there is none and nobody insisted on it."""
    try:
        with open(path, "rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except FileNotFoundError as e:
        if named:
            raise BadKubeconfig(f"there is no kubeconfig at {path}.") from e
        return {}
    except OSError as e:
        raise BadKubeconfig(f"{path} cannot be read: {(e.strerror or str(e)).lower()}.") from e
    if len(content) > LARGEST_FILE:
        raise BadKubeconfig(f"{path} is larger than {LARGEST_FILE // 1024 // 1024} MiB: that is no kubeconfig.")
    found = _parsed(path, content)
    folder = os.path.dirname(os.path.abspath(path))
    for kind, inner in (("clusters", "cluster"), ("users", "user")):
        for item in _items(found, kind):
            _absolute(item.get(inner), folder)
    return found


def _parsed(path: str, content: bytes) -> dict[str, Any]:
    import yaml  # noqa: PLC0415 - 20 ms that a paste need not pay

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        found = yaml.load(content, Loader=loader)  # noqa: S506 - both are safe loaders
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as e:
        where = getattr(getattr(e, "problem_mark", None), "line", None)
        line = f" near line {where + 1}" if where is not None else ""
        # The parser's own words may quote a line with a credential.
        raise BadKubeconfig(f"{path} is no valid YAML{line}.") from None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise BadKubeconfig(f"{path} is no kubeconfig: it holds no table.")
    return found


def _items(document: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    listed = document.get(kind)
    return [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []


def _absolute(table: object, folder: str) -> None:
    """Makes the table's paths absolute, as kubectl does when it loads a file."""
    if not isinstance(table, dict):
        return
    for name in _PATHS:
        if isinstance(table.get(name), str) and table[name]:
            table[name] = os.path.join(folder, table[name])
    plugin = table.get("exec")
    if isinstance(plugin, dict) and isinstance(plugin.get("command"), str) and os.sep in plugin["command"]:
        plugin["command"] = os.path.join(folder, plugin["command"])


def _entry(documents: Sequence[tuple[str, dict[str, Any]]], kind: str, inner: str, name: str) -> dict[str, Any] | None:
    """The first file's entry of that name."""
    for _, document in documents:
        for item in _items(document, kind):
            if item.get("name") == name:
                found = item.get(inner)
                return found if isinstance(found, dict) else {}
    return None


def _names(documents: Sequence[tuple[str, dict[str, Any]]]) -> str:
    names = [str(item.get("name")) for _, document in documents for item in _items(document, "contexts")]
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "") or "none"


# ---------------------------------------------------------------- one context's entries → Access


def _access(context: str, cluster: dict[str, Any], user: dict[str, Any], namespace: str) -> Access:
    server = str(cluster["server"])
    if "://" not in server:
        server = f"http://{server}"  # as client-go reads a server without a scheme
    plugin = _plugin(user.get("exec"), cluster) if user.get("exec") else None
    if user.get("auth-provider") and plugin is None:
        name = (user["auth-provider"] or {}).get("name", "")
        raise BadKubeconfig(
            f"context {context!r} logs in with the auth provider {name!r}, which kubectl has dropped since 1.26 too: "
            "use your cloud's credential plugin (kubelogin, gke-gcloud-auth-plugin)."
        )
    return Access(
        server=server.rstrip("/"),
        context=context,
        namespace=namespace,
        ca_file=str(cluster.get("certificate-authority") or ""),
        ca_data=_decoded(cluster, "certificate-authority-data"),
        insecure=bool(cluster.get("insecure-skip-tls-verify")),
        server_name=str(cluster.get("tls-server-name") or ""),
        proxy=str(cluster.get("proxy-url") or ""),
        certificate=_decoded(user, "client-certificate-data") or _content(user, "client-certificate"),
        key=_decoded(user, "client-key-data") or _content(user, "client-key"),
        token=str(user.get("token") or ""),
        token_file=str(user.get("tokenFile") or ""),
        user=str(user.get("username") or ""),
        password=str(user.get("password") or ""),
        plugin=plugin,
        impersonate=_impersonation(user),
    )


def _decoded(table: dict[str, Any], name: str) -> bytes:
    value = table.get(name)
    if not value:
        return b""
    try:
        return b64decode(str(value), validate=False)
    except (binascii.Error, ValueError) as e:
        raise BadKubeconfig(f"{name} in the kubeconfig is no base64.") from e


def _content(table: dict[str, Any], name: str) -> bytes:
    path = table.get(name)
    if not path:
        return b""
    try:
        with open(str(path), "rb") as file:
            return file.read(LARGEST_FILE)
    except OSError as e:
        raise BadKubeconfig(f"{name} {path} cannot be read: {(e.strerror or str(e)).lower()}.") from e


def _plugin(spec: object, cluster: dict[str, Any]) -> Plugin:
    if not isinstance(spec, dict) or not spec.get("command"):
        raise BadKubeconfig("the user's exec entry in the kubeconfig names no command.")
    env = spec.get("env") if isinstance(spec.get("env"), list) else []
    return Plugin(
        command=str(spec["command"]),
        args=tuple(str(arg) for arg in spec.get("args") or ()),
        env=tuple((str(e.get("name")), str(e.get("value", ""))) for e in env or [] if isinstance(e, dict)),
        api_version=str(spec.get("apiVersion") or "client.authentication.k8s.io/v1beta1"),
        hint=str(spec.get("installHint") or ""),
        interactive=str(spec.get("interactiveMode") or "IfAvailable"),
        cluster_info=_cluster_info(cluster) if spec.get("provideClusterInfo") else None,
    )


def _cluster_info(cluster: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"server": cluster["server"]}
    ca = cluster.get("certificate-authority-data")
    if not ca and cluster.get("certificate-authority"):
        from base64 import b64encode  # noqa: PLC0415

        ca = b64encode(_content(cluster, "certificate-authority")).decode()
    pairs = (
        ("certificate-authority-data", ca),
        ("tls-server-name", cluster.get("tls-server-name")),
        ("insecure-skip-tls-verify", cluster.get("insecure-skip-tls-verify")),
        ("proxy-url", cluster.get("proxy-url")),
    )
    found.update({name: value for name, value in pairs if value})
    for extension in cluster.get("extensions") or ():
        if isinstance(extension, dict) and extension.get("name") == "client.authentication.k8s.io/exec":
            found["config"] = extension.get("extension")
    return found


def _impersonation(user: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    headers = [("Impersonate-User", str(user["as"]))] if user.get("as") else []
    headers += [("Impersonate-Uid", str(user["as-uid"]))] if user.get("as-uid") else []
    headers += [("Impersonate-Group", str(group)) for group in user.get("as-groups") or ()]
    extra = user.get("as-user-extra")
    if isinstance(extra, dict):
        headers += [(f"Impersonate-Extra-{name}", str(v)) for name, values in extra.items() for v in values or ()]
    return tuple(headers)


def _in_cluster(namespace: str) -> Access | None:
    """The service account that this pod runs as; None outside of a pod."""
    host, port = (
        os.environ.get("KUBERNETES_SERVICE_HOST", ""),
        os.environ.get("KUBERNETES_SERVICE_PORT", "443"),
    )
    token = os.path.join(IN_CLUSTER, "token")
    if not host or not os.path.exists(token):
        return None
    own = ""
    if os.path.exists(os.path.join(IN_CLUSTER, "namespace")):
        with open(os.path.join(IN_CLUSTER, "namespace"), encoding="utf-8") as file:
            own = file.read().strip()
    shown = f"[{host}]" if ":" in host else host
    return Access(
        server=f"https://{shown}:{port}",
        context="in-cluster",
        namespace=namespace or own or "default",
        ca_file=os.path.join(IN_CLUSTER, "ca.crt"),
        token_file=token,
    )
