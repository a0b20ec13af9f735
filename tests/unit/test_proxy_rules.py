"""NO_PROXY as Go reads it: every row of golang.org/x/net/http/httpproxy's behaviour that people trip over."""

import pytest

from whypull.probe.proxy_rules import ProxySettings, bypass, of_environment, port_of, proxy_for, shown

BYPASSES = [
    ("corp.example", "corp.example", 443),
    ("corp.example", "x.corp.example", 443),
    (".corp.example", "x.corp.example", 443),
    ("*.corp.example", "a.b.corp.example", 443),
    ("reg.corp.example:5000", "reg.corp.example", 5000),
    ("reg.corp.example:443", "reg.corp.example", 443),
    ("10.0.0.0/8", "10.1.2.3", 5000),
    ("10.1.2.3", "10.1.2.3", 443),
    ("*", "anything.example", 443),
    ("corp", "corp", 443),
    ("corp", "x.corp", 443),
    (" a.example , REG.corp.example ", "reg.corp.example", 443),
    ("", "localhost", 443),
    ("", "127.0.0.1", 5000),
    ("", "::1", 5000),
    ("[2001:db8::1]:5000", "2001:db8::1", 5000),
]
SENDS = [
    ("corp.example", "xcorp.example", 443),
    (".corp.example", "corp.example", 443),
    ("*.corp.example", "corp.example", 443),
    ("reg.corp.example:5000", "reg.corp.example", 443),
    ("10.0.0.0/8", "reg.corp.example", 443),
    ("corp", "x.corp.example", 443),
    ("*corp.example", "x.corp.example", 443),
    ("10.1", "10.1.2.3", 443),
    ("10.1.2.*", "10.1.2.3", 443),
    ("https://reg.corp.example", "reg.corp.example", 443),
    ("reg.corp.example/", "reg.corp.example", 443),
    ("a.example reg.corp.example", "reg.corp.example", 443),
    ("reg.*.example", "reg.corp.example", 443),
    ("", "x.localhost", 443),
    ("", "10.0.0.1", 443),
]


@pytest.mark.parametrize(("no_proxy", "host", "port"), BYPASSES)
def test_it_goes_direct(no_proxy, host, port):
    assert bypass(host, port, no_proxy)


@pytest.mark.parametrize(("no_proxy", "host", "port"), SENDS)
def test_it_goes_through_the_proxy(no_proxy, host, port):
    assert bypass(host, port, no_proxy) == ""


def test_the_entry_that_matched_is_named():
    assert bypass("x.corp.example", 443, "a.example, .corp.example") == ".corp.example"


def test_upper_case_wins_and_all_proxy_is_not_read():
    settings = of_environment({"https_proxy": "http://low:1", "HTTPS_PROXY": "http://up:2", "ALL_PROXY": "http://all:3"})
    assert settings.https_proxy == "http://up:2"
    assert settings.http_proxy == ""


def test_a_value_without_scheme_is_http():
    assert proxy_for("https", "reg.example", 443, ProxySettings(https_proxy="proxy.corp:3128")) == "http://proxy.corp:3128"


def test_http_and_https_have_their_own_proxies():
    settings = ProxySettings(https_proxy="http://s:1", http_proxy="http://h:2")
    assert proxy_for("http", "reg.example", 80, settings) == "http://h:2"
    assert proxy_for("https", "reg.example", 443, settings) == "http://s:1"


@pytest.mark.parametrize(
    ("url", "place"),
    [("http://p", ("p", 80)), ("https://p", ("p", 443)), ("socks5://p", ("p", 1080)), ("http://u:w@p:3128/", ("p", 3128))],
)
def test_ports(url, place):
    assert port_of(url) == place


def test_userinfo_is_never_shown():
    secret = "pass" + "word"
    assert shown(f"http://user:{secret}@proxy:3128") == "http://proxy:3128"
    assert secret not in repr(ProxySettings(https_proxy=f"http://user:{secret}@proxy:3128"))
