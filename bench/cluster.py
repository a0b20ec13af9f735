"""What a look at a large cluster costs: 5,000 nodes, 150,000 pods, 3,000 failing for 5 causes on 40 nodes, over HTTP.

    PYTHONPATH=src python bench/cluster.py [PODS]

Against: the same pages received and decoded into the same typed structs, and (at 20,000 pods, for it holds all of them
in memory) `kubectl get pods -A -o json >/dev/null`. Each measurement is a process of its own; the server another.
"""

from __future__ import annotations

import base64
import http.server
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__))))

import pods as generator

PODS = 150_000
KUBECTL_PODS = 20_000
NODES = 5_000
FAILING = 3_000
PAGE = 500
CAUSES = (
    'failed to resolve reference: failed to do request: Head "https://{h}/v2/x/manifests/1": dial tcp: lookup {h} on 10.0.0.2:53: no such host',
    'failed to resolve reference: failed to do request: Head "https://{h}/v2/x/manifests/1": tls: failed to verify certificate: x509: certificate signed by unknown authority',
    'failed to resolve reference: failed to do request: Head "https://{h}/v2/x/manifests/1": dial tcp 203.0.113.7:443: i/o timeout',
    "failed to resolve reference: unexpected status from HEAD request to https://{h}/v2/x/manifests/1: 429 Too Many Requests",
    'failed to resolve reference: failed to do request: Head "https://{h}/v2/x/manifests/1": dial tcp 203.0.113.8:443: connect: connection refused',
)


def one(number, total):
    """A pod; of every `total / FAILING` one fails, on one of 40 nodes, for one of five causes."""
    made = generator.pod(number * 67 + 1)
    made["metadata"]["name"] = f"web-{number:06d}"
    made["spec"]["nodeName"] = f"node-{number % NODES}"
    step = max(1, total // FAILING)
    if number % step == 0:
        cause = number // step % len(CAUSES)
        host = f"reg{cause}.shop.example"
        image = f"{host}/team/web:1"
        made["spec"]["containers"][0]["image"] = image
        made["spec"]["nodeName"] = f"node-{number // step % 40}"
        made["status"]["phase"] = "Pending"
        text = f'rpc error: code = Unknown desc = failed to pull and unpack image "{image}": ' + CAUSES[cause].format(h=host)
        made["status"]["containerStatuses"][0] |= {
            "imageID": "",
            "state": {"waiting": {"reason": "ErrImagePull", "message": text}},
        }
        made["status"]["containerStatuses"][0]["image"] = image
    return made


def node(number):
    return {
        "metadata": {"name": f"node-{number}", "labels": {"agentpool": f"np{number % 12}", "kubernetes.io/arch": "amd64"}},
        "status": {
            "conditions": [{"type": "Ready", "status": "True"}],
            "nodeInfo": {"containerRuntimeVersion": "containerd://1.7.24", "kubeletVersion": "v1.32.1", "architecture": "amd64"},
        },
    }


def events(pod):
    """What the kubelet says of a pod that fails: the attempt, its end, and the back-off; nothing of others."""
    state = pod["status"]["containerStatuses"][0]["state"].get("waiting", {})
    if state.get("reason") != "ErrImagePull":
        return
    meta, image = pod["metadata"], pod["spec"]["containers"][0]["image"]
    texts = (
        ("Failed", f'Failed to pull image "{image}": {state["message"]}'), ("Failed", "Error: ErrImagePull"),
        ("BackOff", f'Back-off pulling image "{image}"'), ("Failed", "Error: ImagePullBackOff"),
    )  # fmt: skip
    for number, (reason, message) in enumerate(texts):
        yield {
            "metadata": {"name": f"{meta['name']}.{number}", "namespace": meta["namespace"], "creationTimestamp": "2026-11-20T08:00:04Z",
                         "uid": f"{number}-{meta['uid']}", "resourceVersion": "9"},
            "involvedObject": {"kind": "Pod", "namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"],
                               "apiVersion": "v1", "resourceVersion": "8", "fieldPath": "spec.containers{web}"},
            "reason": reason, "message": message, "type": "Normal" if reason == "BackOff" else "Warning", "count": 5 + number,
            "source": {"component": "kubelet", "host": pod["spec"]["nodeName"]},
            "firstTimestamp": "2026-11-20T08:00:04Z", "lastTimestamp": "2026-11-20T08:30:04Z", "eventTime": None,
            "reportingComponent": "kubelet", "reportingInstance": pod["spec"]["nodeName"],
        }  # fmt: skip


