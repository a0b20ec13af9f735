"""Each component, who pulls it, and what is wrong: attributed and named right, through the command."""

import json

import pytest
from tests.dynatrace import objects as of

from whypull.cli import main

PRIVATE = {"image": of.ONEAGENT, "codeModulesImage": of.CODEMODULES}
DOWNLOAD = f"https://{of.TENANT}/api/v1/deployment/installer/agent/unix/paas/latest?flavor=multidistro"
UNAUTHORIZED = (
    f"GET https://{of.REGISTRY}/v2/dynatrace/codemodules/manifests/1.317.0: UNAUTHORIZED: authentication required; "
    "[map[Action:pull Class: Name:dynatrace/codemodules Type:repository]]"
)


@pytest.fixture
def ask(tmp_path, capsys):
    """Runs `whypull dynatrace` over objects and logs; returns (exit code, the first DynaKube's picture)."""

    def run(*inputs):
        paths = []
        for number, one in enumerate(inputs):
            path = tmp_path / f"{number}.{'log' if isinstance(one, str) else 'json'}"
            path.write_text(one if isinstance(one, str) else json.dumps({"apiVersion": "v1", "kind": "List", "items": one}))
            paths.append(str(path))
        code = main(["dynatrace", *paths, "-o", "json"])
        return code, json.loads(capsys.readouterr().out)["dynatrace"][0]

    return run


def part(picture, name):
    found = [p for p in picture["parts"] if p["name"] == name]
    assert found, [p["name"] for p in picture["parts"]]
    return found[0]


def only(picture):
    assert len(picture["troubles"]) == 1, [t["what"] for t in picture["troubles"]]
    return picture["troubles"][0]


def test_an_application_namespace_without_the_secret(ask):
    kube = of.dynakube(customPullSecret="shop-registry", inside=PRIVATE)
    code, seen = ask([
        kube, *of.installed(), of.namespace("payments"), of.pull_secret("shop-registry", of.REGISTRY),
        of.application(said=of.REFUSED), of.application("web-0", state={"terminated": {"exitCode": 0}}),
    ])  # fmt: skip
    one = only(seen)
    assert code == 1
    assert (one["part"], one["puller"], one["causes"]) == ("injected init container", "kubelet", ["secret.not-attached"])
    assert "payments" in one["what"]
    assert "the webhook adds none" in " ".join(one["because"])
    assert "instance=shop turned injection on; dynatrace-webhook added it" in " ".join(one["because"])
    assert (one["count"], one["of"]) == (1, 2)
    first = one["fixes"][0]
    assert "kubectl get secret shop-registry -n dynatrace" in first["run"]
    assert "kubectl patch serviceaccount api -n payments" in first["run"]
    assert any("kubectl label namespace payments dynatrace-injection=off" in f["run"] for f in one["fixes"])


def test_an_application_that_names_a_secret_of_its_own_gets_none_from_its_account(ask):
    pods = of.application(said=of.REFUSED, secrets=["shop-own"])
    _, seen = ask([of.dynakube(customPullSecret="shop-registry"), *of.installed(), of.namespace("payments"), pods])
    one = only(seen)
    assert "names shop-own" in " ".join(one["because"])
    assert "serviceaccount" not in one["fixes"][0]["run"]
    assert "name it in their template too" in one["fixes"][0]["wait"]


def test_custom_pull_secret_does_not_exist_and_the_csi_driver_pulls(ask):
    kube = of.dynakube(customPullSecret="shop-registry", inside=PRIVATE)
    code, seen = ask([kube, *of.installed(), of.pull_secret("other", of.REGISTRY)], of.csi_log(UNAUTHORIZED))
    one = only(seen)
    assert (one["part"], one["puller"]) == ("code modules", "csi")
    assert set(one["causes"]) >= {"auth.credentials-missing"}, "nobody has looked whether the secret exists"
    assert code == 3
    assert "customPullSecret" in one["fixes"][0]["do"]


def test_custom_pull_secret_is_for_another_host_and_the_csi_driver_pulls(ask):
    kube = of.dynakube(customPullSecret="shop-registry", inside=PRIVATE)
    code, seen = ask([kube, *of.installed(), of.pull_secret("shop-registry", "mirror.shop.example")], of.csi_log(UNAUTHORIZED))
    one = only(seen)
    assert (one["puller"], one["causes"][0], one["certainty"]) == ("csi", "secret.registry-mismatch", "likely")
    assert code == 1
    assert "mirror.shop.example" in " ".join(one["because"])
    assert "kubelet" not in one["what"]


