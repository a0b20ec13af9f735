"""Pull secrets, held to what the kubelet's own keyring makes of the same content."""

import base64
import copy
import json
import pickle
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from whypull.dockerconfig import MOST_BYTES
from whypull.keyring import Credential, decode, decode_config, expires, explain, key_for
from whypull.model import AuthEntry, SecretSeen

JSON_TYPE = "kubernetes.io/dockerconfigjson"
LEGACY_TYPE = "kubernetes.io/dockercfg"
APP = "registry.example.com/team/app"
HUB_KEY = "https://index.docker.io/v1/"


def secret(*keys, name="pull", **more):
    """A Secret with a username and a password under each key."""
    entries = tuple(k if isinstance(k, AuthEntry) else AuthEntry(k, has_username=True, has_password=True) for k in keys)
    return SecretSeen("shop", name, **{"type": JSON_TYPE, "entries": entries, **more})


def b64(text):
    return base64.b64encode(text.encode()).decode()


# ---------------------------------------------------------------- which key matches which image

MATCHES = [
    ("registry.example.com", APP),
    ("https://registry.example.com", APP),
    ("http://registry.example.com", APP),
    ("https://registry.example.com/", APP),
    ("https://registry.example.com/v2/", APP),
    ("https://registry.example.com/v1/", APP),
    ("registry.example.com/team", APP),
    ("registry.example.com/team", "registry.example.com/team2/app"),
    ("registry.example.com/team/app", APP),
    ("registry.example.com/team/app", "registry.example.com/team/app-other"),
    ("registry.example.com:5000", "registry.example.com:5000/team/app"),
    ("https://registry.example.com:5000/v2/", "registry.example.com:5000/team/app"),
    ("*.example.com", APP),
    ("*.*.example.com", "a.registry.example.com/app"),
    ("registry.*.com", "registry.example.com/app"),
    ("reg*.example.com", "registry.example.com/app"),
    ("*", "localhost/app"),
    ("*.example.com:5000", "registry.example.com:5000/app"),
    ("*.example.com/team", APP),
    ("r[a-f]gistry.example.com", APP),
    ("*r*.e*e.*c*m", APP),
    ("registry.example.com?x=1", "registry.example.com/app"),
    ("registry.example.com#x", "registry.example.com/app"),
    ("user@registry.example.com", "registry.example.com/app"),
    ("https://user:pass@registry.example.com", "registry.example.com/app"),
    ("registry.example.com/%74eam", APP),
    (HUB_KEY, "nginx"),
    (HUB_KEY, "docker.io/myorg/app"),
    (HUB_KEY, "localhost/app"),  # the kubelet's own rule
    ("https://index.docker.io/v2/", "docker.io/myorg/app"),
    ("index.docker.io", "docker.io/myorg/app"),
    ("docker.io", "docker.io/myorg/app"),
    ("https://docker.io/v1/", "docker.io/myorg/app"),
    ("docker.io/myorg", "docker.io/myorg/app"),
    ("*.dkr.ecr.*.amazonaws.com", "123456789012.dkr.ecr.us-east-1.amazonaws.com/app"),
    ("*.azurecr.io", "myreg.azurecr.io/app"),
    ("europe-docker.pkg.dev/proj", "europe-docker.pkg.dev/project2/repo/app"),
    ("localhost:5000", "localhost:5000/app"),
    ("[::1]:5000", "[::1]:5000/app"),
]

HOST = "registry.example.com"
ECR = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
NO_URL = "no valid URL, so the kubelet ignores the entry"

