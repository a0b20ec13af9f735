"""kubectl describe pod: which pulls, whose, how often; and whatever a copy does to the text."""

import re
import textwrap

import pytest

from whypull.read.event_row import event_row
from whypull.read.healed import seconds
from whypull.read.reading import read_text

TIMEOUT = (
    'failed to pull and unpack image "registry.shop.example/payments/api:1.4.2": failed to resolve reference '
    '"registry.shop.example/payments/api:1.4.2": failed to do request: Head "https://registry.shop.example/v2/payments/api/manifests/1.4.2": '
    "dial tcp 203.0.113.7:443: i/o timeout"
)
DESCRIBE = f"""\
Name:             api-7d9c5b-x2x4q
Namespace:        payments
Priority:         0
Service Account:  default
Node:             np1-3/10.0.3.7
Start Time:       Sun, 22 Nov 2026 08:51:17 +0000
Labels:           app=api
Annotations:      <none>
Status:           Pending
Controlled By:    ReplicaSet/api-7d9c5b
Init Containers:
  migrate:
    Container ID:  containerd://6f0e
    Image:         registry.shop.example/payments/migrate:3
    Image ID:      registry.shop.example/payments/migrate@sha256:0af5
    State:         Terminated
      Reason:      Completed
      Exit Code:   0
    Ready:         True
Containers:
  api:
    Container ID:
    Image:          registry.shop.example/payments/api:1.4.2
    Image ID:
    State:          Waiting
      Reason:       ImagePullBackOff
    Ready:          False
    Restart Count:  0
    Limits:
      cpu:  1
    Mounts:
      /var/run/secrets/kubernetes.io/serviceaccount from kube-api-access-x (ro)
  proxy:
    Container ID:   containerd://7a0e
    Image:          registry.shop.example/mesh/proxy:2
    State:          Running
      Started:      Sun, 22 Nov 2026 08:51:19 +0000
Conditions:
  Type              Status
  Initialized       True
  Ready             False
QoS Class:          Burstable
Events:
  Type     Reason     Age                From               Message
  ----     ------     ----               ----               -------
  Normal   Scheduled  5m                 default-scheduler  Successfully assigned payments/api-7d9c5b-x2x4q to np1-3
  Normal   Pulling    28s (x5 over 5m)   kubelet            Pulling image "registry.shop.example/payments/api:1.4.2"
  Warning  Failed     28s (x5 over 5m)   kubelet            Failed to pull image "registry.shop.example/payments/api:1.4.2": {TIMEOUT}
  Warning  Failed     28s (x5 over 5m)   kubelet            Error: ErrImagePull
  Normal   BackOff    4s (x12 over 5m)   kubelet            Back-off pulling image "registry.shop.example/payments/api:1.4.2"
  Warning  Failed     4s (x12 over 5m)   kubelet            Error: ImagePullBackOff
"""
EVENTS = DESCRIBE[DESCRIBE.index("Events:") :]


def only(text):
    """The one case of a text, its pull's place, and the texts that say why."""
    reading = read_text(text)
    assert len(reading.cases) == 1, [c.pull for c in reading.cases]
    case = reading.cases[0]
    return case.pull, [f for f in case.facts if f.text.startswith("Failed to pull")]


def test_the_pull_and_its_text():
    pull, said = only(DESCRIBE)
    assert (pull.image, pull.namespace, pull.pod) == ("registry.shop.example/payments/api:1.4.2", "payments", "api-7d9c5b-x2x4q")
    assert (pull.container, pull.node, pull.runtime) == ("api", "np1-3", "containerd")
    assert [(s.count, s.first, s.last, s.reason, s.via) for s in said] == [(5, "5m", "28s", "ErrImagePull", "event")]
    assert said[0].text.endswith("dial tcp 203.0.113.7:443: i/o timeout")


def test_events_alone_know_the_pod_from_the_scheduler():
    pull, said = only(EVENTS)
    assert (pull.namespace, pull.pod, pull.node, pull.image) == (
        "payments",
        "api-7d9c5b-x2x4q",
        "np1-3",
        "registry.shop.example/payments/api:1.4.2",
    )
    assert said[0].count == 5