def test_custom_pull_secret_is_right_and_the_registry_refuses_it_to_the_csi_driver(ask):
    kube = of.dynakube(customPullSecret="shop-registry", inside=PRIVATE)
    _, seen = ask([kube, *of.installed(), of.pull_secret("shop-registry", of.REGISTRY)], of.csi_log(UNAUTHORIZED))
    one = only(seen)
    assert "the registry got it and refuses it" in " ".join(one["because"])
    assert one["causes"][0].startswith("auth.")


def test_the_csi_driver_takes_a_key_with_a_path_and_no_wildcard(ask):
    kube = of.dynakube(customPullSecret="shop-registry", inside=PRIVATE)
    for key, fits in ((f"https://{of.REGISTRY}/v2/", True), (f"{of.REGISTRY}/other", True), ("*.shop.example", False)):
        _, seen = ask([kube, *of.installed(), of.pull_secret("shop-registry", key)], of.csi_log(UNAUTHORIZED))
        said = next(t for t in seen["troubles"] if t["puller"] == "csi")
        assert ("secret.registry-mismatch" not in said["causes"]) == fits, key


def test_no_custom_pull_secret_for_a_private_code_modules_image(ask):
    _, seen = ask([of.dynakube(inside=PRIVATE), *of.installed()], of.csi_log(UNAUTHORIZED))
    one = only(seen)
    assert one["causes"][0] == "secret.not-attached"
    assert "names no customPullSecret" in one["what"]


def test_the_csi_driver_cannot_reach_what_the_kubelet_can(ask):
    running = of.application(state={"running": {"startedAt": "2026-11-20T08:00:00Z"}})
    words = f'Get "https://{of.REGISTRY}/v2/": dial tcp 203.0.113.9:443: i/o timeout'
    code, seen = ask([of.dynakube(inside=PRIVATE), *of.installed(), of.namespace("payments"), running], of.csi_log(words))
    one = only(seen)
    assert (one["puller"], one["causes"]) == ("csi", ["network.timeout"])
    assert "nodes reach it, the CSI driver's pod does not" in " ".join(one["because"])
    assert "node" not in one["what"].replace("nodes", "")
    assert [f["who"] for f in one["fixes"]] == ["whoever administers the Dynatrace Operator", "the network team"]
    assert code == 1


PROXIED = {"proxy": {"value": "http://proxy.shop.example:3128"}}


def test_the_proxy_stands_in_the_dynakube_only(ask):
    image = f"{of.TENANT}/linux/oneagent:1.317.0-raw"
    said = of.TIMEOUT.replace("https://registry.shop.example", f"https://{of.TENANT}")
    pod = of.own_pod("shop-oneagent-x7kq2", "dynatrace-oneagent", image, said)
    code, seen = ask([of.dynakube(**PROXIED), *of.installed(), pod])
    one = only(seen)
    assert (one["part"], one["puller"]) == ("OneAgent", "kubelet")
    assert one["causes"][:2] == ["proxy.not-configured", "network.timeout"]
    assert one["certainty"] == "likely"
    assert one["decide"]
    assert "never uses it" in " ".join(one["because"])
    assert "systemctl restart containerd" in one["fixes"][0]["run"]
    assert code == 1


def test_a_registry_that_may_be_inside_needs_no_proxy_for_certain(ask):
    pod = of.own_pod("shop-oneagent-x7kq2", "dynatrace-oneagent", of.ONEAGENT, of.TIMEOUT)
    code, seen = ask([of.dynakube(inside=PRIVATE, **PROXIED), *of.installed(), pod])
    one = only(seen)
    assert (one["causes"][:2], one["certainty"]) == (["proxy.not-configured", "network.timeout"], "possible")
    assert "HTTPS_PROXY" in one["decide"]
    assert code == 3