# key, image, a part of why, the key to write instead
MISSES = [
    ("https://registry.example.com/v2", APP, 'compares the path "/v2"', HOST),
    ("https://registry.example.com/v1", APP, 'compares the path "/v1"', HOST),
    ("registry.example.com/team/", "registry.example.com/team2/app", "begin with /team/", HOST),
    ("registry.example.com/Team", APP, "upper and lower case differ", HOST),
    ("registry.example.com/team/app:v1", f"{APP}:v1", "a tag is no part of a key", HOST),
    ("registry.example.com:443", APP, "the key has port 443 and the image has no port; the kubelet", HOST),
    (HOST, "registry.example.com:443/team/app", "the image has port 443", "registry.example.com:443"),
    (HOST, "registry.example.com:5000/team/app", "the image has port 5000", "registry.example.com:5000"),
    ("*.example.com", "a.registry.example.com/team/app", "one label only", "a.registry.example.com"),
    ("*.example.com", "example.com/team/app", "the key has 3, example.com has 2", "example.com"),
    ("*", "registry.example.com/app", "one label only", HOST),
    ("*.example.com:*", "registry.example.com:5000/app", "port cannot be a wildcard", f"{HOST}:5000"),
    ("*.example.com/te*", APP, "a wildcard works in the host only", HOST),
    (
        "Registry.Example.com",
        "registry.example.com/app",
        "case differ: the key has Registry.Example.com",
        HOST,
    ),
    (HOST, "Registry.example.com/app", "upper and lower case differ", "Registry.example.com"),
    ("HTTPS://registry.example.com", "registry.example.com/app", "takes HTTPS: for its host", HOST),
    ("[a-z]*.example.com", "registry.example.com/app", NO_URL, ""),
    ("r?gistry.example.com", "registry.example.com/app", "another host, r, as everything from the ?", ""),
    ("registry.example.com ", "registry.example.com/app", "blank before or after", HOST),
    (" registry.example.com", "registry.example.com/app", "blank before or after", HOST),
    ("oci://registry.example.com", "registry.example.com/app", "takes oci: for its host", HOST),
    ("//registry.example.com", "registry.example.com/app", "the key has no host", HOST),
    (
        "https://index.docker.io/v1",
        "docker.io/myorg/app",
        'of /v1/, so the kubelet compares the path "/v1"',
        HUB_KEY,
    ),
    ("docker.io/myorg", "nginx", "begin with /myorg", HUB_KEY),
    ("registry-1.docker.io", "docker.io/myorg/app", "is no key for Docker Hub", HUB_KEY),
    ("hub.docker.com", "docker.io/myorg/app", "is no key for Docker Hub", HUB_KEY),
    (f"{HUB_KEY}access-token", "docker.io/myorg/app", "goes on with /access-token", HUB_KEY),
    ("*.docker.io", "docker.io/myorg/app", "one label only", HUB_KEY),
    ("index.docker.io/myorg", "docker.io/myorg/app", "goes on with /myorg", HUB_KEY),
    ("index.docker.io:443", "nginx", "goes on with :443", HUB_KEY),
    (ECR.replace("us-east-1", "eu-west-1"), f"{ECR}/app", "another ECR region", ECR),
    (ECR.replace("9012", "9013"), f"{ECR}/app", "another ECR account", ECR),
    ("*.azurecr.io", "myreg-abc123.weu.azurecr.io/app", "label count differs", "myreg-abc123.weu.azurecr.io"),
    ("https://gcr.io", "eu.gcr.io/proj/app", "a key for gcr.io does not cover eu.gcr.io", "eu.gcr.io"),
    ("", "registry.example.com/app", "the key has no host", ""),
    ("registry.example.com/%zz", "registry.example.com/app", NO_URL, HOST),
    ("registry.example.com#%zz", "registry.example.com/app", NO_URL, HOST),
    ("a b@registry.example.com", "registry.example.com/app", "invalid userinfo", HOST),
    ("registry.example.com/\x01", "registry.example.com/app", "invalid control character", HOST),
    ("registry.example.com/a%25zz", "registry.example.com/app", NO_URL, HOST),  # taken apart twice
    ("r%65gistry.example.com", "registry.example.com/app", NO_URL, ""),
    ("[registry.example.com", "registry.example.com/app", "missing ']' in host", HOST),
    ("reg[istry.example.com", "registry.example.com/app", "another host", ""),
    ("reg[^a]stry.example.com", "registry.example.com/app", NO_URL, ""),
    ("r[a-f]gistry.example.com:5000", "registry.example.com:5000/app", "another host", ""),
    ("[::1]", "[::1]/app", "reads brackets as a set of characters", ""),
    ("quay.io", "registry.example.com/app", "another host, quay.io", ""),
    ("index.docker.io", "registry.example.com/app", "another host, index.docker.io", ""),
]


@pytest.mark.parametrize(("key", "image"), MATCHES)
def test_a_key_matches(key, image):
    (entry,) = explain(image, [secret(key)]).entries
    assert entry.matched
    assert (entry.secret, entry.key, entry.suggest, entry.empty) == ("pull", key, "", False)
    assert entry.why


@pytest.mark.parametrize(("key", "image", "why", "suggest"), MISSES)
def test_a_key_does_not_match_and_the_reason_names_the_fact(key, image, why, suggest):
    trace = explain(image, [secret(key)])
    (entry,) = trace.entries
    assert not entry.matched
    assert why in entry.why
    assert entry.suggest == suggest
    assert trace.would_send == "nothing"


@pytest.mark.parametrize("suggested", sorted({(row[1], row[3]) for row in MISSES if row[3]}))
def test_a_suggested_key_matches(suggested):
    image, key = suggested
    assert explain(image, [secret(key)]).entries[0].matched
    assert explain(image, []).suggest == key


