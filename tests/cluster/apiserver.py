"""A small API server for tests: speaks lists in pages, single objects, watches, selectors, RBAC refusals and faults.

A fake: it answers from objects that it is given and runs no pod. The protocol is the real one
(https://kubernetes.io/docs/reference/using-api/api-concepts/); the real servers are in the cluster tier.
"""

import base64
import contextlib
import gzip
import json
import socket
import ssl
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

RESOURCES = {
    "pods": ("/api/v1", "Pod"), "events": ("/api/v1", "Event"), "nodes": ("/api/v1", "Node"), "secrets": ("/api/v1", "Secret"),
    "serviceaccounts": ("/api/v1", "ServiceAccount"), "namespaces": ("/api/v1", "Namespace"),
    "replicasets": ("/apis/apps/v1", "ReplicaSet"), "deployments": ("/apis/apps/v1", "Deployment"),
    "daemonsets": ("/apis/apps/v1", "DaemonSet"), "statefulsets": ("/apis/apps/v1", "StatefulSet"),
    "jobs": ("/apis/batch/v1", "Job"), "cronjobs": ("/apis/batch/v1", "CronJob"),
}  # fmt: skip


class ApiServer:
    """Serves `objects` ({resource: [object, …]}); context manager. `denied` holds (verb, resource) or (verb, resource, namespace)."""

    def __init__(self, objects=None, *, tls=None, token="", denied=(), compress=True):
        self.objects = {name: list(items) for name, items in (objects or {}).items()}
        self.tls = tls
        self.token = token
        self.denied = set(denied)
        self.compress = compress
        self.requests = []  # (method, path, query, headers)
        self.faults = []  # functions (request handler) -> True where they have answered
        self.delay = 0.0
        self.on_create = None  # function (resource, object): what a controller or kubelet would do

    def __enter__(self):
        owner = self

        class Handler(_Handler):
            api = owner

        self._server = _Server(("127.0.0.1", 0), Handler)
        if self.tls:
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    @property
    def port(self):
        return self._server.server_address[1]

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def paths(self, method="GET"):
        return [path for m, path, _, _ in self.requests if m == method]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def server_bind(self):
        # HTTPServer looks its own name up, which takes minutes where no DNS answers.
        socket.socket.setsockopt(self.socket, socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = self.server_address[:2]

    def handle_error(self, request, client_address):
        pass  # a client that hangs up is part of the tests


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    api = None

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.answer("GET")

    def do_POST(self):
        self.answer("POST")

    def do_PATCH(self):
        self.answer("PATCH")

    def do_DELETE(self):
        self.answer("DELETE")

    def answer(self, method):
        split = urllib.parse.urlsplit(self.path)
        self.query = dict(urllib.parse.parse_qsl(split.query))
        length = int(self.headers.get("Content-Length") or 0)
        self.sent = json.loads(self.rfile.read(length)) if length else None
        self.api.requests.append((method, split.path, self.query, dict(self.headers.items())))
        time.sleep(self.api.delay)
        for fault in list(self.api.faults):
            if fault(self):
                return
        if self.api.token and self.headers.get("Authorization") != f"Bearer {self.api.token}":
            self.status(401, "Unauthorized", "Unauthorized")
            return
        where = _where(split.path)
        if where is None:
            self.status(404, "NotFound", "the server could not find the requested resource")
            return
        self.resource(method, *where)

    def resource(self, method, resource, namespace, name):
        verb = {"POST": "create", "DELETE": "delete", "PATCH": "patch"}.get(
            method, "get" if name else "watch" if self.query.get("watch") else "list"
        )
        if {(verb, resource), (verb, resource, namespace), ("*", resource)} & self.api.denied:
            scope = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
            self.status(
                403,
                "Forbidden",
                f'{resource} is forbidden: User "dev" cannot {verb} resource "{resource}" in API group "" {scope}',
            )
            return
        items = [o for o in self.api.objects.get(resource, []) if not namespace or o["metadata"].get("namespace") == namespace]
        if method == "POST":
            self.create(resource, namespace)
        elif name:
            self.one(method, resource, name, items)
        else:
            items = [o for o in items if _selected(o, self.query)]
            self.watched(items) if self.query.get("watch") else self.listed(resource, items)

    def create(self, resource, namespace):
        made = self.sent
        made["metadata"].setdefault("namespace", namespace)
        made["metadata"].setdefault("name", made["metadata"].get("generateName", "x") + str(len(self.api.requests)))
        if self.query.get("dryRun") != "All":
            self.api.objects.setdefault(resource, []).append(made)
            if self.api.on_create:
                self.api.on_create(resource, made)
        self.send(201, made)

    def one(self, method, resource, name, items):
        found = next((o for o in items if o["metadata"]["name"] == name), None)
        if found is None:
            self.status(404, "NotFound", f'{resource} "{name}" not found')
            return
        if method == "DELETE":
            self.api.objects[resource].remove(found)
        elif method == "PATCH" and self.query.get("dryRun") != "All":
            _merge(found, self.sent)
        self.send(200, {"apiVersion": "v1", "kind": RESOURCES[resource][1], **found})

    def listed(self, resource, items):
        start = int(self.query.get("continue") or 0)
        limit = int(self.query.get("limit") or len(items) or 1)
        more = start + limit < len(items)
        meta = {"resourceVersion": "7", **({"continue": str(start + limit)} if more else {})}
        kind = RESOURCES[resource][1] + "List"
        if "PartialObjectMetadataList" in self.headers.get("Accept", ""):
            kind = "PartialObjectMetadataList"
            items = [{"metadata": o["metadata"]} for o in items]
        group = RESOURCES[resource][0].removeprefix("/apis/").removeprefix("/api/")
        self.send(200, {"kind": kind, "apiVersion": group, "metadata": meta, "items": items[start : start + limit]})

    def watched(self, items):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Connection", "close")
        self.end_headers()
        for item in items:
            self.wfile.write(json.dumps({"type": "ADDED", "object": item}).encode() + b"\n")
        self.wfile.flush()
        self.close_connection = True

    def status(self, code, reason, message, **more):
        document = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "reason": reason, "code": code}
        headers = {"Retry-After": more.pop("retry_after")} if "retry_after" in more else {}
        self.send(code, {**document, **more}, headers)

    def send(self, code, document, headers=()):
        content = json.dumps(document, separators=(",", ":")).encode()
        packed = self.api.compress and "gzip" in self.headers.get("Accept-Encoding", "") and len(content) > 128 * 1024
        content = gzip.compress(content, 1) if packed else content
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        if packed:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


