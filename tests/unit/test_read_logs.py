"""Logs of kubelets and runtimes in every form: one pull a failure, with its pod, container, image and node."""

import json

import pytest

from whypull.read.log_file import is_log
from whypull.read.reading import read_bytes, read_text
from whypull.read.stream import follow

IMAGE = "registry.shop.example/payments/api:1.4.2"
ERROR = f'failed to pull and unpack image "{IMAGE}": failed to resolve reference "{IMAGE}": failed to do request: Head "https://registry.shop.example/v2/payments/api/manifests/1.4.2": dial tcp 203.0.113.7:443: i/o timeout'
RPC = f"rpc error: code = Unknown desc = {ERROR}"


def q(text):
    """The text as Go quotes it."""
    return json.dumps(text, ensure_ascii=False)


PULL = f'E1122 08:55:29.120000    1411 remote_image.go:180] "PullImage from image service failed" err={q(RPC)} image="{IMAGE}"'
MANAGER = f'E1122 08:55:29.121000    1411 kuberuntime_manager.go:1274] "Unhandled Error" err={q("container &Container{Name:api,Image:" + IMAGE + ",Command:[],ImagePullPolicy:Always,} start failed in pod web-0_payments(148afba0): ErrImagePull: " + RPC)} logger="UnhandledError"'
WORKER = (
    'E1122 08:55:29.122000    1411 pod_workers.go:1301] "Error syncing pod, skipping" err='
    + q('failed to "StartContainer" for "api" with ErrImagePull: ' + q(RPC))
    + ' pod="payments/web-0" podUID="148afba0"'
)
OLD_PULL = f'E1122 08:55:29.120000    1411 remote_image.go:113] PullImage "{IMAGE}" from image service failed: {RPC}'
OLD_WORKER = (
    'E1122 08:55:29.122000    1411 pod_workers.go:191] Error syncing pod 148afba0 ("web-0_payments(148afba0)"), skipping: failed to "StartContainer" for "api" with ErrImagePull: '
    + q(RPC)
)
OLD_MANAGER = f"E1122 08:55:29.121000    1411 kuberuntime_manager.go:829] container &Container{{Name:api,Image:{IMAGE},Command:[],}} start failed in pod web-0_payments(148afba0): ErrImagePull: {RPC}"
JSON = json.dumps(
    {
        "ts": 1763801729120.5,
        "caller": "kubelet/pod_workers.go:1301",
        "msg": "Error syncing pod, skipping",
        "pod": {"name": "web-0", "namespace": "payments"},
        "err": 'failed to "StartContainer" for "api" with ErrImagePull: ' + q(RPC),
    }
)
CONTAINERD = 'time="2026-11-22T08:55:29.120000000Z" level=error msg=' + q(f'PullImage "{IMAGE}" failed') + " error=" + q(RPC)
CRIO = (
    'time="2026-11-22 08:55:29.120000000Z" level=error msg='
    + q(
        f"Failed to pull image {IMAGE}: pinging container registry registry.shop.example: Get "
        + q("https://registry.shop.example/v2/")
        + ": dial tcp 203.0.113.7:443: i/o timeout"
    )
    + " id=4b6f name=/runtime.v1.ImageService/PullImage"
)
DOCKERD = 'time="2026-11-22T08:55:29Z" level=error msg=' + q(
    'Not continuing with pull after error: Get "https://registry.shop.example/v2/": dial tcp 203.0.113.7:443: i/o timeout'
)
EVENT = f'I1122 08:55:29.120000    1411 event.go:307] "Event occurred" object="payments/web-0" fieldPath="spec.containers{{api}}" kind="Pod" apiVersion="v1" type="Warning" reason="Failed" message={q("Failed to pull image " + q(IMAGE) + ": " + ERROR)}'
SANDBOX = (
    'E1122 08:55:29.120000    1411 kuberuntime_sandbox.go:72] "Failed to create sandbox for pod" err='
    + q(
        'rpc error: code = Unknown desc = failed to get sandbox image "registry.shop.example/pause:3.9": failed to pull image "registry.shop.example/pause:3.9": i/o timeout'
    )
    + ' pod="payments/web-0"'
)