def matching(image, *secrets, **more):
    return [(e.secret, e.key) for e in explain(image, secrets, **more).matching]


def test_an_entry_for_another_path_of_docker_hub_leaves_the_fallback():
    assert matching("docker.io/myorg/app", secret("docker.io/other", HUB_KEY)) == [("pull", HUB_KEY)]


def test_a_direct_match_hides_the_docker_hub_entry():
    trace = explain("docker.io/myorg/app", [secret("docker.io", HUB_KEY)])
    assert [e.key for e in trace.matching] == ["docker.io"]
    assert "docker.io of pull matches, and the kubelet tries index.docker.io only" in trace.entries[1].why


def test_longer_keys_of_one_host_come_first():
    keys = ("quay.io", "*.io", "quay.io/coreos/etcd", "quay.io/coreos")
    expected = ["quay.io/coreos/etcd", "quay.io/coreos", "quay.io", "*.io"]
    assert [key for _, key in matching("quay.io/coreos/etcd", secret(*keys))] == expected


def test_the_same_key_in_two_secrets_is_sent_from_both_in_the_pods_order():
    first, second = (
        secret(HOST, name="z"),
        secret(f"https://{HOST}/v1/", "registry.example.com/team", name="a"),
    )
    assert matching(APP, first, second) == [
        ("a", "registry.example.com/team"),
        ("z", HOST),
        ("a", f"https://{HOST}/v1/"),
    ]


def test_the_nodes_own_config_comes_after_the_secrets_and_has_its_own_fallback():
    node = secret("registry.example.com/team", HUB_KEY, name="/var/lib/kubelet/config.json")
    assert matching(APP, secret(HOST), node=[node]) == [
        ("pull", HOST),
        (node.name, "registry.example.com/team"),
    ]
    assert matching("nginx", secret("docker.io"), node=[node]) == [
        ("pull", "docker.io"),
        (node.name, HUB_KEY),
    ]


def test_a_secret_that_cannot_be_read_stops_the_look_up_and_a_nodes_file_does_not():
    broken = secret(name="broken", problem="illegal base64 data at input byte 4")
    trace = explain(APP, [secret(HOST), broken])
    assert (trace.would_send, trace.matching) == ("lookup fails", ())
    assert trace.problem == "broken: illegal base64 data at input byte 4"
    assert trace.problem in trace.summary
    assert trace.unread == (("broken", "illegal base64 data at input byte 4"),)
    assert trace.entries[0].matched
    passed_over = explain(APP, [secret(HOST)], node=[broken])
    assert (passed_over.would_send, passed_over.unread) == ("credentials", trace.unread)


def test_a_secret_from_which_nothing_is_taken_is_told_with_its_reason():
    trace = explain(APP, [secret(name="opaque", ignored="type Opaque")])
    assert trace.unread == (("opaque", "type Opaque"),)
    assert (trace.would_send, trace.problem) == ("nothing", "")
    assert APP in trace.summary


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (AuthEntry(HOST), "neither username nor password, so containerd asks as anonymous"),
        (AuthEntry(HOST, has_username=True), "its password is empty, so containerd asks as anonymous"),
        (AuthEntry(HOST, has_password=True), "its username is empty, so containerd asks as anonymous"),
        (
            AuthEntry(HOST, has_username=True, dropped=("identitytoken",)),
            "the kubelet does not read identitytoken",
        ),
    ],
)
def test_an_empty_entry_matches_and_the_runtime_asks_as_anonymous(entry, why):
    trace = explain(APP, [secret(entry)])
    assert trace.would_send == "anonymous"
    assert (trace.entries[0].matched, trace.entries[0].empty) == (True, True)
    assert why in trace.entries[0].why
    assert "anonymous" in trace.summary
    both = explain(APP, [secret(entry), secret("registry.example.com/team", name="full")])
    assert both.would_send == "credentials"
    assert both.summary == "The kubelet sends registry.example.com/team of full, then registry.example.com of pull."


def test_the_end_of_a_password_is_told():
    entry = AuthEntry(HOST, has_username=True, has_password=True, expires="2026-03-02T10:00:00Z")
    assert "its password ends at 2026-03-02T10:00:00Z" in explain(APP, [secret(entry)]).entries[0].why


def test_a_malformed_image_is_asked_of_nobody():
    trace = explain("Team/app:v1:v2", [secret("*")])
    assert (trace.repository, trace.entries, trace.suggest) == ("", (), "")
    assert trace.problem == "invalid reference format"
    assert "no valid reference" in trace.summary


