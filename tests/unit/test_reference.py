"""Image references, held to what distribution/reference makes of the same texts."""

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from whypull.reference import InvalidReference, Reference, host_of, is_docker_hub, parse

HEX = "0123456789abcdef" * 4
BY_DIGEST = f"app@sha256:{HEX}"

ACCEPTED = [
    ("busybox", "docker.io/library/busybox:latest"),
    ("busybox:1.36", "docker.io/library/busybox:1.36"),
    ("library/busybox", "docker.io/library/busybox:latest"),
    ("myorg/app", "docker.io/myorg/app:latest"),
    ("docker.io/busybox", "docker.io/library/busybox:latest"),
    ("index.docker.io/busybox", "docker.io/library/busybox:latest"),
    ("index.docker.io/library/busybox", "docker.io/library/busybox:latest"),
    ("registry-1.docker.io/library/busybox", "registry-1.docker.io/library/busybox:latest"),
    ("registry.hub.docker.com/library/busybox", "registry.hub.docker.com/library/busybox:latest"),
    ("docker.io", "docker.io/library/docker.io:latest"),
    ("registry/app", "docker.io/registry/app:latest"),
    ("registry:5000/app", "registry:5000/app:latest"),
    ("localhost/app", "localhost/app:latest"),
    ("localhost:5000/app", "localhost:5000/app:latest"),
    ("LOCALHOST/app", "LOCALHOST/app:latest"),
    ("Registry/app", "Registry/app:latest"),
    ("REGISTRY.example.com/app", "REGISTRY.example.com/app:latest"),
    ("my_registry/app", "docker.io/my_registry/app:latest"),
    ("my_registry.example.com/app", "my_registry.example.com/app:latest"),
    ("a.b", "docker.io/library/a.b:latest"),
    ("a.b/c", "a.b/c:latest"),
    ("a-b/c", "docker.io/a-b/c:latest"),
    ("gcr.io/google.com/project/img", "gcr.io/google.com/project/img:latest"),
    ("10.0.0.5/app", "10.0.0.5/app:latest"),
    ("10.0.0.5:5000/app", "10.0.0.5:5000/app:latest"),
    ("[::1]:5000/app", "[::1]:5000/app:latest"),
    ("[2001:db8::1]/app", "[2001:db8::1]/app:latest"),
    ("registry.example.com:99999/app", "registry.example.com:99999/app:latest"),
    ("app:_v1", "docker.io/library/app:_v1"),
    ("app:" + "t" * 128, "docker.io/library/app:" + "t" * 128),
    ("a--b/c", "docker.io/a--b/c:latest"),
    ("a__b/c", "docker.io/a__b/c:latest"),
    ("a_b", "docker.io/library/a_b:latest"),
    (BY_DIGEST, f"docker.io/library/{BY_DIGEST}"),
    (f"app:v1@sha256:{HEX}", f"docker.io/library/{BY_DIGEST}"),
    (f"app@sha384:{HEX}{HEX[:32]}", f"docker.io/library/app@sha384:{HEX}{HEX[:32]}"),
    (f"app@sha512:{HEX}{HEX}", f"docker.io/library/app@sha512:{HEX}{HEX}"),
    ("a/" + "b" * 253, "docker.io/a/" + "b" * 253 + ":latest"),
    ("xn--nicode-2ya.example/app", "xn--nicode-2ya.example/app:latest"),
    (
        "123456789012.dkr.ecr.us-east-1.amazonaws.com/app:v1",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com/app:v1",
    ),
    (
        "abc12345.live.dynatrace.com/linux/oneagent:1.287.0",
        "abc12345.live.dynatrace.com/linux/oneagent:1.287.0",
    ),
]

FORMAT = "invalid reference format"
LENGTH = "invalid checksum digest length"


def too_high(name):
    return f"invalid reference format: repository name ({name}) must be lowercase"


