"""A real registry and skopeo beside it: the same verdict as skopeo's words on each fault, and more precise."""

import contextlib
import shutil
import subprocess
from types import SimpleNamespace

import beside
import pytest

from whypull.commands import check
from whypull.demo import listener
from whypull.demo.http import Answer
from whypull.demo.http import server as http_server
from whypull.demo.listener import Listener
from whypull.demo.proxy import proxy
from whypull.demo.registry import PASSWORD, REPOSITORY, SCHEMA1, USER, Registry, error, page, storage, token_service
from whypull.diagnose import diagnoses_of
from whypull.read.message import failures
from whypull.read.reading import read_text

HERE = beside.HERE
ACCOUNT = ["--creds", f"{USER}:{PASSWORD}"]
WRONG = ["--creds", f"{USER}:wrong"]
FAULTS = {}
# Where skopeo's words alone say another thing, or nothing that a catalogue of words can go by, and the walk knows.
WORDS_SAY_LESS = {
    "no_such_repository": "the registry's own words are those of a missing tag; its list of tags is missing, too",
    "platforms_are_gone": "the same words again, for a manifest that the index names",
    "no_such_platform": "words of the library, without the name of an image",
    "client_certificate": "the server's alert and the end of the connection race, and skopeo shows either",
    "login": "a parser's complaint, without the name of an image",
    "schema_1": "a parser's complaint, without the name of an image",
    "storage_down": "registry and storage have the same address here, so no host tells them apart",
}


@pytest.fixture(scope="module")
def bed(tmp_path_factory):
    env = beside.tools()
    if isinstance(env, str):
        pytest.skip(env)
    folder = tmp_path_factory.mktemp("beside")
    authority = beside.Authority(str(folder))
    certs = folder / "certs"
    certs.mkdir()
    shutil.copy(authority.root_file, certs / "ca.crt")
    (folder / "registries.conf").write_text("")
    with beside.RealRegistry(env, folder / "real", authority) as real:
        yield SimpleNamespace(env=env, folder=folder, ca=authority, certs=certs, real=real)


def fault(cause):
    def add(function):
        FAULTS[function.__name__] = (cause, function)
        return function

    return add


def case(image, *, skopeo=(), ours=(), env=(), stdin="", trusted=True):
    return SimpleNamespace(image=image, skopeo=list(skopeo), ours=list(ours), env=dict(env), stdin=stdin, trusted=trusted)


def with_account(image, account, **more):
    return case(image, skopeo=account, ours=["--username", USER, "--password-stdin"], stdin=account[1].partition(":")[2], **more)


@contextlib.contextmanager
def https(bed, app, context=None):
    with Listener(http_server(app), context or bed.ca.context(bed.ca.server([HERE]))) as one:
        yield f"{HERE}:{one.port}/{REPOSITORY}:1.4.2", one.port


# ---------------------------------------------------------------- the real registry


@fault("auth.credentials-missing")
def no_credentials(bed, _stack):
    return case(bed.real.image)


@fault("auth.credentials-rejected")
def wrong_password(bed, _stack):
    return with_account(bed.real.image, WRONG)


@fault("image.tag-not-found")
def no_such_tag(bed, _stack):
    return with_account(bed.real.image.replace("1.4.2", "9.9.9"), ACCOUNT)


@fault("image.repository-not-found")
def no_such_repository(bed, _stack):
    return with_account(bed.real.image.replace("shop/api", "shop/apo"), ACCOUNT)


@fault("image.platform-mismatch")
def no_such_platform(bed, _stack):
    one = with_account(bed.real.image, ACCOUNT)
    one.before = ["--override-arch", "s390x"]
    one.ours += ["--platform", "linux/s390x"]
    return one


@fault("tls.unknown-authority")
def stranger(bed, _stack):
    return with_account(bed.real.image, ACCOUNT, trusted=False)


def _own(bed, stack, name):
    return stack.enter_context(beside.RealRegistry(bed.env, bed.folder / name, bed.ca, auth=False))