def boxed(text):
    """As a full-screen program shows it: hard breaks at 100 columns, between bars."""
    rows = [line[i : i + 100] for line in text.splitlines() for i in range(0, max(len(line), 1), 100)]
    return "\n".join(f"│ {row:<100} │" for row in rows)


COPIES = {
    "CRLF": lambda t: t.replace("\n", "\r\n"),
    "colours": lambda t: t.replace("Warning", "\x1b[33mWarning\x1b[0m").replace("Failed ", "\x1b[1;31mFailed\x1b[m "),
    "code fence": lambda t: f"Here is what I see:\n```console\n{t}```\nWhat is wrong?\n",
    "jira": lambda t: "{noformat}\n" + t + "{noformat}\n",
    "prompt": lambda t: f"ana@laptop:~$ kubectl describe pod api-7d9c5b-x2x4q -n payments\n{t}ana@laptop:~$ ",
    "root prompt": lambda t: f"[root@np1-3 ~]# kubectl describe pod api-7d9c5b-x2x4q\n{t}",
    "quoted": lambda t: "".join(f"> {line}\n" for line in t.splitlines()),
    "quoted twice": lambda t: "".join(f">> {line}\n" for line in t.splitlines()),
    "bullets": lambda t: "".join(f"* {line}\n" for line in t.splitlines()),
    "blanks squeezed": lambda t: "".join(" ".join(line.split()) + "\n" for line in t.splitlines()),
    "tabs": lambda t: re.sub(r"(?<=\S) {2,}", "\t", t),
    "indented": lambda t: textwrap.indent(t, "        "),
    "no-break spaces": lambda t: t.replace("  ", "\u00a0\u00a0"),
    "zero width": lambda t: t.replace("Failed to pull", "Failed\u200b to pull").replace("api:1.4.2", "api\ufeff:1.4.2"),
    "typographic quotes": lambda t: re.sub(r'"([^"\n]*)"', "“\\1”", t),
    "entities": lambda t: t.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;"),
    "html": lambda t: "<pre><code>" + t + "</code></pre>",
    "wiki table": lambda t: "".join(f"| {line} |\n" for line in t.splitlines()),
    "box": boxed,
    "terminal of 80": lambda t: "\n".join(line[i : i + 80] for line in t.splitlines() for i in range(0, max(len(line), 1), 80)),
    "terminal of 132": lambda t: "\n".join(line[i : i + 132] for line in t.splitlines() for i in range(0, max(len(line), 1), 132)),
    "mail of 76": lambda t: "\n".join("\n".join(textwrap.wrap(line, 76, break_long_words=False, break_on_hyphens=False)) or line for line in t.splitlines()),
    "on one line": lambda t: " ".join(t.split("\n")),
    "form feed": lambda t: "\f" + t + "\f",
}  # fmt: skip


@pytest.mark.parametrize("copy", COPIES)
@pytest.mark.parametrize("part", ["whole", "events"])
def test_a_copy_says_the_same(copy, part):
    pull, said = only(COPIES[copy](DESCRIBE if part == "whole" else EVENTS))
    assert pull.image == "registry.shop.example/payments/api:1.4.2"
    assert (pull.namespace, pull.pod, pull.node) == ("payments", "api-7d9c5b-x2x4q", "np1-3")
    assert [s.count for s in said] == [5]
    assert " ".join(said[0].text.split()).endswith(f'Failed to pull image "registry.shop.example/payments/api:1.4.2": {TIMEOUT}')


def test_several_pods_one_after_the_other():
    other = DESCRIBE.replace("x2x4q", "9zzzz").replace("np1-3", "np1-4").replace("payments/api:1.4.2", "payments/web:2")
    reading = read_text(DESCRIBE + "\n\n" + other)
    assert [(c.pull.pod, c.pull.image, c.pull.node) for c in reading.cases] == [
        ("api-7d9c5b-x2x4q", "registry.shop.example/payments/api:1.4.2", "np1-3"),
        ("api-7d9c5b-9zzzz", "registry.shop.example/payments/web:2", "np1-4"),
    ]


