"""Diagnoses made by hand, for tests of what is shown: names of our own, words in the emitters' formats."""

from whypull.model import STAGES, Case, Diagnosis, Finding, Fix, Pull, Reading, Said

ACR = "shopacr.azurecr.io/shop/api:1.4.2"
HEAD_403 = (
    f'Failed to pull image "{ACR}": failed to pull and unpack image "{ACR}": failed to resolve reference "{ACR}": unexpected status '
    "from HEAD request to https://shopacr.azurecr.io/v2/shop/api/manifests/1.4.2: 403 Forbidden"
)
IP_FIX = Fix(
    "whoever administers the registry shopacr",
    "Allow the address that the nodes go out by, or give the cluster a private endpoint.",
    "az acr network-rule add --name shopacr --ip-address 203.0.113.20",
    "Takes a few minutes; the kubelet retries by itself, every 5 minutes at most.",
)


def path(failed="", passed=(), looked_beyond=False):
    """The state of each stage: what is behind the failed one was not reached, what is named was passed."""
    states = dict.fromkeys(STAGES, "not looked") | dict.fromkeys(passed, "passed")
    if failed:
        states[failed] = "failed"
        if not looked_beyond:
            states |= dict.fromkeys(STAGES[STAGES.index(failed) + 1 :], "not reached")
    return states


def pods(count, nodes, image, namespace="payments"):
    return tuple(
        Pull(image, namespace, f"api-7f9c4d8b6-{i:05d}", "api", nodes[i % len(nodes)], "containerd 1.7.24") for i in range(count)
    )


def walked():
    """Proved on a node by walking the pull again, for 41 pods."""
    stopped = pods(41, ("np1-1", "np1-2", "np1-3"), ACR)
    return Diagnosis(
        "cause",
        stopped[2],
        (
            Finding(
                "auth.ip-not-allowed",
                "proved",
                "shopacr.azurecr.io refuses the address that node np1-3 comes from",
                (
                    "The registry names the address itself: \"client with IP '203.0.113.20' is not allowed access\".",
                    'The event said only "403 Forbidden": the runtime asked with HEAD.',
                    "It is not the password: the same 403 comes without one.",
                ),
                {"host": "shopacr.azurecr.io", "ip": "203.0.113.20"},
                (IP_FIX,),
            ),
        ),
        path("auth", ("spec", "secret", "dns", "network", "tls")),
        {
            "secret": "acr-pull exists and names shopacr.azurecr.io",
            "dns": "shopacr.azurecr.io → 198.51.100.9",
            "network": "198.51.100.9:443 took the connection in 12 ms",
            "tls": "certificate valid until 2027-03-02, trusted by the node",
            "auth": "403  \"client with IP '203.0.113.20' is not allowed access\"",
        },
        vantage="node np1-3",
        count=41,
        pulls=stopped,
        since="14m12s",
        said=HEAD_403,
    )


def from_objects():
    """Likely: the pod's secret does not name the image's registry."""
    image = "registry.shop.example:5000/web:2.1"
    return Diagnosis(
        "cause",
        Pull(image, "shop", "web-0", "web", "np1-2", "containerd 2.1.9"),
        (
            Finding(
                "secret.registry-mismatch",
                "likely",
                "None of the entries of pull secret regcred is for registry.shop.example:5000",
                (
                    "The pod names the secret regcred, and it exists.",
                    "Its entries are for registry.shop.example and ghcr.io; the image's host is registry.shop.example:5000, and the port counts.",
                ),
                {"secret": "regcred", "host": "registry.shop.example:5000"},
                (
                    Fix(
                        "whoever owns the pods in the namespace shop",
                        "Make the secret anew with the registry's host and port as the image has them.",
                        "kubectl delete secret regcred -n shop\nkubectl create secret docker-registry regcred -n shop \\\n"
                        "  --docker-server=registry.shop.example:5000 --docker-username='<user>' --docker-password='<token>'",
                        "The kubelet reads the secret again at its next try; the pod need not be made anew.",
                    ),
                ),
            ),
        ),
        path("secret", ("spec",), looked_beyond=True),
        {"secret": "regcred has registry.shop.example, ghcr.io"},
        (
            "kubectl get secret regcred -n shop -o jsonpath='{.data.\\.dockerconfigjson}' | base64 -d: the keys of auths are what is compared.",
        ),
        "cluster",
        since="2026-11-22T08:51:17Z",
        said=f'Failed to pull image "{image}": failed to resolve image: pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials',
    )


