"""Credentials: taken out of every text, and in no output of the program, whatever they are made of."""

import base64
import json
import pathlib
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import whypull
from whypull.cli import main
from whypull.read.reading import read_text
from whypull.read.stream import follow
from whypull.redact import HIDDEN, redacted

IMAGE = "registry.shop.example/payments/api:1.4.2"
LETTERS = string.ascii_letters + string.digits
# Long enough that it stands in no text by chance, and with a mark at both ends.
SECRET = st.text(LETTERS, min_size=12, max_size=40).map(lambda s: f"Q7{s}9Z")
SPECIAL = st.text(LETTERS + "!#$*+-._~^/", min_size=12, max_size=30).map(lambda s: f"Q7{s}9Z")


def b64(text):
    return base64.b64encode(text.encode()).decode()


def jwt(secret):
    return ".".join(
        base64.urlsafe_b64encode(part.encode()).decode().rstrip("=")
        for part in ('{"alg":"RS256"}', json.dumps({"s": secret}), secret)
    )


def config(secret):
    return json.dumps({"auths": {"registry.shop.example": {"username": "ana", "password": secret, "auth": b64(f"ana:{secret}")}}})


# Where a secret stands in real outputs. Each is a text in which a pull fails.
PLACES = {
    "signed URL": lambda s: f'failed to copy: httpReadSeeker: failed open: failed to do request: Get "https://b.s3.amazonaws.com/x?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature={s}&X-Amz-Credential={s}&X-Amz-Date=20261122T085529Z": dial tcp 203.0.113.7:443: i/o timeout',
    "signed URL, escaped": lambda s: f'failed to do request: Get \\"https://b.blob.core.windows.net/x?se=2026\\u0026sig={s}\\u0026sp=r\\": EOF',
    "cloudfront": lambda s: f"error pulling image configuration: Get https://d1.cloudfront.net/x?Expires=1513270288&Signature={s}&Key-Pair-Id={s}: i/o timeout",
    "token in a URL": lambda s: f'Get "https://registry.shop.example/token?account=ana&token={s}": EOF',
    "proxy": lambda s: f'proxyconnect tcp: dial tcp: lookup proxy: Get "https://registry.shop.example/v2/": http://ana:{s}@proxy.shop.example:3128: no such host',
    "proxy in the environment": lambda s: f"HTTPS_PROXY=http://ana:{s}@proxy.shop.example:3128 failed: dial tcp 203.0.113.7:443: i/o timeout",
    "URL with a user": lambda s: f'Head "https://ana:{s}@registry.shop.example/v2/payments/api/manifests/1": 401 Unauthorized',
    "URL with a token": lambda s: f'Head "https://{s}@registry.shop.example/v2/payments/api/manifests/1": 401 Unauthorized',
    "basic": lambda s: f"request failed: Authorization: Basic {b64('ana:' + s)} 401 Unauthorized",
    "bearer": lambda s: f"request failed: Authorization: Bearer {s}1 401 Unauthorized",
    "header as JSON": lambda s: f'{{"headers":{{"Authorization":"Bearer {s}"}}}} 401 Unauthorized',
    "registry auth": lambda s: f"X-Registry-Auth: {b64(json.dumps({'username': 'ana', 'password': s}))} unauthorized",
    "jwt": lambda s: f"unauthorized: token {jwt(s)} is expired",
    "docker config": lambda s: f"unauthorized, config was {config(s)}",
    "docker config, escaped": lambda s: f"unauthorized, config was {json.dumps(config(s))}",
    "docker config, escaped twice": lambda s: f"unauthorized, config was {json.dumps(json.dumps(config(s)))}",
    "docker config, base64": lambda s: f".dockerconfigjson: {b64(config(s))}",
    "docker config, indented base64": lambda s: f"unauthorized {b64(json.dumps(json.loads(config(s)), indent=4))}",
    "identity token": lambda s: f'{{"auths":{{"a.example":{{"identitytoken":"{s}"}}}}}}',
    "yaml password": lambda s: f"unauthorized\nauths:\n  registry.shop.example:\n    username: ana\n    password: {s}\n",
    "kubectl create": lambda s: f"$ kubectl create secret docker-registry r --docker-server=registry.shop.example --docker-username=ana --docker-password={s}",
    "kubectl create, apart": lambda s: f"kubectl create secret docker-registry r --docker-username ana --docker-password '{s}'",
    "docker login": lambda s: f"$ docker login -u ana -p {s} registry.shop.example\nError response from daemon: unauthorized",
    "docker login from a pipe": lambda s: f"$ echo {s} | docker login -u ana --password-stdin registry.shop.example",
    "creds": lambda s: f"$ crictl pull --creds ana:{s} {IMAGE}\nFATA[0000] pulling image: unauthorized",
    "environment": lambda s: f"AWS_SECRET_ACCESS_KEY={s} REGISTRY_PASSWORD={s} unauthorized",
    "github": lambda s: f"denied: ghp_{s}Abcdef0123456789 is no good",
    "docker hub": lambda s: f"denied: dckr_pat_{s}",
    "gitlab": lambda s: f"denied: glpat-{s}",
    "private key": lambda s: f"x509: -----BEGIN RSA PRIVATE KEY-----\n{s}\n{s}\n-----END RSA PRIVATE KEY----- cannot be used",
    "google key": lambda s: f'_json_key: {{"type": "service_account", "private_key": "-----BEGIN PRIVATE KEY-----\\n{s}\\n-----END PRIVATE KEY-----\\n"}} unauthorized',
}  # fmt: skip
RAW = {"signed URL", "token in a URL", "proxy", "URL with a user", "docker config", "identity token", "creds"}  # any characters
FRAMES = {
    "message": lambda t: f'Failed to pull image "{IMAGE}": {t}',
    "event": lambda t: f'  Warning  Failed  9s (x5 over 5m)  kubelet  Failed to pull image "{IMAGE}": {t}',
    "log": lambda t: f'time="2026-11-22T08:55:29Z" level=error msg={json.dumps(f"PullImage {json.dumps(IMAGE)} failed")} error={json.dumps(t)}',
    "status": lambda t: f"waiting:\n  message: {json.dumps(t)}\n  reason: ErrImagePull\n",
    "alone": lambda t: t,
}  # fmt: skip