# text: what the kubelet says, a word of what is wrong, what to write instead
REFUSED = [
    ("docker.io/", FORMAT, "ends with a slash", ""),
    ("my_registry:5000/app", FORMAT, "underscore", ""),
    ("::1/app", FORMAT, "brackets", "[::1]/app"),
    ("registry.example.com:/app", FORMAT, "port after the colon is empty", "registry.example.com/app"),
    ("registry.example.com:port/app", FORMAT, "must be a number, not port", "registry.example.com/app:port"),
    ("registry.example.com//app", FORMAT, "two slashes", "registry.example.com/app"),
    ("/app", FORMAT, "starts with a slash", "app"),
    ("app/", FORMAT, "ends with a slash", ""),
    ("https://registry.example.com/app", FORMAT, "without https://", "registry.example.com/app"),
    ("https://registry.example.com", FORMAT, "without https://", ""),
    ("oci://registry.example.com/app:v1", FORMAT, "without oci://", "registry.example.com/app:v1"),
    ("docker://busybox", FORMAT, "without docker://", "busybox"),
    ("ko://example.com/cmd/app", FORMAT, "ko:// is a placeholder", ""),
    ("myorg/App", too_high("myorg/App"), "upper-case", "myorg/app"),
    ("App", too_high("library/App"), "upper-case", "app"),
    ("App:V1", too_high("library/App"), "upper-case", "app:V1"),
    ("docker.io/App", too_high("library/App"), "upper-case", "docker.io/app"),
    ("registry.example.com/Team/app", too_high("Team/app"), "upper-case", "registry.example.com/team/app"),
    ("r.example.com:5000/Team/app:V1", too_high("Team/app"), "upper-case", "r.example.com:5000/team/app:V1"),
    ("$(IMAGE)", too_high("library/$(IMAGE)"), "template part $(IMAGE)", ""),
    ("{{ .Values.image }}", too_high("library/{{ .Values.image }}"), "part {{ .Values.image }}", ""),
    ("app:${TAG}", FORMAT, "template part ${TAG}", ""),
    ("app:$TAG", FORMAT, "template part $TAG", ""),
    ("app:%!s(<nil>)", FORMAT, "template part %!s(<nil>)", ""),
    ("nginx:{{tag}}", FORMAT, "template part {{tag}}", ""),
    ("<none>", FORMAT, "<none> stands for", ""),
    ("registry.example.com/<team>/app", FORMAT, "<team> stands for", ""),
    ('nginx:latest"', FORMAT, "quotation mark", "nginx:latest"),
    ("ünicode/app", FORMAT, "character ü", ""),
    ("host/app:ünicode", FORMAT, "tag ünicode", "host/app:_nicode"),
    ("app:", FORMAT, "tag after the colon is empty", "app"),
    ("registry.example.com:5000/app:", FORMAT, "colon is empty", "registry.example.com:5000/app"),
    ("app::v1", FORMAT, "two colons", "app:v1"),
    ("app:v1:v2", FORMAT, "two colons", "app:v2"),
    ("app:v1/foo", FORMAT, "port must be a number", "app/foo:v1"),
    ("app:v1@", FORMAT, "digest after @ is missing", "app:v1"),
    ("app:-v1", FORMAT, "starts with -", "app:v1"),
    ("app:.v1", FORMAT, "starts with .", "app:v1"),
    ("app:v1+build", FORMAT, "has a +", "app:v1_build"),
    ("app:" + "t" * 129, FORMAT, "129 characters", ""),
    ("-app", FORMAT, "-app is no name", ""),
    ("app-", FORMAT, "app- is no name", ""),
    ("a___b/c", FORMAT, "a___b is no name", ""),
    ("a..b/c", FORMAT, "no registry host", ""),
    ("a._b/c", FORMAT, "no registry host", ""),
    ("app@sha256:abc", FORMAT, "this one has 3", ""),
    (f"app@sha256:{HEX.upper()}", "invalid checksum digest format", "lower case", BY_DIGEST),
    (f"app:v1@SHA256:{HEX}", "invalid checksum digest format", "lower case", f"app:v1@sha256:{HEX}"),
    (f"app@SHA256:{HEX}", too_high("library/app@SHA256"), "lower case", BY_DIGEST),
    (f"app@sha512:{HEX}", LENGTH, "has 128 hexadecimal digits, this one has 64", ""),
    (f"app@sha256:{HEX}0", LENGTH, "this one has 65", ""),
    (f"app@md5:{HEX[:32]}", "unsupported digest algorithm", "a digest is sha256:", ""),
    (f"app@{HEX}", FORMAT, "a digest is sha256:", BY_DIGEST),
    (HEX, f"invalid repository name ({HEX}), cannot specify 64-byte hexadecimal strings", "image id", ""),
    ("a/" + "b" * 254, "repository name must not be more than 255 characters", "more than 255", ""),
    ("a" * 248, "repository name must not be more than 255 characters", "more than 255", ""),
    ("my_r.x/" + "b" * 250, "repository name must not be more than 255 characters", "more than 255", ""),
    (" busybox", FORMAT, "blank before or after", "busybox"),
    ("busybox ", FORMAT, "blank before or after", "busybox"),
    ("busybox\n", FORMAT, "blank before or after", "busybox"),
    ("busy box", FORMAT, "blank in it", ""),
    ("busy\nbox", FORMAT, "line break in it", ""),
    ("busy\u200bbox", FORMAT, "invisible character", "busybox"),
    ("ada:pass@r.example.com/app", FORMAT, "account before the host", "r.example.com/app"),
    ("", FORMAT, "empty", ""),
    ("\u212aiosk.example/app", "repository name must be lowercase", "no registry host", ""),
]


@pytest.mark.parametrize(("text", "normalised"), ACCEPTED)
def test_a_reference_has_its_full_form(text, normalised):
    found = parse(text)
    assert found.normalised == normalised
    assert found.written == text
    assert normalised.startswith(f"{found.domain}/{found.path}")
    assert parse(normalised).normalised == normalised
    assert host_of(text) == found.domain