def possible():
    """Possible: only a paste."""
    image = "registry.shop.example/web:2.1"
    return Diagnosis(
        "cause",
        Pull(image),
        (
            Finding(
                "auth.credentials-missing",
                "possible",
                "registry.shop.example wants credentials, and none came with the pull",
                ('It says "no basic auth credentials".', "No credentials reached the runtime: it asked anonymously."),
                {},
                (
                    Fix(
                        "whoever owns the pods in the namespace",
                        "Put credentials into a Secret of the pod's own namespace and name it in the pod or its service account.",
                        "kubectl create secret docker-registry pull-registry -n <namespace> \\\n"
                        "  --docker-server=registry.shop.example --docker-username='<user>' --docker-password='<token>'\n"
                        'kubectl patch serviceaccount default -n <namespace> -p \'{"imagePullSecrets":[{"name":"pull-registry"}]}\'',
                        "Pods that exist keep their list of secrets: kubectl rollout restart their owner.",
                    ),
                    Fix(
                        "whoever runs the nodes",
                        "On ECR, ACR and GAR the node's own identity can pull: give it the reader's role.",
                    ),
                ),
            ),
        ),
        path("auth", ("spec", "dns", "network", "tls")),
        ask=(
            "kubectl get pod <pod> -n <namespace> -o jsonpath='{.spec.imagePullSecrets}': empty means that the pod names no secret.",
        ),
        said=f'Failed to pull image "{image}": no basic auth credentials',
    )


def undecided():
    """Two causes fit; a step decides."""
    shared = 'It says "403 Forbidden" to a HEAD request, whose answer has no text.'
    return Diagnosis(
        "undecided",
        Pull(ACR, "shop", "api-0", "api", "np1-3"),
        (
            Finding(
                "auth.ip-not-allowed",
                "possible",
                "shopacr.azurecr.io refuses the address that np1-3 comes from",
                (shared,),
                {},
                (IP_FIX,),
            ),
            Finding(
                "auth.forbidden",
                "possible",
                "shopacr.azurecr.io gives the identity that asks no right to pull shop/api",
                (shared, "Credentials were sent: the runtime asked for an oauth token, not an anonymous one."),
                {},
                (Fix("whoever administers the registry shopacr", "Give the kubelet's identity the role AcrPull."),),
            ),
        ),
        path("auth", ("spec", "dns", "network", "tls")),
        ask=(
            "curl -sSi https://shopacr.azurecr.io/v2/ on np1-3, without credentials: 403 means that the address is refused, 401 that it is let in and the refusal has to do with who asks.",
            f"skopeo inspect docker://{ACR}, logged in as the pull's own user: it asks with GET and prints the registry's sentence, which the runtime's HEAD request loses.",
        ),
        count=3,
        pulls=tuple(Pull(ACR, "shop", f"api-{i}", "api", "np1-3") for i in range(3)),
        since="4m36s",
        said=HEAD_403,
    )


def reading_of(*diagnoses, **more):
    """The reading that such diagnoses come from: each text as a kubelet's event."""
    cases = tuple(Case(d.pull, (Said(d.said, "kubelet", "event", "Failed", 3),), d.vantage) for d in diagnoses)
    return Reading(cases, **more)


