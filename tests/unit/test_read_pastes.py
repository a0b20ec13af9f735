"""Pastes of outputs, tables, fragments and mixtures: which pulls, which texts, and what to ask for next."""

import pytest

from whypull import explain
from whypull.read.about import about_a_pull, informative, sounds_like_a_pull, surely_a_failed_pull
from whypull.read.reading import read_text
from whypull.read.wrapped import unwrapped, width_of

IMAGE = "registry.shop.example/payments/api:1.4.2"
REFUSED = 'Get "https://registry.shop.example/v2/": dial tcp 203.0.113.7:443: connect: connection refused'


def images(text):
    return [c.pull.image for c in read_text(text).cases]


OUTPUTS = {
    "docker": f"$ docker pull {IMAGE}\nError response from daemon: {REFUSED}",
    "docker without prompt": f"docker pull {IMAGE}\nError response from daemon: {REFUSED}",
    "docker run": f"Unable to find image '{IMAGE}' locally\ndocker: Error response from daemon: {REFUSED}.\nSee 'docker run --help'.",
    "docker build": f"Step 1/6 : FROM {IMAGE}\n{REFUSED}",
    "compose": f"Pulling api ({IMAGE})...\nERROR: {REFUSED}",
    "crictl": f'# crictl pull {IMAGE}\nFATA[0000] pulling image: rpc error: code = Unknown desc = failed to pull and unpack image "{IMAGE}": {REFUSED}',
    "ctr": f'sudo ctr -n k8s.io images pull {IMAGE}\nINFO[0000] trying next host   error="failed to do request: EOF" host=registry.shop.example\nctr: failed to resolve reference "{IMAGE}": {REFUSED}',
    "nerdctl": f'$ nerdctl pull {IMAGE}\nFATA[0000] failed to resolve reference "{IMAGE}": {REFUSED}',
    "podman": f"Trying to pull {IMAGE}...\nError: initializing source docker://{IMAGE}: pinging container registry registry.shop.example: {REFUSED}",
    "skopeo": f'FATA[0000] Error parsing image name "docker://{IMAGE}": pinging container registry registry.shop.example: {REFUSED}',
    "buildah": f"$ buildah pull {IMAGE}\nError: initializing source docker://{IMAGE}: pinging container registry registry.shop.example: {REFUSED}",
    "kaniko": f"error building image: unable to pull image {IMAGE}: {REFUSED}",
    "buildkit": f'ERROR: failed to solve: {IMAGE}: failed to resolve source metadata for {IMAGE}: failed to do request: Head "https://registry.shop.example/v2/payments/api/manifests/1.4.2": dial tcp 203.0.113.7:443: connect: connection refused',
    "ecs": f"CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref {IMAGE}: {REFUSED}",
    "kubeadm": f'\t[ERROR ImagePull]: failed to pull image {IMAGE}: output: time="2026-11-22T08:55:29Z" level=fatal msg="pulling image: {REFUSED}"',
    "message": f'Failed to pull image "{IMAGE}": {REFUSED}',
    "old message": f"image pull failed for {IMAGE}, this may be because there are no credentials on this request.  details: ({REFUSED})",
    "gitlab runner": f'WARNING: Failed to pull image with policy "always": Error response from daemon: {REFUSED} (manager.go:237:0s)',
    "tail of a message": "dial tcp 203.0.113.7:443: connect: connection refused",
}  # fmt: skip


@pytest.mark.parametrize("name", OUTPUTS)
def test_an_output_is_one_failed_pull(name):
    reading = read_text(OUTPUTS[name])
    assert len(reading.cases) == 1
    text = " ".join(f.text for f in reading.cases[0].facts)
    assert "connection refused" in text
    found = explain(OUTPUTS[name])
    assert [f.cause for f in found[0].findings][:1] == ["network.refused"]


def test_two_commands_are_two_pulls():
    text = "\n".join(
        f"$ docker pull {IMAGE.replace('api', name)}\nError response from daemon: {REFUSED}" for name in ("api", "web")
    )
    assert images(text) == [IMAGE, IMAGE.replace("api", "web")]


def test_a_list_of_images_is_as_many_pulls():
    text = "[preflight] Some fatal errors occurred:\n" + "\n".join(
        f"\t[ERROR ImagePull]: failed to pull image registry.shop.example/k8s/{name}:v1.32.1: output: {REFUSED}\n, error: exit status 1"
        for name in ("kube-apiserver", "kube-proxy", "pause")
    )
    assert images(text) == [f"registry.shop.example/k8s/{name}:v1.32.1" for name in ("kube-apiserver", "kube-proxy", "pause")]
    found = explain(text)
    assert len(found) == 1
    assert found[0].count == 3