FORMS = {"kubelet": PULL, "manager": MANAGER, "worker": WORKER, "old": OLD_PULL, "old worker": OLD_WORKER, "old manager": OLD_MANAGER, "json": JSON, "containerd": CONTAINERD, "crio": CRIO, "dockerd": DOCKERD, "event": EVENT}  # fmt: skip
WITH_POD = {"manager", "worker", "old worker", "old manager", "json", "event"}
WITH_IMAGE = set(FORMS) - {"dockerd"}
CARRIERS = {
    "bare": lambda line: line,
    "journald": lambda line: f"Nov 22 08:55:29 np1-3 kubelet[1411]: {line}",
    "journald iso": lambda line: f"2026-11-22T08:55:29+0000 np1-3 kubelet[1411]: {line}",
    "journald json": lambda line: json.dumps({"_HOSTNAME": "np1-3", "SYSLOG_IDENTIFIER": "kubelet", "__REALTIME_TIMESTAMP": "1763801729120000", "MESSAGE": line}),
    "journald bytes": lambda line: json.dumps({"_HOSTNAME": "np1-3", "SYSLOG_IDENTIFIER": "kubelet", "MESSAGE": list(line.encode())}),
    "docker json-file": lambda line: json.dumps({"log": line + "\n", "stream": "stderr", "time": "2026-11-22T08:55:29.12Z"}),
    "cri": lambda line: f"2026-11-22T08:55:29.120000000Z stderr F {line}",
}  # fmt: skip


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("form", FORMS)
def test_every_form_in_every_carrier(form, carrier):
    cases = read_text(CARRIERS[carrier](FORMS[form]) + "\n").cases
    assert len(cases) == 1
    pull = cases[0].pull
    if form in WITH_IMAGE:
        assert pull.image == IMAGE
    if form in WITH_POD:
        assert (pull.namespace, pull.pod, pull.container) == ("payments", "web-0", "api")
    if carrier.startswith("journald"):
        assert pull.node == "np1-3"
    assert any("i/o timeout" in f.text and "\\" not in f.text for f in cases[0].facts)


def test_the_lines_of_one_attempt_are_one_pull():
    reading = read_text(f"{PULL}\n{MANAGER}\n{WORKER}" + "\n")
    assert [(c.pull.image, c.pull.pod, c.pull.container) for c in reading.cases] == [(IMAGE, "web-0", "api")]


def test_kubelet_and_runtime_speak_of_the_same_pull():
    short = WORKER.replace(IMAGE, "docker.io/library/web:1").replace("registry.shop.example", "registry-1.docker.io")
    reading = read_text(
        short
        + "\n"
        + CONTAINERD.replace(IMAGE, "docker.io/library/web:1")
        + "\n"
        + PULL.replace(f'image="{IMAGE}"', 'image="web:1"')
        + "\n"
    )
    assert len(reading.cases) == 1


def test_the_sandbox():
    case = read_text(SANDBOX).cases[0]
    assert (case.pull.image, case.pull.container, case.pull.pod) == ("registry.shop.example/pause:3.9", "sandbox", "web-0")


def test_a_block_of_klog():
    text = (
        'E1122 08:55:29.122000    1411 pod_workers.go:1301] "Error syncing pod, skipping" err=<\n\tfailed to "StartContainer" for "api" with ErrImagePull: '
        f'"failed to pull and unpack image \\"{IMAGE}\\": failed to resolve image: first mirror: not found\n\tsecond: not found"\n > pod="payments/web-0" podUID="148afba0"\n'
    )
    case = read_text(text).cases[0]
    assert (case.pull.pod, case.pull.image) == ("web-0", IMAGE)
    assert any("first mirror: not found" in f.text and "second: not found" in f.text for f in case.facts)


@pytest.mark.parametrize(
    "message",
    ['ImageStatus "{image}" from image service failed: {error}', 'ImageStatus for image {{"{image}"}} failed: {error}'],
)
def test_what_the_kubelet_before_1_20_says_of_an_image_that_it_cannot_look_at(message):
    error = "rpc error: code = Unknown desc = Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"
    case = read_text("E1122 08:55:29.122000    1411 kuberuntime_image.go:87] " + message.format(image=IMAGE, error=error)).cases[
        0
    ]
    assert case.pull.image == IMAGE
    assert [f.text for f in case.facts] == [error]


