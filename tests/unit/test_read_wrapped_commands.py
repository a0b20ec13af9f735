"""Logs in which a command's own output stands over several lines, and Kubernetes' JSON, which names no level."""

from whypull import explain

RAN = """W1001 11:11:34.178758   75062 start.go:735] [curl -sS -m 2 https://registry.k8s.io/] failed: curl -sS -m 2 https://registry.k8s.io/: Process exited with status {code}
stdout:

stderr:
{said}
W1001 11:11:34.178995   75062 out.go:239] This container is having trouble accessing https://registry.k8s.io
"""


def causes_of(text):
    return [f.cause for one in explain(text) for f in one.findings]


def test_minikube_s_question_whether_images_can_be_pulled():
    said = "curl: (60) SSL certificate problem: self signed certificate in certificate chain"
    assert causes_of(RAN.format(code=60, said=said)) == ["tls.unknown-authority"]
    assert causes_of(RAN.format(code=6, said="curl: (6) Could not resolve host: registry.k8s.io"))[0] == "dns.no-such-host"


def test_another_host_s_answer_to_minikube_is_no_pull():
    said = "curl: (60) SSL certificate problem: self signed certificate in certificate chain"
    assert explain(RAN.format(code=60, said=said).replace("registry.k8s.io", "charts.shop.example")) == []


def test_json_of_kubernetes_is_an_error_where_it_has_no_verbosity():
    line = (
        '{"ts":1748003206479.928,"caller":"plugin/plugin.go:440","msg":"Failed getting credential from external registry credential '
        "provider: error execing credential provider plugin ecr-credential-provider for image "
        "123456789012.dkr.ecr.eu-central-1.amazonaws.com/payments/api: fork/exec /usr/local/lib/ecr-credential-provider: "
        'no such file or directory: "}'
    )
    assert causes_of(line) == ["secret.provider-failed"]
    assert causes_of(f"198.51.100.7: {line}") == ["secret.provider-failed"]
    assert explain(line.replace('"}', '","v":4}')) == []


def test_a_paste_that_begins_within_a_message():
    text = (
        'o resolve reference "docker.io/payments/api:1.4.2": docker.io/payments/api:1.4.2: not found\n'
        "  Warning  Failed   19s (x4 over 108s)  kubelet  spec.containers{api}: Error: ErrImagePull\n"
        '  Normal   BackOff  7s (x6 over 108s)   kubelet  spec.containers{api}: Back-off pulling image "payments/api:1.4.2"\n'
    )
    (one,) = explain(text)
    assert one.findings[0].cause == "image.tag-not-found"


def test_a_request_whose_address_was_left_out():
    text = (
        'Failed to pull image "registry.shop.example/payments/api:1.4.2": failed to do request: Head "https://...": '
        "dial tcp: lookup registry.shop.example on 198.51.100.2:53: no such host"
    )
    assert causes_of(text) == ["dns.no-such-host"]
    assert causes_of(text.replace("...", "…")) == ["dns.no-such-host"]


def test_an_event_that_has_the_registry_s_words_alone():
    row = "  Warning  Failed  kubelet  {}"
    assert causes_of(row.format("unauthorized: authentication token has expired"))[0] == "auth.token-expired"
    assert explain(row.format("Error: cannot find volume")) == []
