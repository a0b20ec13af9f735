"""What kind of address this is."""

import pytest

from whypull.addresses import cannot_serve, doubtful, kind, private, public_only


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("10.0.0.1", "private"), ("172.16.0.1", "private"), ("172.31.255.255", "private"), ("172.32.0.1", "public"),
        ("172.15.0.1", "public"), ("192.168.1.1", "private"), ("192.169.1.1", "public"), ("100.64.0.1", "private"),
        ("100.128.0.1", "public"), ("127.0.0.53", "loopback"), ("169.254.169.254", "link-local"), ("0.0.0.0", "unspecified"),
        ("203.0.113.7", "public"), ("198.51.100.7", "public"), ("8.8.8.8", "public"), ("0.0.0.1", "public"),
        ("::", "unspecified"), ("::1", "loopback"), ("fe80::1%eth0", "link-local"), ("fd00::1", "private"), ("fc00::1", "private"),
        ("2001:db8::7", "public"), ("[2001:db8::7]", "public"), ("::ffff:10.0.0.1", "private"),
        ("registry.shop.example", ""), ("1.2.3", ""), ("1.2.3.256", ""), ("1.2.3.4.5", ""), ("", ""), (":::", ""), ("١.2.3.4", ""),
    ],
)  # fmt: skip
def test_kind(address, found):
    assert kind(address) == found


@pytest.mark.parametrize(
    ("host", "address", "no"),
    [
        ("registry.shop.example", "0.0.0.0", True),
        ("registry.shop.example", "10.0.0.5", False),
        ("registry.shop.example", "127.0.0.1", False),
        ("registry-1.docker.io", "10.0.0.5", True),
        ("auth.docker.io", "203.0.113.7", False),
        ("shopacr.azurecr.io", "10.0.0.5", False),
        ("localhost", "127.0.0.1", False),
        ("10.0.0.5", "10.0.0.5", False),
    ],
)
def test_what_cannot_serve(host, address, no):
    assert cannot_serve(host, address) is no


def test_names():
    assert private("localhost")
    assert private("LOCALHOST.")
    assert not private("registry.shop.example")
    assert public_only("quay.io")
    assert not public_only("quay.io.shop.example")
    assert doubtful("registry.shop.example", "127.0.0.1")
    assert not doubtful("registry", "127.0.0.1")
