"""Who can end a trouble of Dynatrace's images, and with which command. The kubelet's and the CSI driver's ways differ."""

from __future__ import annotations

import re

from whypull.model import Fix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from whypull.dynatrace import Download, DynaKube

ADMIN = "whoever administers the Dynatrace Operator"
NODES = "whoever administers the nodes"
NETWORK = "the network team"
_SAFE = re.compile(r"[A-Za-z0-9._:/@+-]+")
_FIELD = re.compile(r"\[\[(\w+)\]\]")
RETRIES = "The CSI driver tries again by itself within minutes; pods that wait for it go on then."
TROUBLESHOOT = "kubectl exec -n [[ns]] deploy/dynatrace-operator -- dynatrace-operator troubleshoot"
ANEW = "Injection happens when a pod is made: kubectl rollout restart what is to be seen again."


def command(template: str, **values: str) -> str:
    """A command with its [[fields]] filled; what a shell could act on, and what is not known, stays a <name>."""
    return _FIELD.sub(lambda m: v if _SAFE.fullmatch(v := values.get(m[1], "")) else f"<{m[1].replace('_', ' ')}>", template)


def _of(dynakube: DynaKube | None) -> Mapping[str, str]:
    if dynakube is None:
        return {"ns": "dynatrace"}
    return {"dk": dynakube.name, "ns": dynakube.namespace or "dynatrace", "mode": dynakube.mode, "tokens": dynakube.tokens}


def troubleshoot(dynakube: DynaKube | None) -> str:
    """The step that decides for pulls of the CSI driver's: the operator's own test, from a pod of the same namespace."""
    said = "it tries each image from a pod, with the DynaKube's secrets"
    proxied = ", but for code modules without its proxy" if dynakube is not None and dynakube.has_proxy else ""
    return f"{command(TROUBLESHOOT, **_of(dynakube))}: {said}{proxied}."


# ---------------------------------------------------------------- the applications' namespaces


def secret_for_namespace(dynakube: DynaKube | None, namespace: str, account: str, host: str, own: tuple[str, ...]) -> Fix:
    """Gives an application namespace the credentials that its injected container is pulled with."""
    custom = dynakube.pull_secret if dynakube else ""
    values = {
        **_of(dynakube),
        "namespace": namespace,
        "account": account or "default",
        "host": host,
        "secret": custom or "dynatrace-pull",
    }
    copy = (
        "kubectl get secret [[secret]] -n [[ns]] -o json \\\n"
        "  | jq 'del(.metadata.namespace,.metadata.uid,.metadata.resourceVersion,.metadata.creationTimestamp,"
        ".metadata.ownerReferences,.metadata.managedFields)' \\\n"
        "  | kubectl apply -n [[namespace]] -f -\n"
    )
    make = (
        "kubectl create secret docker-registry [[secret]] -n [[namespace]] \\\n"
        "  --docker-server=[[host]] --docker-username='<user>' --docker-password='<token>'\n"
    )
    attach = 'kubectl patch serviceaccount [[account]] -n [[namespace]] -p \'{"imagePullSecrets":[{"name":"[[secret]]"}]}\''
    template = (copy if custom else make) + attach
    wait = "Only pods that are made from then on have it: kubectl rollout restart their owners."
    if own:
        template = copy if custom else make.rstrip("\n")
        names = ", ".join(own)
        wait = f"These pods name {names} themselves, so their account's secrets are not added: name it in their template too."
    return Fix(
        f"whoever owns the namespace {namespace or 'of the pods'}",
        "Dynatrace's webhook adds a container and no pull secret: the kubelet looks in the pod's own namespace. Put one there.",
        command(template, **values).rstrip("\n"),
        wait,
    )


def pause(dynakube: DynaKube | None, namespace: str) -> Fix:
    """Stops the injection for one namespace, until the cause is mended."""
    if dynakube is None or not dynakube.mode or dynakube.selector:
        do = (
            "Until then, keep injection out: in one workload with the annotation below; in the whole namespace with a label "
            "that the DynaKube's namespaceSelector leaves out"
            + (f" (it selects {dynakube.selector})." if dynakube and dynakube.selector else ".")
        )
        run = _ANNOTATE
    else:
        do = (
            f"Until then, keep injection out of {namespace or 'the namespace'} alone. The label that the operator itself puts on "
            "the namespace comes back when it is removed."
        )
        run = _LABEL + (_OLD if dynakube.version == "v1beta1" else _NEW)
    return Fix(ADMIN, do, command(run, namespace=namespace, **_of(dynakube)), ANEW)


_ANNOTATE = (
    "kubectl patch deployment <name> -n [[namespace]] -p "
    '\'{"spec":{"template":{"metadata":{"annotations":{"dynatrace.com/inject":"false"}}}}}\''
)
_LABEL = (
    "kubectl label namespace [[namespace]] dynatrace-injection=off\nkubectl patch dynakube [[dk]] -n [[ns]] --type=merge -p \\\n"
)
_OFF = '"namespaceSelector":{"matchExpressions":[{"key":"dynatrace-injection","operator":"NotIn","values":["off"]}]}'
_NEW = '  \'{"spec":{"oneAgent":{"[[mode]]":{' + _OFF + "}}}}'"
_OLD = '  \'{"spec":{' + _OFF + "}}'"


# ---------------------------------------------------------------- the operator's namespace


