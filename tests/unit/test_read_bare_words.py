"""What is left of a pull's error where somebody quotes its end, with a label before it, or an API's answer as it came."""

import pytest

from whypull import explain


def _named(text):
    return [found.cause for told in explain(text) for found in told.findings]


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("Error message: x509: certificate signed by unknown authority", "tls.unknown-authority"),
        ("[ERROR] dial tcp 192.0.2.10:443: i/o timeout", "network.timeout"),
        ("crictl: net/http: TLS handshake timeout", "network.tls-stalled"),
        ("报错：x509: certificate signed by unknown authority", "tls.unknown-authority"),
        ("When I pull an image I get this:\n-> tls: oversized record received with length 20527", "tls.plain-http"),
        (
            "Our nodes cannot pull images any more.\nx509: certificate signed by unknown authority\nWhat now?",
            "tls.unknown-authority",
        ),
    ],
)
def test_the_end_of_an_error_with_a_label_before_it(text, cause):
    assert cause in _named(text)


@pytest.mark.parametrize(
    ("text", "image"),
    [
        ("failed to pull image: rate limit exceeded", ""),
        ("Failed to pull image due to a timeout", ""),
        ("Failed to pull image: shop/api:1.4.2: not found", "shop/api:1.4.2"),
        ("failed to pull image shop: not found", "shop"),
    ],
)
def test_a_word_of_the_sentence_is_no_image(text, image):
    assert explain(text)[0].pull.image == image


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (
            (
                '{"status":"Pulling from shop/api","id":"1.4.2"}\n'
                '{"errorDetail":{"message":"write /var/lib/docker/tmp/GetImageBlob42: no space left on device"},'
                '"error":"write /var/lib/docker/tmp/GetImageBlob42: no space left on device"}'
            ),
            "node.disk-full",
        ),
        (
            '{"error":"Get \\"https://registry.shop.example/v2/\\": x509: certificate signed by unknown authority"}',
            "tls.unknown-authority",
        ),
        ('{"message":"toomanyrequests: You have reached your pull rate limit."}', "registry.rate-limited"),
    ],
)
def test_the_answer_of_an_api(text, cause):
    assert _named(text) == [cause]


@pytest.mark.parametrize(
    "text",
    [
        "git pull\nfatal: unable to access: x509: certificate signed by unknown authority",
        "The image was pulled and runs, its database answers: dial tcp 192.0.2.10:5432: connect: connection refused",
        "I pull the image and it works, but the program says x509: certificate has expired",
        "Error: x509: certificate signed by unknown authority when calling the API server",
        "error: dial tcp 192.0.2.10:6443: connect: connection refused",
        "kubelet: no space left on device",
        '{"error":"x509: certificate has expired"}',
        '{"message":"unauthorized"}',
        "flux: failed to pull git repository: unable to authenticate",
        "ollama pull llama3: dial tcp: lookup registry.ollama.ai: no such host",
        "I opened a pull request and the job says dial tcp 192.0.2.10:443: i/o timeout",
        '{"errors":[{"code":"UNAUTHORIZED","message":"authentication required","detail":null}]}',
        '{"message":"dial tcp 192.0.2.10:5432: connect: connection refused","level":"error","ts":"2026-11-25T10:00:00Z"}',
    ],
)
def test_words_of_others(text):
    assert not explain(text)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("We get 429 too many requests when pulling from Docker Hub", "registry.rate-limited"),
        ("The image cannot be pulled: denied", "auth.forbidden"),
        ("imagePullSecret not found", "secret.not-found"),
        ("failed to pull image: rate limit exceeded", "registry.rate-limited"),
        ("rkt[1281]: run: Unexpected HTTP code: 500, URL: https://registry.shop.example/v2/shop/ap>", "registry.server-error"),
    ],
)
def test_sentences_about_pulls_that_fail(text, cause):
    assert cause in _named(text)