def paged(kind, items, size=PAGE):
    """The pages of a list, rendered once."""
    found = []
    for start in range(0, max(1, len(items)), size):
        meta = {"resourceVersion": "7", **({"continue": str(start // size + 1)} if start + size < len(items) else {})}
        page = {"kind": kind, "apiVersion": "v1", "metadata": meta, "items": items[start : start + size]}
        found.append(json.dumps(page, separators=(",", ":")).encode())
    return found


def lists(total):
    """{path of a list: its pages} of the whole cluster; pods a page at a time, for they are gigabytes."""
    pods, warnings = [], []
    for start in range(0, total, PAGE):
        items = [one(n, total) for n in range(start, min(start + PAGE, total))]
        warnings += [event for item in items for event in events(item) if event["type"] == "Warning"]
        pods += paged("PodList", items)
    for number, page in enumerate(pods[:-1]):
        pods[number] = page.replace(b'"resourceVersion":"7"', b'"resourceVersion":"7","continue":"%d"' % (number + 1), 1)
    found = {"/api/v1/pods": pods, "/api/v1/events": paged("EventList", warnings)}
    found["/api/v1/nodes"] = paged("NodeList", [node(n) for n in range(NODES)])
    for namespace in {event["metadata"]["namespace"] for event in warnings}:
        mine = [event for event in warnings if event["metadata"]["namespace"] == namespace]
        found[f"/api/v1/namespaces/{namespace}/events"] = paged("EventList", mine)
    return found


def single(path):
    """An object by its path: what a failing pod's namespace has."""
    if "/namespaces/" not in path:
        return None
    *_, namespace, resource, name = path.split("/")
    meta = {"name": name, "namespace": namespace, "uid": name, "creationTimestamp": "2026-11-20T08:00:00Z"}
    if resource == "secrets":
        content = base64.b64encode(json.dumps({"auths": {"registry.shop.example": {"auth": "cm9ib3Q6eA=="}}}).encode()).decode()
        return {
            "kind": "Secret",
            "metadata": meta,
            "type": "kubernetes.io/dockerconfigjson",
            "data": {".dockerconfigjson": content},
        }
    if resource == "replicasets":
        owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "1", "controller": True}
        return {"kind": "ReplicaSet", "metadata": {**meta, "ownerReferences": [owner]}, "spec": {}}
    return {"kind": "ServiceAccount", "metadata": meta} if resource == "serviceaccounts" else None


def serve(total, port_file):
    listed = lists(total)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16  # else its head and its body are two packets, and the second waits 40 ms

        def log_message(self, *_):
            pass

        def do_GET(self):
            split = urllib.parse.urlsplit(self.path)
            query = dict(urllib.parse.parse_qsl(split.query))
            status = 200
            if split.path in listed:
                body = listed[split.path][int(query.get("continue") or 0)]
            elif split.path in {"/api", "/apis", "/api/v1"}:
                body = discovery(split.path)
            elif found := single(split.path):
                body = json.dumps(found).encode()
            else:
                status, body = 404, b'{"kind":"Status","code":404,"reason":"NotFound","message":"not found"}'
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with open(port_file, "w", encoding="ascii") as file:
        file.write(str(server.server_address[1]))
    server.serve_forever()


def discovery(path):
    """What kubectl asks before it lists pods."""
    if path == "/api":
        return b'{"kind":"APIVersions","versions":["v1"],"serverAddressByClientCIDRs":[]}'
    if path == "/apis":
        return b'{"kind":"APIGroupList","apiVersion":"v1","groups":[]}'
    resource_ = {
        "name": "pods",
        "singularName": "pod",
        "namespaced": True,
        "kind": "Pod",
        "verbs": ["get", "list"],
        "shortNames": ["po"],
    }
    return json.dumps({"kind": "APIResourceList", "groupVersion": "v1", "resources": [resource_]}).encode()


DECODE = """
import sys, http.client, msgspec
from whypull.read.object_structs import Thing
class L(msgspec.Struct):
    metadata: dict = {}
    items: list[Thing] = []
d = msgspec.json.Decoder(L)
c = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
for resource in ("pods", "events", "nodes"):
    token = ""
    while True:
        c.request("GET", f"/api/v1/{resource}?limit=500" + (f"&continue={token}" if token else ""))
        page = d.decode(c.getresponse().read())
        token = page.metadata.get("continue", "")
        if not token:
            break
"""


def measured(command, env=None):
    """(CPU seconds, wall seconds, peak MB) of a process."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **(env or {})})
    _, _, used = os.wait4(process.pid, 0)
    return used.ru_utime + used.ru_stime, time.monotonic() - began, used.ru_maxrss / 1024


def with_server(total, act):
    with tempfile.TemporaryDirectory() as folder:
        port_file = os.path.join(folder, "port")
        server = subprocess.Popen([sys.executable, os.path.abspath(__file__), "serve", str(total), port_file])
        try:
            while not os.path.exists(port_file) or not pathlib.Path(port_file).read_text(encoding="ascii"):
                time.sleep(0.2)
            port = pathlib.Path(port_file).read_text(encoding="ascii")
            config = os.path.join(folder, "config")
            with open(config, "w", encoding="ascii") as file:
                json.dump({"current-context": "b", "contexts": [{"name": "b", "context": {"cluster": "b", "user": "b"}}],
                           "clusters": [{"name": "b", "cluster": {"server": f"http://127.0.0.1:{port}"}}], "users": [{"name": "b", "user": {}}]}, file)  # fmt: skip
            act(port, config)
        finally:
            server.terminate()
            server.wait()


LOOK = """
import sys
from whypull.read.cluster import Cluster
from whypull.read.kubeconfig import access
from whypull.read.live import Scope, look
with Cluster(access()) as cluster:
    looked = look(cluster, Scope(everywhere=True), lambda _: None)
print(f"{looked.calls:,} calls, {looked.bytes / 1e6:,.0f} MB received, {looked.pods:,} pods, {len(looked.reading.cases):,} failing pulls")
"""
WHYPULL = [sys.executable, "-m", "whypull.cli", "-A", "-o", "json"]


def beside(runs, ours, theirs, env=None):
    """[(ours, theirs)] of processes that ran one after the other: what else the machine does falls on both."""
    return [(measured(ours, env), measured(theirs, env)) for _ in range(runs)]


def main():
    total = int(sys.argv[1]) if len(sys.argv) > 1 else PODS

    def large(port, config):
        print(subprocess.run([sys.executable, "-c", LOOK], env={**os.environ, "KUBECONFIG": config}, capture_output=True, text=True, check=True).stdout, end="")  # fmt: skip
        pairs = beside(3, WHYPULL, [sys.executable, "-c", DECODE, port], {"KUBECONFIG": config})
        for ours, decode in pairs:
            print(
                f"  whypull -A {ours[0]:.2f} s CPU, {ours[1]:.2f} s wall, {ours[2]:.0f} MB; decoding alone {decode[0]:.2f} s CPU"
            )
        ratio = statistics.median(ours[0] / decode[0] for ours, decode in pairs)
        print(f"  ratio of CPU {ratio:.2f} (at most 1.5); memory at most 200 MB")

    def small(_port, config):
        pairs = beside(3, WHYPULL, ["kubectl", "get", "pods", "-A", "-o", "json"], {"KUBECONFIG": config})
        ours, theirs = (statistics.median(pair[which][1] for pair in pairs) for which in (0, 1))
        print(f"{KUBECTL_PODS:,} pods: whypull -A {ours:.2f} s wall; kubectl get pods -A -o json {theirs:.2f} s wall")
        print(f"  ratio of wall time {ours / theirs:.2f} (at most 1.2)")

    with_server(total, large)
    if shutil.which("kubectl"):
        with_server(KUBECTL_PODS, small)


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(int(sys.argv[2]), sys.argv[3])
    else:
        main()
