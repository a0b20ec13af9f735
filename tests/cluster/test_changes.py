"""fix, verify and watch: what they change, what they leave, and that nothing is changed unless asked."""

import base64
import json
import threading
import time

import pytest
from tests.cluster import apiserver
from tests.cluster.apiserver import ApiServer
from tests.cluster.objects import account, cluster, deployment, event, node, pod, pull_secret, replica_set, running
from tests.cluster.test_live import IMAGE, REFUSED, UNKNOWN_CA

from whypull.cli import main


@pytest.fixture
def world(tmp_path, monkeypatch, capsys):
    """Starts a server on objects; returns (server, run) where run gives (code, out)."""
    running_servers = []

    def start(*objects, **options):
        server = ApiServer(cluster(*objects), **options).__enter__()
        running_servers.append(server)
        path = tmp_path / "config"
        path.write_text(json.dumps(apiserver.kubeconfig(server.url, namespace="shop")))
        monkeypatch.setenv("KUBECONFIG", str(path))

        def run(*args):
            code = main(list(args))
            out = capsys.readouterr()
            return code, out.out + out.err

        return server, run

    yield start
    for server in running_servers:
        server.__exit__(None, None, None)


def owned(**more):
    return (
        pod("web-5d8f-0", IMAGE, REFUSED, labels={"app": "web"}, owner=("ReplicaSet", "web-5d8f"), **more),
        account(), node("np1-1"), replica_set("web-5d8f", "web", {"app": "web"}), deployment("web", {"app": "web"}),
    )  # fmt: skip


def changing(server):
    return [(m, p, q.get("dryRun", "")) for m, p, q, _ in server.requests if m != "GET"]


# ---------------------------------------------------------------- fix


def test_without_apply_everything_is_shown_and_tried_and_nothing_changed(world):
    server, run = world(*owned(), pull_secret("pull", "tools", password="s3kr1t-t1rk3s"))
    before = json.dumps(server.objects, sort_keys=True)
    code, out = run("fix", "pod/web-5d8f-0")
    assert code == 0
    assert "Nothing was changed" in out
    assert "copies the pull secret pull from namespace tools" in out
    assert "s3kr1t" not in out
    assert {dry for _, _, dry in changing(server)} == {"All"}
    assert json.dumps(server.objects, sort_keys=True) == before


def test_a_secret_of_another_namespace_is_copied_named_and_the_pods_made_anew(world):
    server, run = world(*owned(), pull_secret("pull", "tools"))
    code, out = run("fix", "deploy/web", "--apply", "--yes")
    assert code == 0, out
    copy = next(s for s in server.objects["secrets"] if s["metadata"]["namespace"] == "shop")
    assert copy["data"] == pull_secret("pull", "tools")["data"]
    assert "uid" not in copy["metadata"]
    assert server.objects["serviceaccounts"][0]["imagePullSecrets"] == [{"name": "pull"}]
    template = server.objects["deployments"][0]["spec"]["template"]["metadata"]["annotations"]
    assert "kubectl.kubernetes.io/restartedAt" in template


def test_a_secret_that_the_pod_names_and_that_is_missing_is_copied_under_its_name(world):
    server, run = world(*owned(secrets=["pull"]), pull_secret("pull", "tools"))
    code, out = run("fix", "pod/web-5d8f-0", "--apply", "--yes")
    assert code == 0, out
    assert [(m, p) for m, p, dry in changing(server) if not dry] == [("POST", "/api/v1/namespaces/shop/secrets")]


def test_a_secret_that_fits_and_is_there_is_only_named(world):
    server, run = world(*owned(), pull_secret("regcred"))
    code, _ = run("fix", "pod/web-5d8f-0", "--apply", "--yes")
    assert code == 0
    assert [p.rpartition("/")[2] for m, p, dry in changing(server) if not dry] == ["default", "web"]


def test_an_account_keeps_the_secrets_that_it_has(world):
    objects = [*owned(), pull_secret("regcred")]
    objects[1] = account(secrets=["older"])
    server, run = world(*objects, pull_secret("older", host="quay.io"))
    assert run("fix", "pod/web-5d8f-0", "--apply", "--yes")[0] == 0
    assert server.objects["serviceaccounts"][0]["imagePullSecrets"] == [{"name": "older"}, {"name": "regcred"}]


