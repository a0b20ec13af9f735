"""registries.conf as containers/image reads it: prefixes, rewriting, mirrors, blocks, short names."""

import pytest

from whypull.runtimeconfig.registries_conf import hosts_for

REG = "registry.shop.example"
DIGEST = "sha256:" + "a" * 64


def of(text, image=f"{REG}/shop/api:1", **more):
    return hosts_for(image, {"registries.conf": text}, **more)


def bases(hosts):
    return [a.base for a in hosts.asked]


def test_without_a_table_the_registry_itself_is_asked():
    assert bases(of("")) == [f"https://{REG}/v2"]
    assert bases(of("", "docker.io/library/nginx:1")) == ["https://registry-1.docker.io/v2"]


def test_mirrors_come_first_and_get_no_credentials_of_another_domain():
    hosts = of(
        f'[[registry]]\nlocation = "{REG}"\n[[registry.mirror]]\nlocation = "m.example/cache"\n[[registry.mirror]]\nlocation = "{REG}/b"\n'
    )
    assert bases(hosts) == ["https://m.example/v2", f"https://{REG}/v2", f"https://{REG}/v2"]
    assert [a.repository for a in hosts.asked] == ["cache/shop/api", "b/shop/api", ""]
    assert [a.credentials for a in hosts.asked] == [False, True, True]
    assert [a.upstream for a in hosts.asked] == [False, False, True]


def test_the_longest_prefix_rewrites():
    text = (
        f'[[registry]]\nprefix = "{REG}"\nlocation = "a.example"\n[[registry]]\nprefix = "{REG}/shop"\nlocation = "b.example/x"\n'
    )
    hosts = of(text)
    assert bases(hosts) == ["https://b.example/v2"]
    assert hosts.asked[0].repository == "x/api"
    assert bases(of(text, f"{REG}/shopping/api:1")) == ["https://a.example/v2"]


@pytest.mark.parametrize(
    ("image", "base"),
    [
        ("a.shop.example/x:1", "https://m.example/v2"),
        ("shop.example/x:1", "https://shop.example/v2"),
        ("o.example/a.shop.example/x:1", "https://o.example/v2"),
    ],
)
def test_a_wildcard_takes_subdomains_only(image, base):
    text = '[[registry]]\nprefix = "*.shop.example"\nlocation = "m.example"\n'
    assert bases(of(text, image)) == [base]


@pytest.mark.parametrize(
    ("setting", "tag", "digest"),
    [("", 2, 2), ('pull-from-mirror = "digest-only"', 1, 2), ('pull-from-mirror = "tag-only"', 2, 1)],
)
def test_mirrors_by_tag_and_by_digest(setting, tag, digest):
    text = f'[[registry]]\nlocation = "{REG}"\n[[registry.mirror]]\nlocation = "m.example"\n{setting}\n'
    assert len(of(text).asked) == tag
    assert len(of(text, f"{REG}/shop/api@{DIGEST}").asked) == digest


def test_mirror_by_digest_only():
    text = f'[[registry]]\nlocation = "{REG}"\nmirror-by-digest-only = true\n[[registry.mirror]]\nlocation = "m.example"\n'
    assert len(of(text).asked) == 1
    assert len(of(text, f"{REG}/shop/api@{DIGEST}").asked) == 2


def test_insecure_tries_http_after_https():
    one = of(f'[[registry]]\nlocation = "{REG}"\ninsecure = true\n').asked[0]
    assert one.http_too
    assert one.skip_verify


def test_blocked():
    assert of(f'[[registry]]\nlocation = "{REG}"\nblocked = true\n').problem.startswith(f"registry {REG} is blocked in")


def test_drop_ins_replace_a_prefix_whole():
    files = {
        "registries.conf": f'[[registry]]\nlocation = "{REG}"\n[[registry.mirror]]\nlocation = "m.example"\n',
        "registries.conf.d/50-shop.conf": f'[[registry]]\nlocation = "{REG}"\ninsecure = true\n',
        "registries.conf.d/note.txt": "[",
    }
    hosts = hosts_for(f"{REG}/a:1", files)
    assert len(hosts.asked) == 1
    assert hosts.source == "registries.conf.d/50-shop.conf"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[registry]\n", "loading registries configuration"),
        ("[[registry]]\ninsecure = true\n", "location is unset"),
        (f'[[registry]]\nlocation = "{REG}"\n[[registry.mirror]]\ninsecure = true\n', "mirror location is unset"),
        (
            'unqualified-search-registries = ["a.example"]\n[registries.search]\nregistries = ["b.example"]\n',
            "mixing sysregistry v1/v2",
        ),
    ],
)
def test_what_cannot_be_used_stops_every_pull(text, words):
    assert words in of(text).problem
    assert not of(text).asked


def test_version_1():
    text = f"[registries.insecure]\nregistries = ['{REG}']\n[registries.block]\nregistries = ['docker.io']\n"
    assert of(text).asked[0].http_too
    assert "is blocked" in of(text, "docker.io/library/nginx:1").problem


def test_short_names():
    two = 'unqualified-search-registries = ["a.example", "docker.io"]\nshort-name-mode = "enforcing"\n[aliases]\n"tools" = "q.example/team/tools"\n'
    assert (
        of(two, "shop/api:1", version="1.34.0").problem
        == "short name mode is enforcing, but image name shop/api:1 returns ambiguous list"
    )
    assert bases(of(two, "shop/api:1", version="1.33.1")) == ["https://a.example/v2", "https://registry-1.docker.io/v2"]
    assert bases(of(two, "tools:3")) == ["https://q.example/v2"]
    assert of(two, "tools:3").asked[0].repository == "team/tools"
    assert [a.repository for a in of(two, "nginx", version="1.33.1").asked] == ["nginx", "library/nginx"]
    assert "no unqualified-search registries" in of("", "shop/api:1").problem
    assert bases(of('unqualified-search-registries = ["docker.io"]\n', "nginx")) == ["https://registry-1.docker.io/v2"]