def _where(path):
    """(resource, namespace, name) of an API path; None for one that this server does not know."""
    for resource, (base, _) in RESOURCES.items():
        if not path.startswith(base + "/"):
            continue
        words = path[len(base) + 1 :].split("/")
        namespace = ""
        if words[0] == "namespaces" and len(words) > 2:
            namespace, words = words[1], words[2:]
        if words[0] == resource:
            return resource, namespace, words[1] if len(words) > 1 else ""
    return None


def _selected(item, query):
    for selector, plain in (("labelSelector", False), ("fieldSelector", True)):
        for term in filter(None, query.get(selector, "").split(",")):
            negated = "!=" in term
            name, _, value = term.partition("!=" if negated else "=")
            have = _field(item, name) if plain else item["metadata"].get("labels", {}).get(name)
            if (have == value.lstrip("=")) == negated:
                return False
    return True


def _field(item, path):
    found = item
    for word in path.split("."):
        found = found.get(word, "") if isinstance(found, dict) else ""
    return found


def _merge(into, patch):
    for key, value in patch.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value


# ---------------------------------------------------------------- faults, each for the next request(s) that it fits


def times(count, act, path=""):
    """A fault that happens `count` times to requests whose path has `path` in it."""
    left = [count]

    def fault(handler):
        if left[0] <= 0 or path not in handler.path:
            return False
        left[0] -= 1
        act(handler)
        return True

    return fault


def later(seconds="0"):
    return lambda handler: handler.status(429, "TooManyRequests", "too many requests", retry_after=seconds)


def gone(following=""):
    meta = {"metadata": {"continue": following}} if following else {}
    return lambda handler: handler.status(410, "Expired", "The provided continue parameter is too old", **meta)


def cut(handler):
    """Half an answer, then the connection is reset."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    handler.wfile.write(b'{"kind":"PodList","items":[')
    handler.wfile.flush()
    with contextlib.suppress(OSError):
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        handler.connection.close()
    handler.close_connection = True


# ---------------------------------------------------------------- a kubeconfig for it


def kubeconfig(server, ca=b"", user=None, namespace="", cluster=None, context=None):
    """A kubeconfig as a table; JSON is YAML."""
    one = {"server": server, **({"certificate-authority-data": base64.b64encode(ca).decode()} if ca else {}), **(cluster or {})}
    inner = {"cluster": "lab", "user": "dev", **({"namespace": namespace} if namespace else {}), **(context or {})}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "lab",
        "clusters": [{"name": "lab", "cluster": one}],
        "contexts": [{"name": "lab", "context": inner}],
        "users": [{"name": "dev", "user": user or {}}],
    }


def tls_context(certificate_file, key_file="", client_ca=""):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate_file, key_file or None)
    if client_ca:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context
