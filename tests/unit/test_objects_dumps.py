"""Dumps of a cluster: kubectl cluster-info dump, a must-gather, and archives of them."""

import io
import json
import tarfile
import zipfile

import api_objects as api
import pytest
import yaml
from api_objects import IMAGE, REFUSED, facts_of

from whypull.model import NodeSeen, PodSeen, SecretAbsent, SecretSeen
from whypull.read.reading import read_bytes, read_sources
from whypull.read.sources import open_sources

MADE = api.pod(
    waiting=("ImagePullBackOff", f'Back-off pulling image "{IMAGE}"'),
    spec__imagePullSecrets=[{"name": "regcred"}],
    metadata__ownerReferences=[{"kind": "ReplicaSet", "name": "api-5d8f", "controller": True}],
)
SAID = api.event(f'Failed to pull image "{IMAGE}": {REFUSED}')
REPLICAS = {
    "apiVersion": "apps/v1",
    "kind": "ReplicaSet",
    "metadata": {
        "name": "api-5d8f",
        "namespace": "payments",
        "ownerReferences": [{"kind": "Deployment", "name": "api", "controller": True}],
    },
}


def bare(kind, *items):
    """A list as cluster-info dump writes it: its items name no kind."""
    return {
        "kind": kind,
        "apiVersion": "v1",
        "metadata": {},
        "items": [{k: v for k, v in i.items() if k not in {"kind", "apiVersion"}} for i in items],
    }


DUMP = {
    "nodes.json": json.dumps(bare("NodeList", api.node()), indent=4),
    "payments/pods.json": json.dumps(bare("PodList", MADE, api.pod("web-0", running=api.START)), indent=4),
    "payments/events.json": json.dumps(bare("EventList", SAID), indent=4),
    "payments/replicasets.json": json.dumps(bare("ReplicaSetList", REPLICAS), indent=4),
    "payments/services.json": json.dumps(bare("ServiceList", {"metadata": {"name": "api"}, "spec": {"type": "ClusterIP"}, "status": {"loadBalancer": {}}}), indent=4),
    "payments/web-0/logs.txt": "==== START logs for container api of pod payments/web-0 ====\nhello\n==== END logs for container api of pod payments/web-0 ====\n",
    "kube-system/pods.json": json.dumps(bare("PodList"), indent=4),
}  # fmt: skip
GATHERED = {
    "must-gather.local/quay/cluster-scoped-resources/core/nodes/np1-3.yaml": "---\n" + yaml.safe_dump(api.node()),
    "must-gather.local/quay/namespaces/payments/core/pods.yaml": "---\n" + yaml.safe_dump(api.listed(MADE, kind="PodList")),
    "must-gather.local/quay/namespaces/payments/core/events.yaml": "---\n" + yaml.safe_dump(api.listed(SAID, kind="EventList")),
    "must-gather.local/quay/namespaces/payments/core/secrets.yaml": "---\n"
    + yaml.safe_dump(
        api.listed({**api.secret("web-tls"), "type": "kubernetes.io/tls", "data": {"tls.key": ""}}, kind="SecretList")
    ),
    "must-gather.local/quay/namespaces/payments/pods/api-0/api-0.yaml": "---\n" + yaml.safe_dump(MADE),
    "must-gather.local/quay/namespaces/payments/pods/web-0/api/api/logs/current.log": f'Failed to pull image "other:1": {REFUSED}\n',
    "must-gather.local/quay/event-filter.html": "<html>Failed to pull image</html>",
}


def folder(files, where):
    for name, text in files.items():
        path = where / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return where


def tarred(files, where):
    with tarfile.open(where / "dump.tar.gz", "w:gz") as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            tar.addfile(info, io.BytesIO(text.encode()))
    return where / "dump.tar.gz"


def zipped(files, where):
    with zipfile.ZipFile(where / "dump.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return where / "dump.zip"


def only_case(reading):
    assert [(c.pull.image, c.pull.namespace, c.pull.pod, c.pull.container, c.pull.node) for c in reading.cases] == [
        (IMAGE, "payments", "api-0", "api", "np1-3")
    ]
    assert any(REFUSED in getattr(f, "text", "") for f in reading.cases[0].facts)
    assert facts_of(reading.cases[0], NodeSeen)
    return reading.cases[0]


@pytest.mark.parametrize("form", [folder, tarred, zipped])
def test_a_cluster_info_dump(form, tmp_path):
    case = only_case(read_sources(open_sources([str(form(DUMP, tmp_path))], None)))
    assert facts_of(case, PodSeen)[0].owner == "Deployment/api"
    assert not facts_of(case, SecretAbsent)


def test_a_cluster_info_dump_to_standard_output():
    text = "".join(f"{v}\n" for k, v in DUMP.items() if k.endswith(".json")) + DUMP["payments/web-0/logs.txt"]
    only_case(read_bytes(text.encode()))
    only_case(read_sources(open_sources([], io.BytesIO(text.encode()))))


@pytest.mark.parametrize("form", [folder, tarred, zipped])
def test_a_must_gather(form, tmp_path):
    case = only_case(read_sources(open_sources([str(form(GATHERED, tmp_path))], None)))
    assert facts_of(case, SecretAbsent) == [SecretAbsent("payments", "regcred", (), True)]


def test_a_must_gathers_blanked_secret_is_there_and_no_fault(tmp_path):
    blank = api.secret()
    blank["data"] = {".dockerconfigjson": ""}
    files = {
        **GATHERED,
        "must-gather.local/quay/namespaces/payments/core/secrets.yaml": yaml.safe_dump(api.listed(blank, kind="SecretList")),
    }
    case = only_case(read_sources(open_sources([str(folder(files, tmp_path))], None)))
    assert [(s.name, s.problem, s.ignored) for s in facts_of(case, SecretSeen)] == [("regcred", "", "")]
    assert not facts_of(case, SecretAbsent)


def test_files_of_single_commands_in_one_folder(tmp_path):
    files = {
        "pod.json": json.dumps(MADE), "ev.yaml": yaml.safe_dump(api.listed(SAID)), "node.json": json.dumps(api.node()),
        "secret.yaml": yaml.safe_dump(api.secret()), "README.md": "what we saved",
    }  # fmt: skip
    case = only_case(read_sources(open_sources([str(folder(files, tmp_path))], None)))
    assert [s.name for s in facts_of(case, SecretSeen)] == ["regcred"]