@pytest.mark.parametrize(("flags", "said"), [
    ([("no-proxy", "registry.shop.example,10.0.0.0/8")], of.TIMEOUT), ((), of.TIMEOUT.replace("203.0.113.9", "10.4.0.9")),
])  # fmt: skip
def test_what_is_exempt_or_has_a_private_address_is_no_matter_of_the_proxy(ask, flags, said):
    pod = of.own_pod("shop-oneagent-x7kq2", "dynatrace-oneagent", of.ONEAGENT, said)
    _, seen = ask([of.dynakube(inside=PRIVATE, flags=flags, **PROXIED), *of.installed(), pod])
    assert only(seen)["causes"] == ["network.timeout"]


@pytest.mark.parametrize(
    "image", ["public.ecr.aws/dynatrace/dynatrace-oneagent:1", "123456789012.dkr.ecr.eu-central-1.amazonaws.com/oneagent:1"]
)
def test_a_secret_that_is_not_for_a_public_or_a_clouds_registry_is_no_trouble(ask, image):
    kube = of.dynakube(mode="hostMonitoring", inside={"image": image}, customPullSecret="shop-registry")
    code, seen = ask([kube, *of.installed(), of.pull_secret("shop-registry", of.REGISTRY)])
    assert (code, seen["troubles"]) == (0, [])


def test_without_a_proxy_in_the_dynakube_a_timeout_stays_a_timeout(ask):
    pod = of.own_pod("shop-oneagent-x7kq2", "dynatrace-oneagent", of.ONEAGENT, of.TIMEOUT)
    _, seen = ask([of.dynakube(inside=PRIVATE), *of.installed(), pod])
    assert only(seen)["causes"] == ["network.timeout"]


def test_the_proxy_of_the_csi_driver_cannot_be_resolved(ask):
    kube = of.dynakube(proxy={"value": "http://proxy.shop.example:3128"}, inside=PRIVATE)
    words = (
        f'Get "https://{of.REGISTRY}/v2/": proxyconnect tcp: dial tcp: lookup proxy.shop.example on 10.0.0.10:53: no such host'
    )
    _, seen = ask([kube, *of.installed()], of.csi_log(words))
    one = only(seen)
    assert one["causes"] == ["proxy.unreachable"]
    assert "Correct the proxy that the DynaKube names" in one["fixes"][0]["do"]


def test_a_ca_that_the_csi_driver_does_not_trust(ask):
    words = f'Get "https://{of.REGISTRY}/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority'
    _, seen = ask([of.dynakube(inside=PRIVATE), *of.installed()], of.csi_log(words))
    one = only(seen)
    assert one["causes"] == ["tls.unknown-authority"]
    assert "trustedCAs" in one["fixes"][0]["run"]


def test_trusted_cas_are_not_for_the_nodes(ask):
    kube = of.dynakube(trustedCAs="shop-ca", inside=PRIVATE)
    _, seen = ask([kube, *of.installed(), of.own_pod("shop-oneagent-x", "dynatrace-oneagent", of.ONEAGENT, of.UNKNOWN_CA)])
    one = only(seen)
    assert (one["puller"], one["causes"]) == ("kubelet", ["tls.unknown-authority"])
    assert "does not see it" in " ".join(one["because"])


def test_code_modules_on_a_private_registry_with_the_csi_driver(ask):
    kube = of.dynakube(customPullSecret="shop-registry", inside=PRIVATE, proxy={"valueFrom": "shop-proxy"}, trustedCAs="shop-ca")
    code, seen = ask([kube, *of.installed()])
    one = part(seen, "code modules")
    assert (one["puller"], one["namespace"], one["registry"]) == ("csi", "dynatrace", of.REGISTRY)
    assert one["secrets"] == ["shop-pull-secret", "shop-registry"]
    assert "shop-proxy" in one["proxy"]
    assert "shop-ca" in one["trust"]
    assert code == 0


def test_code_modules_on_a_private_registry_without_the_csi_driver(ask):
    pods = of.application(image=of.CODEMODULES, volume="emptyDir", said=of.REFUSED)
    kube = of.dynakube(customPullSecret="shop-registry", inside=PRIVATE, flags=[("node-image-pull", "true")])
    _, seen = ask([kube, *of.installed(csi=False), of.namespace("payments"), pods])
    where = part(seen, "code modules")
    assert (where["puller"], where["namespace"]) == ("kubelet", "")
    one = only(seen)
    assert (one["part"], one["causes"]) == ("code modules", ["secret.not-attached"])
    assert "init container" in one["what"]