# ---------------------------------------------------------------- tables

PODS = """\
NAME                    READY   STATUS                  RESTARTS      AGE
api-7d9c5b-x2x4q        0/1     ImagePullBackOff        0             12m
web-0                   1/1     Running                 0             12m
batch-1                 0/1     Init:ErrImagePull       0             3s
db-0                    0/1     CrashLoopBackOff        7 (30s ago)   12m
"""


def test_get_pods_asks_for_the_describe():
    reading = read_text("$ kubectl get pods -n payments\n" + PODS)
    assert [(c.pull.namespace, c.pull.pod) for c in reading.cases] == [("payments", "api-7d9c5b-x2x4q"), ("payments", "batch-1")]
    assert reading.ask == ("kubectl describe pod api-7d9c5b-x2x4q -n payments", "kubectl describe pod batch-1 -n payments")
    assert any("db-0" in note and "CrashLoopBackOff" in note for note in reading.notes)
    assert {d.verdict for d in explain(PODS)} == {"undecided"}


def test_get_pods_of_all_namespaces_and_wide():
    text = "NAMESPACE   NAME    READY   STATUS         RESTARTS   AGE   IP           NODE    NOMINATED NODE   READINESS GATES\npayments    web-0   0/1     ErrImagePull   0          5m    10.244.1.6   np1-3   <none>           <none>\n"
    assert [(c.pull.namespace, c.pull.pod, c.pull.node) for c in read_text(text).cases] == [("payments", "web-0", "np1-3")]


def test_a_state_and_the_message_below_it_are_one_pull():
    text = f'payments-web-0   0/1   ErrImagePull   0   8h\n\nFailed to pull image "{IMAGE}": {REFUSED}\n'
    assert [(c.pull.pod, c.pull.image) for c in read_text(text).cases] == [("payments-web-0", IMAGE)]


EVENTS = f"""\
LAST SEEN   TYPE      REASON      OBJECT      MESSAGE
4m          Normal    Scheduled   pod/web-0   Successfully assigned payments/web-0 to np1-3
28s         Normal    Pulling     pod/web-0   Pulling image "{IMAGE}"
28s         Warning   Failed      pod/web-0   Failed to pull image "{IMAGE}": {REFUSED}
28s         Warning   Failed      pod/web-0   Error: ErrImagePull
9s          Warning   Failed      pod/web-1   Failed to pull image "{IMAGE}": {REFUSED}
3s          Warning   Unhealthy   pod/db-0    Readiness probe failed: {REFUSED}
2m          Warning   FailedMount pod/db-1    MountVolume.SetUp failed for volume "x" : secret "y" not found
"""


def test_get_events():
    reading = read_text(EVENTS)
    assert [(c.pull.pod, c.pull.image) for c in reading.cases] == [("web-0", IMAGE), ("web-1", IMAGE)]
    assert reading.seen == "events"
    assert any("db-0" in n for n in reading.notes)
    assert any("db-1" in n for n in reading.notes)


@pytest.mark.parametrize(
    ("line", "state"),
    [
        ("Warning  Failed  9s  kubelet  Error: illegal base64 data at input byte 4", "ErrImagePull"),
        ('Warning  InspectFailed  9s  kubelet  Failed to apply default image tag "a:b:c": couldn\'t parse image name "a:b:c": invalid reference format', "InspectFailed"),
        ('Warning  ErrImageNeverPull  9s  kubelet  Container image "a:1" is not present with pull policy of Never', "ErrImageNeverPull"),
        ("Warning  FailedToRetrieveImagePullSecret  9s  kubelet  Unable to retrieve some image pull secrets (regcred); attempting to pull the image may not succeed.", "FailedToRetrieveImagePullSecret"),
        ('Warning  FailedCreatePodSandBox  9s  kubelet  Failed to create pod sandbox: rpc error: code = Unknown desc = failed to get sandbox image "p:1": failed to pull image "p:1": EOF', "FailedCreatePodSandBox"),
        ('Warning  Failed  9s  kubelet  (combined from similar events): Failed to pull image "a:1": EOF', "ErrImagePull"),
        ('Normal  BackOff  9s (x40 over 9m)  kubelet  Back-off pulling image "a:1"', "ImagePullBackOff"),
    ],
)  # fmt: skip
def test_events_of_pulls(line, state):
    case = read_text(line).cases[0]
    assert [f.reason for f in case.facts] == [state]