def shown(capsys, text, *form):
    """What the command line writes."""
    main(["explain", *form, text if " " in text else text + " "])
    out = capsys.readouterr()
    return out.out + out.err


def leaks(secret, text):
    """Whether a secret, or half of it, or its base64 stands in a text."""
    half = secret[: len(secret) // 2 + 2]
    return any(part in text for part in (half, secret[-len(half) :], b64("ana:" + secret)[8:-4]))


@pytest.mark.parametrize("place", PLACES)
@settings(max_examples=25, deadline=None)
@given(secret=SECRET)
def test_no_generated_secret_is_left(place, secret):
    text = PLACES[place](secret)
    assert not leaks(secret, redacted(text)), redacted(text)
    assert redacted(redacted(text)) == redacted(text)


@pytest.mark.parametrize("place", sorted(RAW - {"creds"}))
@settings(max_examples=25, deadline=None)
@given(secret=SPECIAL)
def test_no_secret_of_any_characters_is_left(place, secret):
    assert not leaks(secret, redacted(PLACES[place](secret)))


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("place", PLACES)
@settings(max_examples=5, deadline=None)
@given(secret=SECRET)
def test_no_secret_reaches_a_diagnosis_or_a_fact(place, frame, secret):
    text = FRAMES[frame](PLACES[place](secret))
    assert not leaks(secret, repr(whypull.explain(text)))
    assert not leaks(secret, repr(read_text(text)))
    assert not leaks(secret, repr(list(follow(iter([text.encode()])))))


@pytest.mark.parametrize(
    "form", [(), ("-o", "json"), ("-o", "yaml"), ("-o", "markdown")], ids=["text", "json", "yaml", "markdown"]
)
@pytest.mark.parametrize("place", PLACES)
def test_no_secret_is_shown(place, form, capsys):
    secret = "Q7" + "aB3dE6gH" * 3 + "9Z"
    for frame in FRAMES.values():
        assert not leaks(secret, shown(capsys, frame(PLACES[place](secret)), *form))


@pytest.mark.parametrize(
    "text",
    [
        "authorization failed: no basic auth credentials",
        "pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials",
        "failed to fetch anonymous token: unexpected status from GET request to https://auth.docker.io/token?scope=repository%3Alibrary%2Fweb%3Apull&service=registry.docker.io: 401 Unauthorized",
        "unauthorized: incorrect username or password",
        "Requesting bearer token: invalid status code from registry 403 (Forbidden)",
        "unable to retrieve auth token: invalid username/password: unauthorized",
        'Www-Authenticate: Bearer realm="https://auth.docker.io/token",service="registry.docker.io"',
        "registry.shop.example:5000/payments/api@sha256:0af5697ea9db0c070d876415a443260c498c6c55ac1e9db2d1a5a9c56cc28156",
        "initializing source docker://registry.shop.example:5000/api@sha256:0af5697ea9db0c070d876415a443260c: reading manifest",
        'secret="payments/regcred" err="secrets \\"regcred\\" not found"',
        'Head "https://mirror.shop.example/v2/api/manifests/1?ns=docker.io": EOF',
        "Your Authorization Token has expired. Please run 'aws ecr get-login' to fetch a new one.",
        "kubectl create secret docker-registry regcred --docker-server=registry.shop.example --docker-username=ana",
        "denied: client with IP '203.0.113.9' is not allowed access, visit https://aka.ms/acr/firewall",
    ],
)
def test_what_is_no_secret_stays(text):
    assert redacted(text) == text


def test_a_clean_text_costs_little():
    import timeit

    text = f'Failed to pull image "{IMAGE}": failed to do request: Head "https://registry.shop.example/v2/payments/api/manifests/1.4.2": x509: certificate signed by unknown authority'
    assert min(timeit.repeat(lambda: redacted(text), number=200, repeat=3)) < 200 * 200e-6


@pytest.mark.parametrize(
    "text",
    [
        "authorization: " + "a" * 300_000,
        "://" * 60_000 + "@",
        "echo " + "x" * 90_000 + "| login",
        'auth":"' * 30_000,
        "--password " * 20_000,
        "?a=" * 50_000,
        "eyJ" * 60_000,
    ],
)
def test_hostile_texts_cost_little(text):
    import time

    started = time.process_time()
    redacted(text)
    assert time.process_time() - started < 5


def test_the_word_that_is_put_there_is_plain():
    assert HIDDEN.isalpha()


def test_the_test_can_fail():
    assert leaks("Q7abcdefghijkl9Z", "… Q7abcdefghijkl9Z …")
    assert pathlib.Path(whypull.__file__).exists()
