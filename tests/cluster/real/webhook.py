"""An admission webhook that refuses every pod of one namespace, in the words of a policy engine."""

from __future__ import annotations

import base64
import http.server
import json
import socketserver
import threading

from lab import network

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cluster.real.bed import Cluster

NAME, PORT = "validate.policies.shop.test", 9443
SAYS = "resource Pod was blocked due to the following policies: disallow-host-path"
_API = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        """Denies (https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#response)."""
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        said = {"uid": review["request"]["uid"], "allowed": False, "status": {"message": SAYS, "code": 400}}
        body = json.dumps({"apiVersion": review["apiVersion"], "kind": review["kind"], "response": said}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


class _Server(socketserver.ThreadingTCPServer):  # not HTTPServer, which looks its own name up
    allow_reuse_address = True
    daemon_threads = True


def guard(cluster: Cluster, namespace: str) -> None:
    """Starts it, and has the API server ask it about the pods of a namespace that is labelled with its own name."""
    certificates = cluster.bed.certificates
    server = _Server((network.ROUTER, PORT), _Handler)
    server.socket = certificates.context("good", network.ROUTER).wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    where = {"url": f"https://{network.ROUTER}:{PORT}/", "caBundle": base64.b64encode(cluster.bed.ca.encode()).decode()}
    rule = {"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}
    hook = {
        "name": NAME, "clientConfig": where, "rules": [rule], "sideEffects": "None", "admissionReviewVersions": ["v1"],
        "namespaceSelector": {"matchLabels": {"policies": namespace}},
    }  # fmt: skip
    made = {
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "policies"}, "webhooks": [hook],
    }  # fmt: skip
    cluster.servers.api("POST", _API, made)