def test_a_new_secret_takes_its_password_from_standard_input(world, monkeypatch):
    server, run = world(*owned())
    monkeypatch.setattr("sys.stdin", __import__("io").StringIO("s3kr1t-t1rk3s\n"))
    code, out = run("fix", "pod/web-5d8f-0", "--username", "robot", "--password-stdin", "--apply", "--yes")
    assert code == 0, out
    assert "s3kr1t" not in out
    content = json.loads(base64.b64decode(server.objects["secrets"][0]["data"][".dockerconfigjson"]))
    assert base64.b64decode(content["auths"]["registry.shop.example"]["auth"]) == b"robot:s3kr1t-t1rk3s"


def test_what_is_for_somebody_outside_the_cluster_is_said_so(world):
    server, run = world(pod("web-0", IMAGE, UNKNOWN_CA.format(image=IMAGE)), account(), node("np1-1"))
    code, out = run("fix", "pod/web-0", "--apply", "--yes")
    assert code == 1
    assert "tls.unknown-authority" in out
    assert "No change inside the cluster ends that" in out
    assert changing(server) == []


def test_a_refusal_by_the_server_comes_before_any_change(world):
    server, run = world(*owned(), pull_secret("pull", "tools"), denied=[("patch", "serviceaccounts")])
    code, out = run("fix", "pod/web-5d8f-0", "--apply", "--yes")
    assert code == 2
    assert "refuses change 2" in out
    assert all(dry == "All" for _, _, dry in changing(server))


def test_without_a_terminal_nothing_is_applied_unconfirmed(world):
    server, run = world(*owned(), pull_secret("pull", "tools"))
    code, out = run("fix", "pod/web-5d8f-0", "--apply")
    assert code == 2
    assert "--yes" in out
    assert all(dry == "All" for _, _, dry in changing(server))


def test_no_secret_anywhere_is_said_with_the_way_to_make_one(world):
    _, run = world(*owned())
    code, out = run("fix", "pod/web-5d8f-0")
    assert code == 1
    assert "--password-stdin" in out


def test_rights_that_are_missing_are_said_where_nothing_can_be_mended_without_them(world):
    objects = [dict(one) for one in owned()]
    objects[0]["status"] = {"containerStatuses": [{"name": "web", "image": IMAGE, "state": {"waiting": {
        "reason": "ImagePullBackOff", "message": f'Back-off pulling image "{IMAGE}"'}}}]}  # fmt: skip
    _, run = world(*objects, denied=[("list", "events")])
    code, out = run("fix", "pod/web-5d8f-0")
    assert code == 1
    assert "The cause is not known." in out
    assert "You may not list events in namespace shop." in out


# ---------------------------------------------------------------- verify


def kubelet(server, status, events=()):
    """Gives every new pod a status, as a kubelet would a moment later."""

    def act(resource, made):
        if resource == "pods":
            made["status"] = {
                "phase": "Pending",
                "containerStatuses": [{"name": "pull", "image": IMAGE, "imageID": "", **status}],
            }
            made["spec"].setdefault("nodeName", "np1-1")
            for one in events:
                server.objects.setdefault("events", []).append({**one, "involvedObject": {
                    "kind": "Pod", "namespace": "shop", "name": made["metadata"]["name"], "fieldPath": "spec.containers{pull}"}})  # fmt: skip

    server.on_create = act


def test_a_pull_that_works_is_verified_in_the_kubelets_words_and_nothing_is_left(world):
    server, run = world(*owned(secrets=["pull"]), pull_secret("pull"))
    said = f'Successfully pulled image "{IMAGE}" in 1.2s (1.2s including waiting)'
    done = event("x", said, IMAGE, reason="Pulled", type="Normal", raw=True)
    done.pop("_resource")
    kubelet(server, {"state": {"terminated": {"reason": "StartError", "exitCode": 128}}}, [done])
    made = []
    inner = server.on_create
    server.on_create = lambda resource, thing: (made.append(json.loads(json.dumps(thing))), inner(resource, thing))
    code, out = run("verify", "deploy/web")
    assert code == 0, out
    assert said in out
    assert len(server.objects["pods"]) == 1
    spec = made[0]["spec"]
    assert spec["nodeName"] == "np1-1"
    assert spec["imagePullSecrets"] == [{"name": "pull"}]
    assert spec["serviceAccountName"] == "default"
    assert spec["containers"][0]["imagePullPolicy"] == "Always"
    assert spec["containers"][0]["command"] == ["/whypull-pulls-only-and-runs-nothing"]


def test_the_next_cause_is_named_where_the_pull_still_fails(world):
    server, run = world(*owned(secrets=["pull"]), pull_secret("pull"))
    words = "rpc error: code = Unknown desc = " + UNKNOWN_CA.format(image=IMAGE)
    kubelet(server, {"state": {"waiting": {"reason": "ErrImagePull", "message": words}}})
    code, out = run("verify", "pod/web-5d8f-0")
    assert code == 1
    assert "tls.unknown-authority" in out
    assert len(server.objects["pods"]) == 1