def custom_secret(dynakube: DynaKube | None, host: str) -> Fix:
    """The pull secret that the DynaKube names: makes it, right and in the DynaKube's own namespace."""
    name = (dynakube.pull_secret if dynakube else "") or "dynatrace-pull"
    run = (
        "kubectl create secret docker-registry [[secret]] -n [[ns]] --dry-run=client -o yaml \\\n"
        "  --docker-server=[[host]] --docker-username='<user>' --docker-password='<token>' | kubectl apply -f -"
    )
    if dynakube is None or not dynakube.pull_secret:
        run += '\nkubectl patch dynakube [[dk]] -n [[ns]] --type=merge -p \'{"spec":{"customPullSecret":"[[secret]]"}}\''
    do = "customPullSecret must name a Secret in the DynaKube's own namespace, with an entry for the image's own host and port."
    return Fix(ADMIN, do, command(run, secret=name, host=host, **_of(dynakube)), RETRIES)


def tenant_token(dynakube: DynaKube | None) -> Fix:
    """A new token for the tenant: the operator writes its pull secret from it."""
    run = (
        "kubectl create secret generic [[tokens]] -n [[ns]] --dry-run=client -o yaml \\\n"
        "  --from-file=apiToken=<file> --from-file=dataIngestToken=<file> | kubectl apply -f -\n"
        "kubectl get dynakube [[dk]] -n [[ns]] -o jsonpath='{.status.conditions[?(@.type==\"Tokens\")].message}'"
    )
    return Fix(
        ADMIN,
        "Make a new access token in the tenant, with the scope InstallerDownload (PaaS), and put it into the Secret that the "
        "DynaKube names as its tokens; the operator then writes the pull secret anew.",
        command(run, **_of(dynakube)),
        "A few minutes until the operator looks again; then the kubelet's next try.",
    )


def own_network(dynakube: DynaKube | None, *, proxy: bool = True, application: bool = False) -> tuple[Fix, ...]:
    """What lets a pod out that fetches by itself: the DynaKube's proxy, or the pod network's rules."""
    namespace = "<the pod's namespace>" if application else "[[ns]]"
    setting = (
        "kubectl patch dynakube [[dk]] -n [[ns]] --type=merge \\\n"
        """  -p '{"spec":{"proxy":{"valueFrom":"<secret with the key proxy>"}}}'"""
    )
    whose = "an application's pod" if application else "a pod of the operator's namespace"
    out = Fix(
        NETWORK,
        f"It asks from {whose}: let the pods' way out (network policies, egress gateway, firewall) have the host too. "
        "That nodes reach it says nothing of pods.",
        command(f"kubectl get networkpolicies,ciliumnetworkpolicies -n {namespace}", **_of(dynakube)),
    )
    if not proxy:
        return (out,)
    do = "Where nodes go through a proxy, the DynaKube must name it too: the runtime's own setting does not reach pods."
    return (Fix(ADMIN, do, command(setting, **_of(dynakube)), ANEW if application else RETRIES), out)


def own_proxy(dynakube: DynaKube | None) -> Fix:
    """The DynaKube's proxy setting."""
    return Fix(
        ADMIN,
        "Correct the proxy that the DynaKube names: http://user:password@host:port, and no blank, quote or "
        "any of ' ` , & = + % \\ in the password. The Secret's key is proxy.",
        command("kubectl get dynakube [[dk]] -n [[ns]] -o jsonpath='{.spec.proxy}'", **_of(dynakube)),
        RETRIES,
    )


def own_trust(dynakube: DynaKube | None) -> Fix:
    """The DynaKube's trustedCAs."""
    run = (
        "kubectl create configmap <name> -n [[ns]] --from-file=certs=<CA file>\n"
        'kubectl patch dynakube [[dk]] -n [[ns]] --type=merge -p \'{"spec":{"trustedCAs":"<name>"}}\''
    )
    do = (
        "Put the CA into a ConfigMap of the DynaKube's namespace, under the key certs, and name it as trustedCAs. "
        "A CA on the nodes does not count here."
    )
    return Fix(ADMIN, do, command(run, **_of(dynakube)), RETRIES)


def node_proxy() -> Fix:
    """The runtime's proxy on the nodes."""
    return Fix(
        NODES,
        "Tell the nodes' container runtime of the proxy; the DynaKube's setting never reaches it.",
        "mkdir -p /etc/systemd/system/containerd.service.d\n"
        "printf '[Service]\\nEnvironment=HTTPS_PROXY=%s NO_PROXY=%s\\n' '<proxy URL>' '<NO_PROXY>' \\\n"
        "  > /etc/systemd/system/containerd.service.d/http-proxy.conf\n"
        "systemctl daemon-reload && systemctl restart containerd",
        "At once; the kubelet's next try.",
    )


def for_download(one: Download, dynakube: DynaKube | None) -> tuple[Fix, ...]:
    """What ends a failing download."""
    if one.reason in {"proxy", "proxy-login"}:
        return (own_proxy(dynakube),)
    if one.reason in {"authority", "certificate"}:
        return (own_trust(dynakube),)
    if one.reason in {"token", "rights"}:
        return (tenant_token(dynakube),)
    if one.reason in {"name", "unreachable"}:
        named = dynakube is not None and dynakube.has_proxy
        return own_network(dynakube, proxy=not named, application="init" in one.component)
    if one.reason == "version":
        return (
            Fix(ADMIN, "The tenant does not have that version: take the version out of the DynaKube, or name one that it has."),
        )
    return ()