def test_several_containers_in_one_line():
    text = 'E1122 08:55:29.122000    1411 pod_workers.go:1301] "Error syncing pod, skipping" err=' + q(
        '[failed to "StartContainer" for "api" with ErrImagePull: "pull QPS exceeded", failed to "StartContainer" for "web" with ImagePullBackOff: "Back-off pulling image \\"shop/web:1\\""]'
    ) + ' pod="payments/web-0"'  # fmt: skip
    assert {c.pull.container for c in read_text(text).cases} == {"api", "web"}


def test_a_mirror_that_was_passed_over_is_no_failure():
    tried = f'time="2026-11-22T08:55:28Z" level=info msg="trying next host" error={q("failed to do request: Head " + q("https://mirror.shop.example/v2/payments/api/manifests/1.4.2?ns=registry.shop.example") + ": EOF")} host=mirror.shop.example'
    done = 'time="2026-11-22T08:55:29Z" level=info msg=' + q(f'PullImage "{IMAGE}" returns image reference "sha256:0af5"')
    assert read_text(f"{tried}\n{done}\n").cases == ()
    assert [c.pull.image for c in read_text(tried).cases] == [IMAGE]


def test_hosts_toml_belongs_to_the_pull_that_was_under_way():
    lines = [
        f'time="2026-11-22T08:55:28Z" level=info msg={q(f"PullImage {chr(34)}{IMAGE}{chr(34)}")}',
        'time="2026-11-22T08:55:28Z" level=error msg="failed to decode hosts.toml" error="failed to parse TOML: (2, 2): unexpected token"',
    ]
    assert [c.pull.image for c in read_text("\n".join(lines)).cases] == [IMAGE]


def test_a_large_log_counts_its_repeats():
    healthy = 'I1122 08:55:29.120000    1411 kubelet.go:2456] "SyncLoop (PLEG): event for pod" pod="payments/web-1"\n'
    text = "".join(healthy * 500 + WORKER.replace("08:55:29", f"08:55:{i:02}") + "\n" for i in range(20))
    reading = read_bytes(text.encode())
    assert len(text) > 256 * 1024
    assert reading.seen == "log"
    assert [(c.pull.pod, [f.count for f in c.facts]) for c in reading.cases] == [("web-0", [20])]


def test_a_log_is_recognised():
    assert is_log((PULL + "\n") * 3)
    assert is_log((CONTAINERD + "\n") * 3)
    assert not is_log("Name: web-0\nNamespace: payments\n")


# ---------------------------------------------------------------- streams


def stream(*lines):
    return list(follow(iter([(line + "\n").encode() for line in lines])))


def test_a_stream_gives_one_answer_an_attempt():
    found = stream(
        PULL, MANAGER, WORKER, "I1122 healthy", PULL.replace("08:55:29", "09:00:29"), MANAGER.replace("08:55:29", "09:00:29")
    )
    assert [(h.pull.pod, h.pull.image, h.said.last[-15:-7]) for h in found] == [
        ("web-0", IMAGE, "08:55:29"),
        ("web-0", IMAGE, "09:00:29"),
    ]


def test_a_stream_of_events():
    found = stream(
        '28s   Warning   Failed   pod/web-0   Failed to pull image "a.example/b:1": i/o timeout',
        "1s Normal Pulled pod/web-0 Successfully pulled image",
    )
    assert [(h.pull.pod, h.said.last) for h in found] == [("web-0", "28s")]


def test_a_stream_keeps_no_secret():
    found = stream(CONTAINERD.replace("dial tcp", "https://u:hunter2hunter2@proxy.shop.example: dial tcp"))
    assert "hunter2" not in found[0].said.text


def test_a_stream_needs_no_more_memory_the_longer_it_is():
    import tracemalloc

    def lines(count):
        for i in range(count):
            yield (WORKER.replace("web-0", f"web-{i}").replace("203.0.113.7", f"203.0.{i % 250}.{i % 7}") + "\n").encode()

    def peak(count):
        tracemalloc.start()
        for _ in follow(lines(count)):
            pass
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(100)
    assert peak(12_000) < 1.5 * peak(6_000) + 500_000