@fault("image.blob-missing")
def config_is_gone(bed, stack):
    real = _own(bed, stack, "no-config")
    real.forget_blob(beside.CONFIG)
    return case(real.image, ours=["--depth", "layers"])


@fault("image.variant-missing")
def platforms_are_gone(bed, stack):
    real = _own(bed, stack, "no-children")
    real.forget_manifests()
    return case(real.image)


@fault("tls.plain-http")
def plain_http(bed, stack):
    real = stack.enter_context(beside.RealRegistry(bed.env, bed.folder / "plain", bed.ca, tls=False, auth=False))
    return case(real.image)


# ---------------------------------------------------------------- the demo's servers, on their own ports


@fault("tls.expired")
def expired(bed, stack):
    image, _ = stack.enter_context(https(bed, Registry(), bed.ca.context(bed.ca.server([HERE], days=(-40, -10)))))
    return case(image)


@fault("tls.expired")
def of_tomorrow(bed, stack):
    image, _ = stack.enter_context(https(bed, Registry(), bed.ca.context(bed.ca.server([HERE], days=(5, 40)))))
    return case(image)


@fault("tls.hostname-mismatch")
def another_name(bed, stack):
    image, _ = stack.enter_context(https(bed, Registry(), bed.ca.context(bed.ca.server(["other.shop.test"]))))
    return case(image)


@fault("tls.client-cert")
def client_certificate(bed, stack):
    image, _ = stack.enter_context(https(bed, Registry(), bed.ca.context(bed.ca.server([HERE]), client=True)))
    return case(image)


@fault("network.refused")
def closed(bed, _stack):
    return case(f"{HERE}:{listener.refused_port()}/{REPOSITORY}:1.4.2")


@fault("network.reset")
def reset(_bed, stack):
    one = stack.enter_context(Listener(listener.reset))
    return case(f"{HERE}:{one.port}/{REPOSITORY}:1.4.2")


@fault("registry.server-error")
def fails(bed, stack):
    image, _ = stack.enter_context(https(bed, Registry(everything=error(500, "UNKNOWN", "s3: no such bucket"))))
    return case(image)


@fault("registry.not-a-registry")
def login(bed, stack):
    image, _ = stack.enter_context(https(bed, Registry(everything=page(200, "<!doctype html><title>Sign in</title>"))))
    return case(image)


@fault("registry.not-a-registry")
def another_service(bed, stack):
    image, _ = stack.enter_context(https(bed, Registry(everything=Answer(404, b"404 page not found\n", kind="text/plain"))))
    return case(image)


@fault("auth.ip-not-allowed")
def address_refused(bed, stack):
    refusal = error(403, "DENIED", "client with IP '198.51.100.102' is not allowed access.")
    image, _ = stack.enter_context(https(bed, Registry(everything=refusal)))
    return case(image)


@fault("auth.token-endpoint")
def token_service_down(bed, stack):
    registry = Registry(auth="bearer", realm=f"https://{HERE}:{listener.refused_port()}/token")
    image, _ = stack.enter_context(https(bed, registry))
    return with_account(image, ACCOUNT)


@fault("auth.credentials-rejected")
def token_service_refuses(bed, stack):
    _, port = stack.enter_context(https(bed, token_service()))
    image, _ = stack.enter_context(https(bed, Registry(auth="bearer", realm=f"https://{HERE}:{port}/token")))
    return with_account(image, WRONG)


@fault("registry.blob-host-blocked")
def storage_refuses(bed, stack):
    body = b'<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'
    _, port = stack.enter_context(https(bed, storage(Registry(), Answer(403, body, kind="application/xml"))))
    image, _ = stack.enter_context(https(bed, Registry(redirect_blobs=f"https://{HERE}:{port}")))
    return case(image, ours=["--depth", "layers"])


