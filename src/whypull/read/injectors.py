"""Who put a container into a pod that its author did not write: recognised by its name, its image, and the pod's annotations."""

from __future__ import annotations

import re
from functools import lru_cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

# who, names of the containers it adds, what their images hold, what its annotations begin with
_INJECTORS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("Istio", r"istio-(?:proxy|init|validation)|enable-core-dump", r"istio/(?:proxyv2|install-cni)|proxyv2[:@]",
     ("sidecar.istio.io/", "istio.io/")),
    ("Linkerd", r"linkerd-(?:proxy|init|network-validator|debug)", r"linkerd/(?:proxy|proxy-init|debug)|cr\.l5d\.io/",
     ("linkerd.io/", "config.linkerd.io/")),
    ("Vault", r"vault-agent(?:-init)?", r"hashicorp/vault(?:-k8s)?[:@]", ("vault.hashicorp.com/",)),
    ("Dynatrace", r"install-oneagent|dynatrace-operator|metadata-enrichment|data-ingest-enrichment|oneagent-.*",
     r"dynatrace[-/]|\.live\.dynatrace\.com/",
     ("oneagent.dynatrace.com/", "dynakube.dynatrace.com/", "metadata-enrichment.dynatrace.com/",
      "data-ingest.dynatrace.com/", "dynatrace.com/")),
    ("Consul", r"consul-(?:dataplane|connect-inject-init|connect-envoy-sidecar)", r"hashicorp/consul",
     ("consul.hashicorp.com/",)),
    ("Dapr", r"daprd", r"dapr/daprd|/daprd[:@]", ("dapr.io/",)),
    ("Kuma", r"kuma-(?:sidecar|init)", r"kuma-(?:dp|init)", ("kuma.io/",)),
    ("OpenTelemetry", r"opentelemetry-auto-instrumentation.*|otc-container", r"autoinstrumentation-|opentelemetry-collector",
     ("instrumentation.opentelemetry.io/", "sidecar.opentelemetry.io/")),
    ("Datadog", r"datadog-lib-.*|datadog-agent-injected", r"datadog/|dd-lib-", ("admission.datadoghq.com/",)),
    ("New Relic", r"newrelic-(?:instrumentation|init).*|nri-.*", r"newrelic/", ("newrelic.com/",)),
    ("AppDynamics", r"appd-agent-attach.*", r"appdynamics/", ("appdynamics.com/",)),
    ("AWS App Mesh", r"envoy|proxyinit", r"aws-appmesh", ("appmesh.k8s.aws/",)),
    ("AKS workload identity", r"azwi-(?:proxy|proxy-init)", r"workload-identity/proxy", ("azure.workload.identity/",)),
    ("GKE", r"gke-gcsfuse-sidecar", r"gcs-fuse-csi-driver-sidecar", ("gke-gcsfuse/",)),
)  # fmt: skip
_PULLS = re.compile(r"(?i)inject|image-?pull|pull-?secret|sidecar|linkerd\.io/proxy")


def injected_by(name: str, image: str, annotations: Iterable[str]) -> str:
    """Who added this container, as a product's name; empty where nothing shows that anybody did.

    A name or an image alone is enough only together: authors write such sidecars by hand too.
    """
    return _injected_by(name, image, tuple(annotations))


@lru_cache(maxsize=1024)  # thousands of pods are of few kinds
def _injected_by(name: str, image: str, keys: tuple[str, ...]) -> str:
    for who, names, images, marks in _INJECTORS:
        named = re.fullmatch(names, name) is not None
        pictured = re.search(images, image) is not None
        marked = any(key.startswith(marks) for key in keys)
        if (named and pictured) or (marked and (named or pictured)):
            return who
    return ""


@lru_cache(maxsize=1024)
def worth_keeping(annotation: str) -> bool:
    """Whether an annotation's name tells of injection or of pulls."""
    return bool(_PULLS.search(annotation)) or any(annotation.startswith(marks) for _, _, _, marks in _INJECTORS)