def test_a_pull_that_takes_its_time_is_neither(world):
    server, run = world(*owned())
    kubelet(server, {"state": {"waiting": {"reason": "ContainerCreating"}}})
    code, out = run("verify", "pod/web-5d8f-0", "--timeout", "1")
    assert code == 3
    assert "neither pulled nor refused" in out
    assert len(server.objects["pods"]) == 1


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["verify", "pod/nobody"], "there is no pod nobody"),
        (["verify", "node/np1-1"], "verify what?"),
        (["verify", "pod/web-5d8f-0", "--container", "api"], "has no container 'api'; it has: web"),
    ],
)
def test_a_target_that_cannot_be_verified(world, args, words):
    _, run = world(*owned())
    code, out = run(*args)
    assert code == 2
    assert words in out


def test_a_pod_that_may_not_be_made_is_said_with_the_reason(world):
    _, run = world(*owned(), denied=[("create", "pods")])
    code, out = run("verify", "pod/web-5d8f-0")
    assert code == 2
    assert "cannot be made" in out


PSP = (
    'pods "whypull-verify-1" is forbidden: PodSecurityPolicy: unable to admit pod: [pod.metadata.annotations[seccomp.security.alpha.'
    "kubernetes.io/pod]: Forbidden: seccomp may not be set]"
)
SCC = (
    'pods "whypull-verify-1" is forbidden: unable to validate against any security context constraint: [provider "restricted-v2": '
    "Forbidden: spec.containers[0].securityContext.runAsUser: Invalid value: 65534: must be in the ranges: [1000640000, 1000649999]]"
)


@pytest.mark.parametrize(("words", "kept"), [(PSP, {"runAsUser"}), (SCC, set())])
def test_an_old_admission_gets_a_pod_that_leaves_the_choice_to_it(world, words, kept):
    server, run = world(*owned())
    kubelet(server, {"state": {"terminated": {"reason": "StartError", "exitCode": 128}}})
    contexts = []

    def refuse(handler):
        if handler.command != "POST":
            return False
        contexts.append(handler.sent["spec"]["containers"][0]["securityContext"])
        if len(contexts) > 1:
            return False
        handler.status(403, "Forbidden", words)
        return True

    server.faults.append(refuse)
    code, out = run("verify", "pod/web-5d8f-0")
    assert code == 0, out
    assert {"runAsUser", "seccompProfile"} <= set(contexts[0])
    assert set(contexts[1]) & {"runAsUser", "seccompProfile"} == kept


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ('pods "x" is forbidden: violates PodSecurity "restricted:latest": unrestricted capabilities', "Pod Security of namespace shop"),
        ('admission webhook "validate.kyverno.svc-fail" denied the request: registry is not allowed', "an admission webhook refuses it"),
        ('pods "x" is forbidden: exceeded quota: none, requested: pods=1, used: pods=0, limited: pods=0', "the quota of namespace shop"),
    ],
)  # fmt: skip
def test_an_admission_that_refuses_verifys_pod_is_said_with_what_verify_can_do_instead(world, words, says):
    server, run = world(*owned())
    server.faults.append(lambda handler: handler.command == "POST" and (handler.status(403, "Forbidden", words) or True))
    code, out = run("verify", "pod/web-5d8f-0")
    assert code == 2
    assert says in out
    assert "whypull pod/web-5d8f-0 -n shop --from node" in out
    assert "--node-pod-namespace" not in out


# ---------------------------------------------------------------- watch


def test_watch_ends_when_all_images_are_there(world):
    server, run = world(pod("web-0", IMAGE, REFUSED), running("web-1", IMAGE), account(), node("np1-1"))

    def mend():
        time.sleep(0.6)
        healthy = running("web-0", IMAGE)
        healthy.pop("_resource")
        server.objects["pods"][0] = healthy

    thread = threading.Thread(target=mend)
    thread.start()
    code, out = run("watch", "-n", "shop", "--every", "0.3", "--timeout", "20")
    thread.join()
    assert code == 0
    assert "✗ shop/web-0" in out
    assert "✓ shop/web-0" in out


def test_watch_gives_up_at_its_time(world):
    _, run = world(pod("web-0", IMAGE, REFUSED), account(), node("np1-1"))
    code, out = run("watch", "-n", "shop", "--every", "0.2", "--timeout", "0.5")
    assert code == 1
    assert "1 pods still wait" in out