@fault("registry.blob-host-blocked")
def storage_down(bed, stack):
    image, _ = stack.enter_context(https(bed, Registry(redirect_blobs=f"https://{HERE}:{listener.refused_port()}")))
    return case(image, ours=["--depth", "layers"])


def _proxied(stack, serve):
    one = stack.enter_context(Listener(serve))
    url = f"http://{HERE}:{one.port}"
    return case(f"registry.whypull.invalid/{REPOSITORY}:1.4.2", env={"HTTPS_PROXY": url}, ours=["--proxy", url])


@fault("proxy.auth-required")
def proxy_password(_bed, stack):
    return _proxied(stack, proxy({}, account=("u", "p")))


@fault("proxy.denied")
def proxy_refuses(_bed, stack):
    return _proxied(stack, proxy({}, refuse=Answer(403, b"blocked", kind="text/plain")))


@fault("proxy.unreachable")
def proxy_down(_bed, _stack):
    url = f"http://{HERE}:{listener.refused_port()}"
    return case(f"registry.whypull.invalid/{REPOSITORY}:1.4.2", env={"HTTPS_PROXY": url}, ours=["--proxy", url])


@fault("image.unsupported-format")
def schema_1(bed, stack):
    body = b'{"schemaVersion": 1, "name": "shop/api", "tag": "1.4.2", "fsLayers": [], "history": []}'
    answer = Answer(200, body, kind=SCHEMA1)
    image, _ = stack.enter_context(https(bed, Registry(manifest=answer, by_digest=answer)))
    return case(image)


# ---------------------------------------------------------------- side by side


def by_skopeo(bed, one):
    """What skopeo says, and the causes that its words let in."""
    trust = ["--cert-dir", str(bed.certs)] if one.trusted else []
    env = {k: v for k, v in bed.env.items() if not k.lower().endswith("_proxy")} | one.env
    before = getattr(one, "before", [])
    done = subprocess.run(
        ["skopeo", *before, "inspect", *trust, *one.skopeo, f"docker://{one.image}"],
        env={**env, "REGISTRY_AUTH_FILE": "/nonexistent/auth.json"}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode, "skopeo sees nothing wrong"
    found = diagnoses_of(read_text(done.stderr), failures)
    return done.stderr, found[0] if found else None


def by_us(bed, one, monkeypatch):
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO(one.stdin + "\n"))
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    trust = ["--ca", bed.ca.root_file] if one.trusted else []
    args = [one.image, "--registries-conf", str(bed.folder / "registries.conf"), *trust, *one.ours]
    chosen = check.parser().parse_args(args)
    return check.diagnosis_of(check.walk_all(chosen)[0])


def test_both_call_a_healthy_pull_healthy(bed, monkeypatch):
    one = with_account(bed.real.image, ACCOUNT)
    done = beside.skopeo(bed.env, "inspect", "--cert-dir", str(bed.certs), *ACCOUNT, f"docker://{one.image}")
    assert done.returncode == 0, done.stderr
    one.ours += ["--depth", "layers"]
    assert by_us(bed, one, monkeypatch) is None


@pytest.mark.parametrize("name", FAULTS)
def test_the_same_verdict_and_never_less_precise(bed, name, monkeypatch):
    cause, make = FAULTS[name]
    with contextlib.ExitStack() as stack:
        one = make(bed, stack)
        words, theirs = by_skopeo(bed, one)
        ours = by_us(bed, one, monkeypatch)
    assert [f.cause for f in ours.findings] == [cause], words
    if name in WORDS_SAY_LESS:
        return
    assert theirs is not None, words
    assert cause in [f.cause for f in theirs.findings], words
    order = ("possible", "likely", "proved")
    assert order.index(ours.findings[0].certainty) >= order.index(theirs.findings[0].certainty)
    assert len(ours.findings) <= len(theirs.findings)


def test_at_least_twenty_are_held_against_each_other():
    assert len(FAULTS) - len(WORDS_SAY_LESS) >= 20
    assert set(WORDS_SAY_LESS) <= set(FAULTS)