# ---------------------------------------------------------------- fragments

FRAGMENTS = {
    "yaml": "    state:\n      waiting:\n        message: 'rpc error: code = Unknown desc = failed to pull and unpack image \"a.example/b:1\": failed to resolve\n          reference \"a.example/b:1\": dial tcp 203.0.113.7:443: i/o timeout'\n        reason: ErrImagePull\n",
    "yaml double": '      waiting:\n        message: "failed to pull and unpack image \\"a.example/b:1\\": dial tcp 203.0.113.7:443: i/o timeout"\n        reason: ErrImagePull\n',
    "yaml block": '      waiting:\n        message: >-\n          failed to pull and unpack image "a.example/b:1":\n          dial tcp 203.0.113.7:443: i/o timeout\n        reason: ErrImagePull\n',
    "json": '"waiting": {\n  "message": "Back-off pulling image \\"a.example/b:1\\": ErrImagePull: failed to pull and unpack image \\"a.example/b:1\\": dial tcp 203.0.113.7:443: i/o timeout",\n  "reason": "ImagePullBackOff"\n}\n',
    "event": 'reason: Failed\nmessage: \'Failed to pull image "a.example/b:1": dial tcp 203.0.113.7:443: i/o timeout\'\ntype: Warning\n',
}  # fmt: skip


@pytest.mark.parametrize("name", FRAGMENTS)
def test_a_fragment_of_an_object(name):
    case = read_text("the status says\n" + FRAGMENTS[name]).cases[0]
    assert case.pull.image == "a.example/b:1"
    assert any(" ".join(f.text.split()).endswith("dial tcp 203.0.113.7:443: i/o timeout") for f in case.facts)


def test_fragments_of_a_volume_are_no_pull():
    assert read_text("reason: Failed\nmessage: 'secret \"db\" not found'\n").cases == ()


# ---------------------------------------------------------------- mixtures


def test_everything_at_once():
    text = f'Hello,\nour pod does not start.\n\n$ kubectl get pods -n payments\n{PODS}\n$ kubectl describe pod api-7d9c5b-x2x4q -n payments\nName: api-7d9c5b-x2x4q\nNamespace: payments\nNode: np1-3/10.0.3.7\nContainers:\n  api:\n    Image: {IMAGE}\n    State: Waiting\n      Reason: ImagePullBackOff\nEvents:\n  Type  Reason  Age  From  Message\n  Warning  Failed  28s (x5 over 5m)  kubelet  Failed to pull image "{IMAGE}": {REFUSED}\n\n$ curl -sS https://registry.shop.example/v2/\ncurl: (7) Failed to connect to registry.shop.example port 443: Connection refused\n\nAny ideas?\n'
    reading = read_text(text)
    api = [c for c in reading.cases if c.pull.pod.startswith("api")]
    assert [(c.pull.image, c.pull.container, c.pull.namespace) for c in api] == [(IMAGE, "api", "payments")]
    assert {c.pull.pod for c in reading.cases} == {"api-7d9c5b-x2x4q", "batch-1"}


def test_prose_around_a_message():
    text = f'Since this morning we see this:\n\n"Failed to pull image "{IMAGE}": {REFUSED}"\n\nNothing was changed.'
    assert images(text) == [IMAGE]


# ---------------------------------------------------------------- lines that were broken


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["the image could not be had: failed to pull and unpack image, failed to reso", "lve reference"], "resolve reference"),
        (['Head "https://registry.shop.example/v2/payments/api/and/some/more/words/mani', 'fests/1.4.2": EOF'], '/words/manifests/1.4.2": EOF'),
        (['failed to pull and unpack image, and then it said that image "registry.shop.example/pay', 'ments/api:1": EOF'], '"registry.shop.example/payments/api:1": EOF'),
        (["some words that make the line long enough to be broken, and then: dial tcp 203.0.1", "13.7:443: i/o timeout"], "dial tcp 203.0.113.7:443"),
        (["https://storage.shop.example/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa?X-Amz-Signature=0af5697e", "a9db0c070d: EOF"], "0af5697ea9db0c070d: EOF"),
        (["a line of a mail that was broken between two words, as mails are: connection", "refused by the registry"], "connection\nrefused"),
        (["a line of a mail that was broken behind a colon, failed to do request: Head", '"https://registry.shop.example/v2/": EOF'], 'Head\n"https'),
    ],
)  # fmt: skip
def test_broken_lines(lines, text):
    assert text in unwrapped(lines, width_of(lines))