def test_content_of_the_newer_form_in_a_secret_of_the_older_type():
    found = decode(LEGACY_TYPE, {".dockercfg": b'{"auths":{"registry.example.com":{"auth":"dXNlcjpwYXNz"}}}'})
    trace = explain(APP, [secret(*found.entries, type=LEGACY_TYPE)])
    assert [e.matched for e in trace.entries] == [False]
    assert "this content is for type kubernetes.io/dockerconfigjson" in trace.entries[0].why


@pytest.mark.parametrize(
    ("repository", "key"),
    [
        ("docker.io/library/nginx", HUB_KEY),
        ("registry.shop.example:5000/app", "registry.shop.example:5000"),
        ("localhost/app", "localhost"),
        ("[::1]:5000/app", "[::1]:5000"),
        ("[::1]/app", ""),  # no key can stand for it
    ],
)
def test_the_key_that_a_credential_belongs_under(repository, key):
    assert key_for(repository) == key


def test_a_hostile_pattern_costs_no_more_than_the_product_of_the_lengths():
    started = time.process_time()
    label = "a" * 60
    trace = explain(f"{label}.{label}/app", [secret("*a" * 2000 + "b." + "*a" * 2000)])
    assert not trace.entries[0].matched
    assert time.process_time() - started < 2  # 10 ms here; a backtracking one never ends


# ---------------------------------------------------------------- what a docker config holds

AUTH = '{"auths":{"r":%s}}'
UNPARSABLE = "unable to parse auth field, must be formatted as base64(username:password)"
AZ_USER = "00000000-0000-0000-0000-000000000000"

DECODED = [
    ('{"auth":"dXNlcjpwYXNz"}', "user", "pass"),
    ('{"auth":"dXNlcjpwYXNzMQ"}', "user", "pass1"),
    (r'{"auth":"dXNlcjpwYXNz\n"}', "user", "pass"),
    (r'{"auth":"dXNl\r\ncjpwYXNzMQ=\n="}', "user", "pass1"),
    ('{"auth":"dXNlcjpwYTpzcw=="}', "user", "pa:ss"),
    ('{"username":"u","password":"p"}', "u", "p"),
    ('{"username":"u","password":"p","auth":"dXNlcjpwYXNz"}', "user", "pass"),
    ('{"username":"u","password":"p","auth":""}', "u", "p"),
    ('{"username":"u","username":"v","username":null}', "v", ""),
    (f'{{"auth":"{b64(AZ_USER + ":")}","identitytoken":"tok"}}', AZ_USER, ""),
    ('{"username":"u"}', "u", ""),
    ('{"identitytoken":"tok"}', "", ""),
    ('{"registrytoken":"tok"}', "", ""),
    ("{}", "", ""),
    ("null", "", ""),
    ('{"auths":{"username":"u"}}', "", ""),
    (r'{"username":"\u00fc\ud83d\ude00\ud83d\n","password":"\/"}', "ü😀\ufffd\n", "/"),
    ('{"Auth":"dXNlcjpwYXNz"}', "user", "pass"),
    ('{"Username":"u","PASSWORD":"p"}', "u", "p"),
    ('{"username":"u","pa\u017f\u017fword":"p"}', "u", "p"),  # Go folds this letter, too
    ('{"username":"u","email":null,"more":[1,{"a":[]},-2.5e+3,true,false]}', "u", ""),
]


@pytest.mark.parametrize(("entry", "username", "password"), DECODED)
def test_an_entry_is_decoded(entry, username, password):
    found = decode(JSON_TYPE, {".dockerconfigjson": (AUTH % entry).encode()})
    assert (found.problem, found.ignored) == ("", "")
    assert [c.reveal() for c in found.credentials] == [(username, password)]
    (seen,) = found.entries
    assert (seen.key, seen.has_username, seen.has_password) == ("r", bool(username), bool(password))
    legacy = decode(LEGACY_TYPE, {".dockercfg": f'{{"r":{entry}}}'.encode()})
    assert [c.reveal() for c in legacy.credentials] == [(username, password)]


