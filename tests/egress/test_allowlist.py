"""Allow-lists in every form in which people keep them, held against what is known: missing, stale, and how sure that is."""

import contextlib
import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whypull.egress.allowlist import BadList, compare, parse
from whypull.egress.nets import aggregated, covers, networks
from whypull.egress.nouns import AllowList, Group, Picture, Way


@pytest.mark.parametrize("text", [
    "203.0.113.20\n198.51.100.0/24\n",
    "# let in\n203.0.113.20   # nat\n\n198.51.100.0/24 ; office\n",
    "203.0.113.20,198.51.100.0/24",
    "name,cidr,owner\nnat,203.0.113.20,network\noffice,198.51.100.0/24,it\n",
    '{"ipRules": [{"action": "Allow", "ipAddressOrRange": "203.0.113.20"}, {"action": "Allow", "value": "198.51.100.0/24"}]}',
    '["203.0.113.20", "198.51.100.0/24"]',
    "allow 203.0.113.20;\nallow 198.51.100.0/24;\ndeny all;\n",
    "\ufeff203.0.113.20\r\n198.51.100.0/24\r\n".lstrip("\ufeff"),
])  # fmt: skip
def test_forms(text):
    assert parse("list", text).entries == ("203.0.113.20", "198.51.100.0/24")


def test_ranges_and_ipv6():
    assert parse("list", "203.0.113.8 - 203.0.113.15\n2001:db8::/48\n").entries == ("203.0.113.8 - 203.0.113.15", "2001:db8::/48")
    assert networks("203.0.113.8 - 203.0.113.15") == [ipaddress.ip_network("203.0.113.8/29")]


@pytest.mark.parametrize(("text", "words"), [
    ("", "no address"), ("nothing here\n", "no address"), ("203.0.113.20\n203.0.113.999\n", "line 2"), ("203.0.113.0/40", "line 1"),
    ("[1, 2", "JSON"), ("203.0.113.9-203.0.113.1", "line 1"),
])  # fmt: skip
def test_what_is_no_list_is_said_with_its_line(text, words):
    with pytest.raises(BadList, match=words):
        parse("list", text)


def picture(*ways, unknown=""):
    made = tuple(Way(address, certainty, ("x",), "NAT gateway") for address, certainty in ways)
    return Picture((Group(("pool a",), ("a",), made, unknown),), nodes=1)


def test_missing_and_stale():
    found = compare(
        picture(("203.0.113.20", "likely"), ("203.0.113.21", "proved")), AllowList("l", ("203.0.113.20", "198.51.100.0/24"))
    )
    assert [w.address for w in found.missing] == ["203.0.113.21"]
    assert found.stale == ("198.51.100.0/24",)
    assert found.sure
    assert found.covered == 1


def test_a_prefix_that_is_only_partly_let_in_is_missing():
    found = compare(picture(("203.0.113.16/30", "likely")), AllowList("l", ("203.0.113.16", "203.0.113.17")))
    assert [w.address for w in found.missing] == ["203.0.113.16/30"]
    assert found.stale == ()
    whole = compare(picture(("203.0.113.16/30", "likely")), AllowList("l", ("203.0.113.16/31", "203.0.113.18/31")))
    assert whole.missing == ()


def test_what_is_not_certain_is_not_called_missing_and_nothing_is_called_stale_for_sure():
    found = compare(picture(("203.0.113.20", "possible")), AllowList("l", ("198.51.100.1",)))
    assert found.missing == ()
    assert [w.address for w in found.doubtful] == ["203.0.113.20"]
    assert not found.sure
    assert not compare(picture(("203.0.113.20", "likely"), unknown="?"), AllowList("l", ("198.51.100.1",))).sure
    assert not compare(Picture(()), AllowList("l", ("198.51.100.1",))).sure


def test_entries_that_can_never_match_or_match_everybody_are_said():
    assert "private" in compare(picture(), AllowList("l", ("10.0.0.0/8",))).odd[0]
    found = compare(picture(("203.0.113.20", "likely")), AllowList("l", ("0.0.0.0/0",)))
    assert "everybody" in found.odd[0]
    assert not found.missing


def test_ipv6_is_compared_with_ipv6_only():
    found = compare(picture(("2001:db8::5", "likely"), ("203.0.113.1", "likely")), AllowList("l", ("2001:db8::/64",)))
    assert [w.address for w in found.missing] == ["203.0.113.1"]


addresses = st.integers(0, 2**10).map(lambda n: str(ipaddress.ip_address("203.0.112.0") + n))


@given(st.lists(addresses, max_size=40))
def test_aggregation_holds_exactly_what_it_is_given(given_addresses):
    nets = [ipaddress.ip_network(one) for one in aggregated(given_addresses)]
    held = {str(ip) for net in nets for ip in net}
    assert held == set(given_addresses)


@given(st.text(max_size=200))
def test_any_text_is_a_list_or_a_sentence(text):
    with contextlib.suppress(BadList):
        assert parse("list", text).entries


def test_covering():
    assert covers("203.0.113.0/24", "203.0.113.7")
    assert not covers("203.0.113.7", "203.0.113.0/24")
    assert not covers("2001:db8::/32", "203.0.113.7")
    assert covers("same text", "same text")