def test_code_modules_as_an_image_volume(ask):
    pods = of.application(volume="image", state={"running": {"startedAt": "2026-11-20T08:00:00Z"}})
    _, seen = ask([of.dynakube(version="v1beta6", inside=PRIVATE), *of.installed(csi=False), of.namespace("payments"), pods])
    one = part(seen, "code modules")
    assert (one["puller"], one["image"], one["namespace"]) == ("kubelet", of.CODEMODULES, "")


def test_code_modules_that_nodes_pull_in_a_job(ask):
    kube = of.dynakube(inside=PRIVATE, flags=[("node-image-pull", "true")], customPullSecret="shop-registry")
    pod = of.own_pod("codemodule-download-8f2c-q9", "codemodule-download", of.CODEMODULES, of.REFUSED, secrets=["shop-registry"])
    _, seen = ask([kube, *of.installed(), pod, of.pull_secret("shop-registry", "mirror.shop.example")])
    assert (part(seen, "code modules")["puller"], part(seen, "code modules")["namespace"]) == ("kubelet", "dynatrace")
    one = next(t for t in seen["troubles"] if t["part"] == "code modules")
    assert one["causes"][0] == "secret.registry-mismatch"


def test_the_tenant_registrys_token_has_expired(ask):
    conditions = [{"type": "Tokens", "status": "False", "reason": "TokenError", "message": "Token verification failed"}]
    image = f"{of.TENANT}/linux/oneagent:1.317.0-raw"
    kube = of.dynakube(status={"conditions": conditions, "oneAgent": {"imageID": image}})
    pod = of.own_pod("shop-oneagent-x7kq2", "dynatrace-oneagent", image, of.TENANT_REFUSED, secrets=["shop-pull-secret"])
    code, seen = ask([kube, *of.installed(), of.pull_secret("shop-pull-secret", of.TENANT), pod])
    one = seen["troubles"][0]
    assert (one["part"], one["puller"]) == ("OneAgent", "kubelet")
    assert one["causes"] == ["auth.token-expired", "auth.credentials-rejected"]
    assert "shop-pull-secret" in one["what"]
    assert "InstallerDownload" in one["fixes"][0]["do"]
    assert code == 1


def test_a_scope_that_the_token_lacks(ask):
    message = "The following required scopes are missing: InstallerDownload"
    conditions = [{"type": "Tokens", "status": "False", "reason": "TokenError", "message": message}]
    _, seen = ask([of.dynakube(status={"conditions": conditions}), *of.installed()])
    assert only(seen)["causes"] == ["auth.forbidden"]


DOWNLOADS = {
    "unreachable": (f'HTTP request: Get "{DOWNLOAD}": dial tcp 203.0.113.40:443: i/o timeout', "cannot be reached"),
    "proxy": (f'Get "{DOWNLOAD}": proxyconnect tcp: dial tcp 10.1.1.1:3128: connect: connection refused', "proxy"),
    "proxy-login": (f'Get "{DOWNLOAD}": Proxy Authentication Required', "wants other credentials"),
    "authority": (
        f'Get "{DOWNLOAD}": tls: failed to verify certificate: x509: certificate signed by unknown authority',
        "trustedCAs",
    ),
    "name": (f'Get "{DOWNLOAD}": dial tcp: lookup {of.TENANT} on 10.0.0.10:53: no such host', "resolver"),
    "token": ("dynatrace server error 401: Token Authentication failed", "refuses the token"),
}


@pytest.mark.parametrize("reason", DOWNLOADS)
def test_the_injections_download_fails_and_the_pull_is_healthy(ask, reason):
    words, says = DOWNLOADS[reason]
    done = of.application(state={"terminated": {"exitCode": 0}})
    code, seen = ask([of.dynakube(), *of.installed(csi=False), of.namespace("payments"), done], of.init_log(words))
    one = only(seen)
    assert one["what"].startswith("The image pull is fine, the injection's own download fails")
    assert says in one["what"]
    assert (one["causes"], one["image_pull"]) == ([], False)
    assert one["fixes"]
    assert code == 1