INNER_TYPE = "credentialprovider.dockerConfigEntryWithAuth"
PROBLEMS = [
    (AUTH % '{"auth":"dXNlcjpw YXNz"}', "illegal base64 data at input byte 8"),
    (AUTH % '{"auth":"user:pass"}', "illegal base64 data at input byte 4"),
    (AUTH % '{"auth":"dXNlcg=="}', UNPARSABLE),
    (AUTH % '{"auth":"_-8="}', "illegal base64 data at input byte 0"),
    (AUTH % '{"auth":"AAA=","identitytoken":"tok"}', UNPARSABLE),
    (AUTH % '{"auth":"dXNlcjpwYXNzM"}', "illegal base64 data at input byte 12"),
    (AUTH % '{"auth":"dXNlcjpwYXNz="}', "illegal base64 data at input byte 12"),
    (AUTH % '{"auth":"dXNlcjpwYXNzMQ="}', "illegal base64 data at input byte 15"),
    (AUTH % r'{"auth":"dXNlcjpwYXNzMQ\n="}', "illegal base64 data at input byte 16"),
    (AUTH % '{"auth":"dXNlcjpwYXNzMQ=a="}', "illegal base64 data at input byte 14"),
    (AUTH % '{"auth":"dXNlcjpwYXNzMQ==a="}', "illegal base64 data at input byte 16"),
    (AUTH % '{"auth":"="}', "illegal base64 data at input byte 0"),
    (AUTH % '{"auth":"dXNlcjpwYXNzMQ= "}', "illegal base64 data at input byte 14"),
    (
        AUTH % '"abc"',
        f"json: cannot unmarshal string into Go struct field DockerConfigJSON.auths of type {INNER_TYPE}",
    ),
    (
        AUTH % '{"auth":123}',
        "json: cannot unmarshal number into Go struct field DockerConfigJSON.auths of type string",
    ),
    (
        AUTH % '{"email":[]}',
        "json: cannot unmarshal array into Go struct field DockerConfigJSON.auths of type string",
    ),
    (
        '{"auths":[]}',
        "json: cannot unmarshal array into Go struct field DockerConfigJSON.auths of type credentialprovider.DockerConfig",
    ),
    ("[]", "json: cannot unmarshal array into Go value of type credentialprovider.DockerConfigJSON"),
    ('"e30="', "json: cannot unmarshal string into Go value of type credentialprovider.DockerConfigJSON"),
    ("true", "json: cannot unmarshal bool into Go value of type credentialprovider.DockerConfigJSON"),
    (
        '{"auths":{},"HttpHeaders":1}',
        "json: cannot unmarshal number into Go struct field DockerConfigJSON.HttpHeaders of type map[string]string",
    ),
    (
        '{"HttpHeaders":{"a":{}}}',
        "json: cannot unmarshal object into Go struct field DockerConfigJSON.HttpHeaders of type string",
    ),
    ('{"HttpHeaders":1,"auths":{"r":{"auth":"_-8="}}}', "illegal base64 data at input byte 0"),
    ("{'auths':{}}", r"invalid character '\'' looking for beginning of object key string"),
    ("eyJhdXRocyI6e319", "invalid character 'e' looking for beginning of value"),
    ('{"auths":{}}trailing', "invalid character 't' after top-level value"),
    ('{"auths":{"r":{"auth":"dXNlcjpwYXNz"}}', "unexpected end of JSON input"),
    ('{"auths', "unexpected end of JSON input"),
    ('{"auths":{},}', "invalid character '}' looking for beginning of object key string"),
    ('{"auths":{}"x":1}', "invalid character '\"' after object key:value pair"),
    ('{"auths" {}}', "invalid character '{' after object key"),
    ('{"auths":[1 2]}', "invalid character '2' after array element"),
    ('{"auths":[1,]}', "invalid character ']' looking for beginning of value"),
    ('{"auths":NaN}', "invalid character 'N' looking for beginning of value"),
    ('{"auths":nul}', "invalid character '}' in literal null (expecting 'l')"),
    ("tru", "invalid character ' ' in literal true (expecting 'e')"),
    ("01", "invalid character '1' after top-level value"),
    ("-", "invalid character ' ' in numeric literal"),
    ("1.", "invalid character ' ' after decimal point in numeric literal"),
    ("1e+x", "invalid character 'x' in exponent of numeric literal"),
    (r'"\q"', "invalid character 'q' in string escape code"),
    (r'"\u12g4"', r"invalid character 'g' in \u hexadecimal character escape"),
    ('"a\nb"', r"invalid character '\n' in string literal"),
    ("\x00", r"invalid character '\x00' looking for beginning of value"),
    ("\ufeff{}", "invalid character 'ï' looking for beginning of value"),
    ("[" * 10_001, "invalid character '[' exceeded max depth"),
    (" ", "unexpected end of JSON input"),
]