@pytest.mark.parametrize(("text", "message", "wrong", "instead"), REFUSED)
def test_a_malformed_reference_is_refused_in_the_kubelets_words_and_explained(text, message, wrong, instead):
    with pytest.raises(InvalidReference) as refused:
        parse(text)
    assert str(refused.value) == message
    assert wrong in refused.value.wrong
    assert refused.value.instead == instead
    assert refused.value.written == text


def test_tag_and_digest_are_kept_apart():
    assert parse(f"app:v1@sha256:{HEX}") == Reference(f"app:v1@sha256:{HEX}", "docker.io", "library/app", "v1", f"sha256:{HEX}")
    assert parse(f"app:v1@sha256:{HEX}").tag_or_digest == f"sha256:{HEX}"
    assert parse("app:v1").tag_or_digest == "v1"
    assert parse("app").tag_or_digest == "latest"
    assert parse("app").tag == ""


@pytest.mark.parametrize(
    ("text", "domain", "spoken_to"),
    [
        ("nginx", "docker.io", "registry-1.docker.io"),
        ("index.docker.io/library/nginx", "docker.io", "registry-1.docker.io"),
        ("registry.example.com:5000/a", "registry.example.com:5000", "registry.example.com:5000"),
    ],
)
def test_the_domain_and_the_host_that_is_spoken_to(text, domain, spoken_to):
    assert (parse(text).domain, parse(text).registry_host) == (domain, spoken_to)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("https://registry.example.com/app", "registry.example.com"),
        ("https://registry.example.com:5000", "registry.example.com:5000"),
        ("docker://busybox", "docker.io"),
        ("docker://registry.example.com:5000/a:b:c", "registry.example.com:5000"),
        ("oci://registry.example.com/app", "registry.example.com"),
        ("registry.example.com:/app", "registry.example.com"),
        ("registry.example.com:port/app", "registry.example.com"),
        ("registry.example.com//app", "registry.example.com"),
        ("registry.example.com/Team/app", "registry.example.com"),
        ("registry.example.com/app:{{ .Values.tag }}", "registry.example.com"),
        ("ada:pass@registry.example.com/app", "registry.example.com"),
        ("index.docker.io/App", "docker.io"),
        ("myorg/App", "docker.io"),
        ("nginx:", "docker.io"),
        ("nginx:${TAG}", "docker.io"),
        ('"nginx:latest', "docker.io"),
        ("localhost:5000/App", "localhost:5000"),
        ("[::1]:5000/App", "[::1]:5000"),
        ("{{ .Values.registry }}/app", ""),
        ("${REGISTRY}/app:v1", ""),
        ("$(IMAGE)", ""),
        ("<none>", ""),
        ("ko://example.com/cmd/app", ""),
        ("/app", ""),
        ("", ""),
        ("   ", ""),
    ],
)
def test_the_host_of_a_malformed_text_is_the_best_guess(text, host):
    assert host_of(text) == host


@pytest.mark.parametrize(
    ("repository", "expected"),
    [
        ("docker.io/library/nginx", True),
        ("index.docker.io/library/nginx", True),
        ("nginx", True),
        ("myorg/app", True),
        ("localhost/app", True),  # the kubelet's own rule, other than the grammar's
        ("localhost:5000/app", False),
        ("registry-1.docker.io/library/nginx", False),
        ("registry.hub.docker.com/library/nginx", False),
        ("registry.example.com/app", False),
        ("/app", False),
        ("", False),
    ],
)
def test_what_the_kubelet_takes_for_docker_hub(repository, expected):
    assert is_docker_hub(repository) is expected


PIECES = st.sampled_from(
    [
        "app",
        "App",
        "registry.example.com",
        ":",
        ":5000",
        "/",
        "@",
        f"@sha256:{HEX}",
        "-",
        "_",
        ".",
        " ",
        "{{",
        "}}",
        "$(X)",
    ]
)


@settings(deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=8).map("".join)))
@example("\ud800/app")
@example("[" * 50 + "/app")
def test_any_text_is_either_a_reference_or_refused_with_a_reason(text):
    assert isinstance(host_of(text), str)
    try:
        found = parse(text)
    except InvalidReference as error:
        refused = error
    else:
        assert parse(found.normalised).name == found.name
        return
    assert 0 < len(refused.wrong) < 400
    assert refused.instead == "" or parse(refused.instead)


@pytest.mark.parametrize("piece", ["a", "a.", "a-", "a/", "a:", "a__", "A", "{{", "$(", "<", "%!s(", "[", "1:", "@", "\n"])
def test_a_long_hostile_text_costs_linear_time(piece):
    started = time.process_time()
    with pytest.raises(InvalidReference) as refused:
        parse(f"registry.example.com/{piece * 100_000}!")
    assert time.process_time() - started < 2  # 20 ms here; a quadratic one takes minutes
    assert len(refused.value.wrong) < 400