def test_init_and_ephemeral_containers():
    text = DESCRIBE.replace(
        "State:         Terminated\n      Reason:      Completed", "State:         Waiting\n      Reason:      ErrImagePull"
    )
    text = text.replace(
        "Conditions:",
        "Ephemeral Containers:\n  debugger:\n    Image:          registry.shop.example/tools/debug:1\n    State:          Waiting\n      Reason:       ErrImageNeverPull\nConditions:",
    )
    found = {c.pull.container: c.pull.image for c in read_text(text).cases}
    assert found == {
        "migrate": "registry.shop.example/payments/migrate:3",
        "api": "registry.shop.example/payments/api:1.4.2",
        "debugger": "registry.shop.example/tools/debug:1",
    }


def test_two_containers_fail_for_reasons_of_their_own():
    text = DESCRIBE.replace(
        "State:          Running\n      Started:      Sun, 22 Nov 2026 08:51:19 +0000",
        "State:          Waiting\n      Reason:       ErrImagePull",
    )
    text += '  Warning  Failed     2s  kubelet  Failed to pull image "registry.shop.example/mesh/proxy:2": not found\n'
    cases = read_text(text).cases
    told = {c.pull.container: [f.text for f in c.facts if f.text.startswith("Failed to pull")] for c in cases}
    assert [t[-9:] for t in told["proxy"]] == ["not found"]
    assert [t[-11:] for t in told["api"]] == ["i/o timeout"]


def test_a_pull_that_was_overcome_is_a_note():
    text = DESCRIBE.replace(
        "State:          Waiting\n      Reason:       ImagePullBackOff", "State:          Running\n      Started:      now"
    )
    reading = read_text(text)
    assert reading.cases == ()
    assert any("is pulled now" in note for note in reading.notes)


def test_a_crash_loop_is_a_note():
    text = DESCRIBE[: DESCRIBE.index("Events:")].replace("ImagePullBackOff", "CrashLoopBackOff")
    reading = read_text(text)
    assert reading.cases == ()
    assert any("api" in note and "CrashLoopBackOff" in note for note in reading.notes)


def test_lines_after_the_message_belong_to_it():
    joined = EVENTS.replace(
        "dial tcp 203.0.113.7:443: i/o timeout", "mirror says: not found\nregistry says: dial tcp 203.0.113.7:443: i/o timeout"
    )
    _, said = only(joined)
    assert said[0].text.endswith("mirror says: not found\nregistry says: dial tcp 203.0.113.7:443: i/o timeout")


OLD = """\
  FirstSeen	LastSeen	Count	From			SubObjectPath		Type		Reason		Message
  ---------	--------	-----	----			-------------		--------	------		-------
  5m		5m		1	{default-scheduler }				Normal		Scheduled	Successfully assigned api-1 to np1-3
  5m		28s		5	{kubelet np1-3}	spec.containers{api}	Warning		Failed		Failed to pull image "shop/api:1": Error: image shop/api:1 not found
  5m		28s		5	{kubelet np1-3}				Warning		FailedSync	Error syncing pod, skipping: failed to "StartContainer" for "api" with ErrImagePull: "Error: image shop/api:1 not found"
"""


def test_the_layout_before_1_8():
    pull, said = only(OLD)
    assert (pull.pod, pull.container, pull.node, pull.image) == ("api-1", "api", "np1-3", "shop/api:1")
    assert (said[0].count, said[0].first, said[0].last) == (5, "5m", "28s")


def test_a_waiting_container_told_its_error_before_1_1():
    (case,) = read_text(
        "Name:\tapi-1\nImage(s):\tshop/api\nStatus:\tPending\nContainers:\n  api:\n    Image:\tshop/api\n    State:\tWaiting\n"
        "      Reason:\tError: image shop/api:latest not found\n    Ready:\tFalse\n    Restart Count:\t0\n"
    ).cases
    assert (case.pull.pod, case.pull.container, case.pull.image) == ("api-1", "api", "shop/api")
    assert [f.text for f in case.facts] == ["Error: image shop/api:latest not found"]