@pytest.mark.parametrize(("content", "problem"), PROBLEMS, ids=lambda text: text[:60])
def test_content_that_cannot_be_decoded_is_a_problem_in_the_kubelets_words(content, problem):
    found = decode(JSON_TYPE, {".dockerconfigjson": content.encode()})
    assert (found.problem, found.entries, found.ignored, found.credentials) == (problem, (), "", ())


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ('{"r":"abc"}', f"json: cannot unmarshal string into Go value of type {INNER_TYPE}"),
        (
            '{"r":{"auth":1}}',
            "json: cannot unmarshal number into Go struct field dockerConfigEntryWithAuth.auth of type string",
        ),
        ("[]", "json: cannot unmarshal array into Go value of type credentialprovider.DockerConfig"),
        ('{"r":{"auth":"user:pass"}}', "illegal base64 data at input byte 4"),
    ],
)
def test_content_of_the_older_type_that_cannot_be_decoded(content, problem):
    assert decode(LEGACY_TYPE, {".dockercfg": content.encode()}).problem == problem
    assert decode_config(content.encode(), legacy=True).problem == problem


def test_an_empty_file_of_a_node_is_no_json():
    assert decode_config(b"").problem == "unexpected end of JSON input"
    assert decode_config(b"", legacy=True).problem == "unexpected end of JSON input"


@pytest.mark.parametrize(
    ("content", "keys"),
    [
        ('{"auths":{"r":{}},"credsStore":"desktop"}', ["r"]),
        ('{"Auths":{"r":{"Auth":"dXNlcjpwYXNz"}}}', ["r"]),
        ('{"auths":{"a":{}},"AUTHS":{"b":{},"a":{}}}', ["a", "b"]),
        ('{"auths":{"a":{}},"auths":null,"auths":{"b":{}}}', ["b"]),
        ('{"auths":{"r":{"auth":"dXNlcjpwYXNz"}},"HttpHeaders":{"User-Agent":"Docker-Client/27"}}', ["r"]),
        ('  {"auths" : {"a":null , "b":{}}}\n', ["a", "b"]),
    ],
)
def test_the_keys_of_a_config(content, keys):
    found = decode(JSON_TYPE, {".dockerconfigjson": content.encode()})
    assert [e.key for e in found.entries] == keys
    assert (found.problem, found.ignored) == ("", "")
    assert len(found.credentials) == len(keys)


@pytest.mark.parametrize(
    ("secret_type", "data", "ignored"),
    [
        (
            "Opaque",
            {".dockerconfigjson": b"{}"},
            "type Opaque: as a pull secret it must be of type kubernetes.io/dockerconfigjson",
        ),
        ("", {}, "type Opaque: as a pull secret"),
        ("Opaque", {".dockercfg": b"{}"}, "must be of type kubernetes.io/dockercfg"),
        (JSON_TYPE, {"config.json": b"{}"}, "no key .dockerconfigjson; it has config.json"),
        (JSON_TYPE, {}, "no key .dockerconfigjson"),
        (LEGACY_TYPE, {".dockerconfigjson": b"{}"}, "no key .dockercfg; it has .dockerconfigjson"),
        (JSON_TYPE, {".dockerconfigjson": b""}, "the value of .dockerconfigjson is empty"),
        (JSON_TYPE, {".dockerconfigjson": b"{}"}, "it is empty"),
        (JSON_TYPE, {".dockerconfigjson": b"null"}, "it is empty"),
        (LEGACY_TYPE, {".dockercfg": b"null"}, "it is empty"),
        (JSON_TYPE, {".dockerconfigjson": b'{"auths":{}}'}, 'its "auths" is empty'),
        (JSON_TYPE, {".dockerconfigjson": b'{"auths":null}'}, 'its "auths" is empty'),
        (
            JSON_TYPE,
            {".dockerconfigjson": b'{"auths":{},"credsStore":"desktop"}'},
            '"credsStore" leaves the credentials',
        ),
        (
            JSON_TYPE,
            {".dockerconfigjson": b'{"credHelpers":{"r":"x"}}'},
            '"credHelpers" leaves the credentials',
        ),
        (
            JSON_TYPE,
            {".dockerconfigjson": b'{"auth":{"r":{"auth":"dXNlcjpwYXNz"}}}'},
            'it has "auth" where "auths" belongs',
        ),
        (
            JSON_TYPE,
            {".dockerconfigjson": b'{"r.example":{"auth":"dXNlcjpwYXNz"}}'},
            'it has no "auths" around r.example',
        ),
        (JSON_TYPE, {".dockerconfigjson": b" " * (MOST_BYTES + 1)}, "larger than a Secret can be"),
    ],
)
def test_content_that_is_silently_ignored_is_told_why(secret_type, data, ignored):
    found = decode(secret_type, data)
    assert (found.problem, found.entries) == ("", ())
    assert ignored in found.ignored