# ---------------------------------------------------------------- is it about a pull, does it say why


@pytest.mark.parametrize(
    "text",
    [
        "Error: ErrImagePull",
        'Back-off pulling image "a:1"',
        "ImagePullBackOff",
        "trying and failing to pull image",
        'failed to "StartContainer" for "web" with ImagePullBackOff: "Back-off pulling image \\"a:1\\""',
        "",
    ],
)
def test_texts_that_say_no_more_than_that_it_fails(text):
    assert not informative(text)


@pytest.mark.parametrize(
    "text",
    ['Back-off pulling image "a:1": ErrImagePull: EOF', "pull QPS exceeded", "x509: certificate signed by unknown authority"],
)
def test_texts_that_say_why(text):
    assert informative(text)


def test_words_of_a_pull_outweigh_what_else_is_in_the_text():
    text = 'MountVolume.SetUp failed for volume "a"; Failed to pull image "b:1": EOF'
    assert surely_a_failed_pull(text)
    assert about_a_pull(text)
    assert not about_a_pull('MountVolume.SetUp failed for volume "a": unexpected status 404 Not Found from https://a.example/v2/')


@pytest.mark.parametrize(
    ("state", "cause"), [("ErrImageNeverPull", "spec.never-pull"), ("InvalidImageName", "spec.invalid-reference")]
)
def test_a_state_that_says_why_by_itself(state, cause):
    (one,) = explain(f"NAME   READY   STATUS   RESTARTS   AGE\nweb-0   0/1   {state}   0   5m\n")
    assert [f.cause for f in one.findings] == [cause]


def test_a_credential_helpers_warning_speaks_of_a_pull():
    assert about_a_pull(
        'WARN[0000] cannot get auth config for authConfigHostname="x"  error="error getting credentials - err: exit status 1"'
    )
    assert not about_a_pull(
        'configmaps is forbidden: User "a" cannot get resource "configmaps" in the namespace "b": authentication required'
    )


def test_the_end_of_a_grpc_error_alone():
    assert sounds_like_a_pull("rpc error: code = 2 desc = net/http: request canceled")
    assert not sounds_like_a_pull("rpc error: code = Internal desc = dial tcp 10.0.0.1:443: i/o timeout")


# ---------------------------------------------------------------- several things in one paste


def causes_of(text):
    return [[f.cause for f in one.findings] for one in explain(text)]


def test_the_message_finds_the_image_that_another_line_names():
    text = (
        "It said:\n```\n2026-11-22T08:55:30Z health=Progressing pod=ErrImagePull\n```\nand then\n```\n"
        'Back-off pulling image "registry.shop.example/shop/api:1"\nError: ImagePullBackOff\n'
        "Failed to pull image ... lookup registry.shop.example on 10.0.0.2:53: no such host\n```\n"
    )
    (one,) = explain(text)
    assert one.pull.image == "registry.shop.example/shop/api:1"
    assert [f.cause for f in one.findings] == ["dns.no-such-host"]


def test_what_can_be_explained_comes_before_what_cannot():
    text = (
        "$ docker pull registry.shop.example/a:1\nError response from daemon: pull access denied: something nobody ever said\n"
        '$ docker pull other.shop.example/b:1\nError response from daemon: Get "https://other.shop.example/v2/": '
        "dial tcp: lookup other.shop.example: no such host\n"
    )
    assert causes_of(text)[0] == ["dns.no-such-host"]


@pytest.mark.parametrize(
    ("sentence", "heard"),
    [("When I push it I get:", False), ("When I pull it I get:", True), ("After the push, the node's pull says:", True)],
)
def test_the_sentence_before_a_fence_says_what_the_error_is_of(sentence, heard):
    text = f"{sentence}\n```\ndenied: requested access to the resource is denied\n```\n"
    assert bool(explain(text)) is heard


def test_a_login_that_succeeded_in_the_end():
    text = "$ docker login\nAuthenticating with existing credentials...\nStored credentials invalid or expired\nUsername: ann\nLogin Succeeded\n"
    assert explain(text) == []
    assert explain(text.replace("Login Succeeded", "Error response from daemon: unauthorized: incorrect username or password"))