ROWS = [
    ('  Warning  Failed  28s (x5 over 5m)  kubelet  Failed to pull image "a": b', {"last": "28s", "first": "5m", "count": 5, "source": "kubelet"}),
    ('  Warning  Failed  28s (x5 over 5m)  kubelet, np1-3  Failed to pull image "a": b', {"source": "kubelet", "node": "np1-3"}),
    ('  Warning  Failed  28s  kubelet  spec.containers{web}: Failed to pull image "a": b', {"container": "web", "part": "containers"}),
    ('  Warning  Failed  28s  kubelet  spec.initContainers{web}: Failed to pull image "a": b', {"container": "web", "part": "initContainers"}),
    ('28s   Warning   Failed   pod/web-0   Failed to pull image "a": b', {"kind": "pod", "name": "web-0", "last": "28s"}),
    ('shop   28s   Warning   Failed   pod/web-0   Failed to pull image "a": b', {"namespace": "shop", "name": "web-0"}),
    ('28s (x4 over 3m)  Warning  Failed  Pod/web-0  Failed to pull image "a": b', {"count": 4, "first": "3m", "name": "web-0"}),
    ('28s Warning Failed pod/web-0 spec.containers{web} kubelet, np1-3 Failed to pull image "a": b   5m   4   web-0.17a2b3c4d5e6f701', {"count": 4, "first": "5m", "node": "np1-3", "container": "web"}),
    ('1m 5m 4 web-0.15a2b3c4d5e6f701 Pod spec.containers{web} Warning Failed kubelet, np1-3 Failed to pull image "a": b', {"last": "1m", "first": "5m", "count": 4, "name": "web-0", "container": "web"}),
    ('Tue, 07 Jul 2015 12:53:51 -0700 Tue, 07 Jul 2015 12:54:51 -0700 3 {kubelet np1-3} spec.containers{web} failed Failed to pull image "a": b', {"reason": "Failed", "count": 3, "container": "web", "node": "np1-3"}),
    ('2026-11-22T08:55:30Z Warning Failed pod/web-0 Failed to pull image "a": b', {"last": "2026-11-22T08:55:30Z"}),
    ('Warning Failed Failed to pull image "a": b', {"source": "", "last": ""}),
    ('Failed    kubelet   Failed to pull image "a": b', {"source": "kubelet", "type": ""}),
    ('<unknown>  Warning  Failed  pod/web-0  Failed to pull image "a": b', {"last": "<unknown>"}),
]  # fmt: skip


@pytest.mark.parametrize(("line", "wanted"), ROWS)
def test_a_row_of_events(line, wanted):
    row = event_row(line)
    assert row is not None
    assert row.message == 'Failed to pull image "a": b'
    assert {k: getattr(row, k) for k in wanted} == wanted


@pytest.mark.parametrize(
    "line",
    [
        "A Warning Failed to convince me.",
        'E1122 08:55:30.1 1 kubelet.go:1] "Warning Failed" err="x"',
        'time="2026-11-22T08:55:30Z" level=warning msg="Warning Failed x"',
        "Normal people do not read events.",
        "Warning",
        "",
    ],
)
def test_what_is_no_row(line):
    assert event_row(line) is None


# ---------------------------------------------------------------- events of which a later one shows the pull as done

HEALED = """\
  Warning  Failed   101s (x3 over 2m57s)  kubelet  Failed to pull image "registry.shop.example/api:1": EOF
  Normal   Pulled   {age}  kubelet  Successfully pulled image "registry.shop.example/{name}:1" in 24.2s
"""


@pytest.mark.parametrize(
    ("age", "name", "healed"),
    [("24s", "api", True), ("2m", "api", False), ("101s", "api", False), ("24s", "web", False), ("<unknown>", "api", False)],
)
def test_a_later_event_shows_the_pull_as_done(age, name, healed):
    reading = read_text(HEALED.format(age=age, name=name))
    assert any("is pulled now" in note for note in reading.notes) is healed
    assert len(reading.cases) == 1  # what stopped it is told all the same


@pytest.mark.parametrize(
    ("age", "wanted"), [("24s", 24), ("2m57s", 177), ("3h", 10_800), ("2y10d", 63_936_000), ("", None), ("<unknown>", None)]
)
def test_ages_as_kubectl_prints_them(age, wanted):
    assert seconds(age) == wanted