@pytest.mark.parametrize(
    ("content", "dropped"),
    [
        (AUTH % f'{{"auth":"{b64(AZ_USER + ":")}","identitytoken":"tok"}}', ("identitytoken",)),
        (AUTH % '{"IdentityToken":"tok","registrytoken":"tok"}', ("identitytoken", "registrytoken")),
        (AUTH % '{"identitytoken":""}', ()),
        (AUTH % '{"auths":{"auth":"dXNlcjpwYXNz"}}', ("auths",)),
        ('{"auths":{"r":{}},"credsStore":"desktop"}', ("credsStore",)),
        ('{"auths":{"r":{"auth":"dXNlcjpwYXNz"}},"credsStore":"desktop"}', ()),
    ],
)
def test_what_the_kubelet_does_not_read_in_an_entry(content, dropped):
    assert decode_config(content.encode()).entries[0].dropped == dropped


@pytest.mark.parametrize(
    ("username", "shown"),
    [
        ("AWS", "AWS"),
        ("_json_key", "_json_key"),
        (AZ_USER, AZ_USER),
        ("oauth2accesstoken", "oauth2accesstoken"),
        ("ada", ""),
    ],
)
def test_only_a_username_that_everybody_has_is_shown(username, shown):
    content = json.dumps({"auths": {"r": {"username": username, "password": "p"}}})
    assert decode_config(content.encode()).entries[0].username == shown


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("https://ada:secret@r.example/v1/", "https://***@r.example/v1/"),
        ("ada@r.example", "***@r.example"),
        ("ada:se cret@r.example", "<hidden>@r.example"),
        ("ada:%zz@r.example", "<hidden>@r.example"),
        ("r.example?token=secret#x", "r.example?***#x"),
        ("r.example/a@b", "r.example/a@b"),
    ],
)
def test_an_account_in_a_key_is_not_shown_and_the_key_matches_as_before(key, shown):
    content = json.dumps({"auths": {key: {"username": "ada", "password": "secret"}}})
    entry = decode_config(content.encode()).entries[0]
    assert entry.key == shown
    for image in ("r.example/app", "r.example/a@b"):
        as_written, as_shown = (explain(image, [secret(k)]).would_send for k in (key, shown))
        assert as_written == as_shown


def test_a_credential_is_given_away_by_nothing_but_reveal():
    credential = Credential("ada-lovelace", "correct-horse")
    for text in (repr(credential), str(credential), f"{credential}", f"{credential!r:>5}"):
        assert "ada" not in text
        assert "horse" not in text
    for copied in (pickle.dumps, copy.copy, copy.deepcopy, vars):
        with pytest.raises(TypeError):
            copied(credential)
    assert credential.reveal() == ("ada-lovelace", "correct-horse")


# ---------------------------------------------------------------- until when

EXP = 1_772_445_600
WHEN = "2026-03-02T10:00:00Z"


def jwt(payload):
    parts = ({"alg": "none"}, payload)
    return ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts) + ".c2ln"


@pytest.mark.parametrize(
    ("username", "password", "created", "end"),
    [
        ("ada", jwt({"exp": EXP}), "", WHEN),
        ("ada", jwt({"sub": "a?b>c~", "exp": EXP + 0.9}), "2020-01-01T00:00:00Z", WHEN),
        (AZ_USER, jwt({"exp": EXP, "exp2": 1}), "", WHEN),
        ("ada", jwt({"exp": str(EXP)}), "", ""),
        ("ada", jwt({"exp": -5}), "", ""),
        ("ada", jwt({"exp": True}), "", ""),
        ("ada", jwt({"exp": 10**30}), "", ""),
        ("ada", jwt([EXP]), "", ""),
        ("ada", "eyJ.!!.x", "", ""),
        ("ada", "eyJh", "", ""),
        ("ada", jwt({"exp": EXP}) + "x" * 40_000, "", ""),
        ("AWS", "p", "2026-03-01T22:00:00Z", WHEN),
        ("AWS", "p", "2026-03-01T23:00:00+01:00", WHEN),
        ("AWS", b64(json.dumps({"payload": "x", "expiration": EXP})), "2020-01-01T00:00:00Z", WHEN),
        ("AWS", b64(json.dumps({"payload": "x"})), "2026-03-01T22:00:00Z", WHEN),
        ("oauth2accesstoken", "ya29.p", "2026-03-02T09:00:00Z", WHEN),
        ("AWS", "p", "", ""),
        ("AWS", "p", "4m36s", ""),
        ("ada", "p", "2026-03-01T22:00:00Z", ""),
    ],
)
def test_when_a_password_ends(username, password, created, end):
    assert expires(username, password, created) == end
    content = json.dumps({"auths": {"r": {"username": username, "password": password}}}).encode()
    assert decode(JSON_TYPE, {".dockerconfigjson": content}, created).entries[0].expires == end