def test_a_download_by_the_csi_driver_is_no_image_pull_either(ask):
    log = of.written([
        {"logger": "csi-provisioner", "msg": "reconciling DynaKube", "dynakube": "shop"},
        {"logger": "oneagent-url", "msg": "failed to get available versions", "err": f'Get "{DOWNLOAD}": dial tcp 203.0.113.40:443: i/o timeout'},
    ])  # fmt: skip
    _, seen = ask([of.dynakube(), *of.installed()], log)
    assert part(seen, "code modules")["puller"] == "download"
    one = only(seen)
    assert one["causes"] == []
    assert "the CSI driver's download of the code modules fails" in one["what"]


def test_activegate_with_a_secret_that_fits_no_image(ask):
    kube = of.dynakube(
        mode="hostMonitoring", inside={"image": of.ONEAGENT}, customPullSecret="shop-registry",
        activeGate={"capabilities": ["routing"], "image": of.ACTIVEGATE},
    )  # fmt: skip
    pod = of.own_pod("shop-activegate-0", "activegate", of.ACTIVEGATE, of.REFUSED, secrets=["shop-registry"])
    _, seen = ask([kube, *of.installed(), of.pull_secret("shop-registry", "mirror.shop.example"), pod])
    one = next(t for t in seen["troubles"] if t["part"] == "ActiveGate")
    assert (one["puller"], one["causes"][0]) == ("kubelet", "secret.registry-mismatch")


def test_the_webhooks_own_image(ask):
    pod = of.own_pod("dynatrace-webhook-5d8f-a", "webhook", of.OPERATOR, of.REFUSED)
    _, seen = ask([of.dynakube(), *of.installed(), pod])
    assert only(seen)["part"] == "webhook"


def test_the_csi_drivers_own_image_is_pulled_by_the_kubelet(ask):
    pod = of.own_pod("dynatrace-oneagent-csi-driver-x7", "provisioner", of.OPERATOR, of.TIMEOUT)
    _, seen = ask([of.dynakube(), *of.installed(), pod])
    assert (only(seen)["part"], only(seen)["puller"]) == ("CSI driver", "kubelet")


PROXIES = {
    "proxy.shop.example:3128": "does not begin with http",
    '"http://proxy.shop.example:3128"': "quotes",
    "http://shop:pa%26ss@proxy.shop.example:3128": "refuses even percent-encoded",
    "http://shop:pa/ss@proxy.shop.example:3128": "ends the host",
}


@pytest.mark.parametrize("value", PROXIES)
def test_the_form_of_the_proxys_secret(ask, value):
    kube = of.dynakube(proxy={"valueFrom": "shop-proxy"})
    _, seen = ask([kube, *of.installed(), of.opaque("shop-proxy", proxy=value)])
    one = only(seen)
    assert one["causes"] == ["proxy.misconfigured"]
    assert PROXIES[value] in " ".join(one["because"])
    assert "pa%26ss" not in json.dumps(seen)
    assert "pa/ss" not in json.dumps(seen)


@pytest.mark.parametrize("value", ["http://proxy.shop.example:3128", "https://shop:right@proxy.shop.example:3128\n"])
def test_a_right_proxy_is_no_trouble(ask, value):
    code, seen = ask([of.dynakube(proxy={"valueFrom": "shop-proxy"}), *of.installed(), of.opaque("shop-proxy", proxy=value)])
    assert (code, seen["troubles"]) == (0, [])


def test_the_proxys_secret_has_another_key(ask):
    _, seen = ask([of.dynakube(proxy={"valueFrom": "shop-proxy"}), *of.installed(), of.opaque("shop-proxy", url="http://x")])
    assert "no key proxy" in only(seen)["what"]


def test_an_address_of_the_third_generation_serves_no_images(ask):
    kube = of.dynakube()
    kube["spec"]["apiUrl"] = "https://abc12345.apps.dynatrace.com/api"
    _, seen = ask([kube, *of.installed()])
    assert only(seen)["causes"] == ["registry.not-a-registry"]


def test_other_peoples_pulls_are_left_to_others(ask):
    pod = of.own_pod("web-0", "web", "registry.shop.example/shop/web:1", of.REFUSED, where="shop")
    code, seen = ask([of.dynakube(), *of.installed(), pod])
    assert (code, seen["troubles"]) == (0, [])
