"""Pages of a list as they come over the wire: in chunks, packed, cut short, and in memory that is used again."""

import gzip
import json

import pytest
from tests.cluster import apiserver
from tests.cluster.apiserver import ApiServer
from tests.cluster.objects import cluster, pod

from whypull.read.cluster import Cluster
from whypull.read.kubeconfig import Access
from whypull.read.live import Scope, look

PATH = "/api/v1/namespaces/shop/pods"


def named(count):
    return {
        "pods": [{"metadata": {"name": f"web-{n:04}", "namespace": "shop"}, "spec": {"pad": "x" * 2000}} for n in range(count)]
    }


def names(server, limit=500):
    with Cluster(Access(server.url)) as reached:
        return [item["metadata"]["name"] for page in reached.pages(PATH, limit=limit) for item in json.loads(page)["items"]]


def in_chunks(packed, size):
    """A fault that is none: the whole list in chunks, as Go's server sends what it has not counted."""

    def answer(handler):
        items = handler.api.objects["pods"]
        content = json.dumps({"kind": "PodList", "metadata": {}, "items": items}).encode()
        content = gzip.compress(content) if packed else content
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        if packed:
            handler.send_header("Content-Encoding", "gzip")
        handler.end_headers()
        for start in range(0, len(content), size):
            piece = content[start : start + size]
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        handler.wfile.write(b"0\r\n\r\n")
        return True

    return answer


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("count", [3, 130, 900])  # less than the memory at first, hardly more, and many times as much
def test_an_answer_in_chunks_is_whole(packed, count):
    with ApiServer(named(count)) as server:
        server.faults.append(in_chunks(packed, 32_768))
        assert names(server) == [f"web-{n:04}" for n in range(count)]


def test_an_answer_that_ends_too_early_is_asked_for_again():
    def ends(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        handler.wfile.write(b'{"kind":"PodList","metadata":{},"items":[')
        handler.close_connection = True  # in order: no reset tells that something is missing

    with ApiServer(named(3)) as server:
        server.faults.append(apiserver.times(1, ends))
        assert names(server) == ["web-0000", "web-0001", "web-0002"]
        assert len(server.requests) == 2


@pytest.mark.parametrize("sizes", [(900, 3, 500), (3, 900), (500, 500, 500)])
def test_answers_of_any_size_one_after_the_other(sizes):
    with ApiServer(named(900), compress=False) as server, Cluster(Access(server.url)) as reached:
        for size in sizes:
            page = next(reached.pages(PATH, limit=size))
            assert len(json.loads(page)["items"]) == size


@pytest.mark.parametrize("compress", [False, True])
def test_what_is_kept_of_a_page_outlives_it(compress):
    pods = [
        pod(f"web-{n:04}", f"registry.shop.example/web:{n}", "not found", labels={"app": f"web-{n}", "pad": "x" * 200}, owner=("ReplicaSet", f"rs-{n}"))
        for n in range(1200)
    ]  # fmt: skip
    with ApiServer(cluster(*pods), compress=compress) as server, Cluster(Access(server.url)) as reached:
        looked = look(reached, Scope("shop"), lambda _: None)
        assert sum(path == PATH for path in server.paths()) == 3
    assert looked.pods == 1200
    for n in (0, 499, 500, 1199):
        seen = looked.inventory.pods["shop", f"web-{n:04}"].seen("web", "")
        assert dict(seen.labels)["app"] == f"web-{n}"
        assert looked.inventory.pods["shop", f"web-{n:04}"].owner() == ("ReplicaSet", f"rs-{n}")