# ---------------------------------------------------------------- any content at all

PIECES = st.sampled_from(
    [
        b'{"auths":',
        b'{"r":',
        b'{"auth":',
        b'"dXNlcjpwYXNz"',
        b'"user:pass"',
        b"}",
        b"]",
        b"[",
        b",",
        b"null",
        b"1e9",
        b'"\\ud800"',
        b"\xff",
        b"tru",
    ]
)
CONTENT = st.one_of(st.binary(max_size=80), st.lists(PIECES, max_size=12).map(b"".join))
KEYS = st.text(alphabet=st.characters(codec="utf-8"), max_size=30)


@settings(deadline=None)
@given(CONTENT, st.sampled_from([JSON_TYPE, LEGACY_TYPE, "Opaque"]))
@example(b"[" * 20_000, JSON_TYPE)
@example(b'{"a":' * 9_000 + b"1" + b"}" * 9_000, JSON_TYPE)
@example(b"1" * 10_000, JSON_TYPE)
@example(b'{"auths":{"r":{"auth":"\\ud800"}}}', JSON_TYPE)
def test_any_bytes_are_decoded_ignored_or_a_problem(content, secret_type):
    found = decode(secret_type, {".dockerconfigjson": content, ".dockercfg": content})
    assert bool(found.entries) + bool(found.problem) + bool(found.ignored) == 1
    assert len(found.credentials) == len(found.entries)
    for seen in found.entries:
        assert explain("registry.example.com/app", [secret(seen)]).summary


@settings(deadline=None)
@given(st.lists(KEYS, max_size=4), KEYS)
def test_any_keys_and_images_are_explained(keys, image):
    for looked_up in (image, "registry.example.com/app", "nginx"):
        trace = explain(looked_up, [secret(*keys)])
        assert trace.repository == "" or len(trace.entries) == len(keys)
        assert all(entry.why for entry in trace.entries)
        assert trace.summary


# Marked at both ends, so that a part that comes out is known for one.
SECRETS = st.text(alphabet=st.characters(codec="utf-8", exclude_characters=":"), max_size=40).map("s3kr1t{}t1rk3s".format)
HOSTS = st.sampled_from([HOST, "https://registry.example.com/v1", "*.example.com", "docker.io", HUB_KEY, "a b", "r%zz"])
SHAPES = st.sampled_from(["auth", "fields", "unpadded", "plain", "colonless", "tokens", "twice", "number", "jwt", "cut", "flat"])


def config(shape, key, user, password):
    """A docker config with these values in it, mostly as it should not be."""
    pair = f"{user}:{password}"
    entry = {
        "auth": {"auth": b64(pair)},
        "fields": {"username": user, "password": password},
        "unpadded": {"auth": b64(pair).rstrip("=")},
        "plain": {"auth": pair},
        "colonless": {"auth": b64(f"{user}{password}")},
        "tokens": {"identitytoken": password, "registrytoken": password, "username": user, "token": pair},
        "number": {"username": user, "password": [password]},
        "jwt": {"username": user, "password": jwt({"exp": EXP, "sub": password})},
    }.get(shape, {"auth": b64(pair)})
    text = json.dumps({key: entry} if shape == "flat" else {"auths": {key: entry}}, ensure_ascii=False)
    if shape == "twice":
        text = b64(text)
    return text[: -len(text) // 3] if shape == "cut" else text


@settings(deadline=None)
@given(SHAPES, HOSTS, SECRETS, SECRETS)
def test_no_password_or_username_comes_out_by_itself(shape, key, user, password):
    content = config(shape, key, user, password).encode("utf-8", "surrogatepass")
    values = [b64(f"{user}:{password}"), b64(f"{user}{password}"), jwt({"exp": EXP, "sub": password})]
    for secret_type, name in ((JSON_TYPE, ".dockerconfigjson"), (LEGACY_TYPE, ".dockercfg"), ("Opaque", "x")):
        found = decode(secret_type, {name: content}, created="2026-03-01T22:00:00Z")
        seen = secret(*found.entries, type=secret_type, problem=found.problem, ignored=found.ignored)
        trace = explain("registry.example.com/app", [seen])
        hub = explain("nginx", [], node=[seen])
        shown = [repr(x) for x in (found, seen, trace, hub)] + [str(x) for x in (found, trace, *found.credentials)]
        shown += [found.problem, found.ignored, trace.summary, hub.summary, *(e.why for e in trace.entries)]
        for text in shown:
            assert "s3kr1t" not in text
            assert "t1rk3s" not in text
            assert not any(value in text for value in values)