def dns():
    """Proved: a group of 41 pods of several images on 3 nodes."""
    nodes = ("np2-1", "np2-2", "np2-3")
    stopped = pods(38, nodes, "registry.shop.example/payments/api:7") + pods(
        3, nodes, "registry.shop.example/payments/ledger:3", "ledger"
    )
    return Diagnosis(
        "cause",
        stopped[0],
        (
            Finding(
                "dns.no-such-host",
                "proved",
                "The resolver of np2-1 says that registry.shop.example does not exist",
                ('It says "lookup registry.shop.example on 10.0.0.53:53: no such host".',),
                {"host": "registry.shop.example"},
                (
                    Fix(
                        "whoever runs the nodes",
                        "The node's own resolver must know the name; the cluster's DNS has no part in it.",
                        "getent ahosts registry.shop.example",
                        "At once; the kubelet retries by itself, every 5 minutes at most.",
                    ),
                    Fix(
                        "whoever runs the DNS zone shop.example",
                        "Publish the name to the resolver 10.0.0.53, or let the nodes know it until then.",
                        "cat <<'HOSTS' | sudo tee -a /etc/hosts\n203.0.113.9 registry.shop.example\nHOSTS",
                    ),
                ),
            ),
        ),
        path("dns", ("spec",)),
        count=41,
        pulls=stopped,
        since="2h13m",
        said='Failed to pull image "registry.shop.example/payments/api:7": failed to do request: Head "https://registry.shop.example/v2/payments/api/manifests/7": dial tcp: lookup registry.shop.example on 10.0.0.53:53: no such host',
    )


def unknown():
    """A text that nobody knows."""
    image = "registry.shop.example/web:2.1"
    return Diagnosis(
        "undecided",
        Pull(image, "shop", "web-0", "web", "np1-2"),
        (),
        path(),
        ask=("kubectl describe pod web-0 -n shop",),
        since="68s",
        said=f'Failed to pull image "{image}": the flux capacitor of layer 3 is not aligned (code 0x88)',
    )


def status_only(count=1):
    """What `kubectl get pods` shows."""
    return [
        Diagnosis(
            "undecided",
            Pull(namespace="shop", pod=f"web-{i}"),
            (),
            path(),
            ask=(f"kubectl describe pod web-{i} -n shop",),
            pulls=(Pull(namespace="shop", pod=f"web-{i}"),),
        )
        for i in range(count)
    ]


def hostile():
    """Names and words that would move the cursor, turn the text round, or be markup."""
    text = 'Failed to pull image "sh\x1b[2Jop\u202e/<img src=x onerror=alert(1)>": [click](https://203.0.113.66/) `x` ```\n# Fixed\x07 \x9b31m'
    return Diagnosis(
        "cause",
        Pull("sh\x1b[2Jop\u202e", "n\x00s", "po|d*_~", "c", "<b>node</b>"),
        (
            Finding(
                "image.tag-not-found",
                "likely",
                "sh\x1b[2Jop\u202e has no tag <b>1</b> [x](https://203.0.113.66/)",
                ('It says "```\n\x1b]0;owned\x07 <script>alert(1)</script>".',),
                {"tag": "\u202e1"},
                (Fix("whoever *owns* <i>it</i>", "1. # Do\x1b[31m this | that", "echo \x1b[2J ok", "- soon\u2066"),),
            ),
        ),
        path("image"),
        {"image": "\u202efact\x1b[1m"},
        ("echo \x1b[2J x",),
        said=text,
        pulls=(Pull("sh\x1b[2Jop\u202e", "n\x00s", "po|d*_~", "c", "<b>node</b>"),),
        notes=("note\x1b[2J",),
    )


def every():
    """Each of them, by name."""
    return {
        "walked": [walked()],
        "objects": [from_objects()],
        "possible": [possible()],
        "undecided": [undecided()],
        "group": [dns()],
        "unknown": [unknown()],
        "status": status_only(),
        "statuses": status_only(12),
        "hostile": [hostile()],
        "several": [walked(), dns(), undecided(), unknown()],
    }
