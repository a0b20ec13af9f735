"""Kubeconfigs without PyYAML: what is read is what PyYAML reads, and whatever is not plain is left to it."""

import random

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from whypull.read.plain_yaml import NotPlain, load

KUBECTL = """\
apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==
    server: https://203.0.113.7:6443
  name: kubernetes
- cluster:
    insecure-skip-tls-verify: true
    proxy-url: http://proxy.shop.example:3128
    server: https://[2001:db8::7]:6443
    tls-server-name: api.shop.example
  name: arn:aws:eks:eu-west-1:111122223333:cluster/shop
contexts:
- context:
    cluster: kubernetes
    namespace: shop
    user: kubernetes-admin
  name: kubernetes-admin@kubernetes
current-context: kubernetes-admin@kubernetes
kind: Config
preferences: {}
users:
- name: kubernetes-admin
  user:
    client-certificate: /home/dev/.minikube/client.crt
    client-key-data: LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQo=
- name: eks
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      args:
      - --region
      - eu-west-1
      - eks
      - get-token
      - --cluster-name
      - shop
      command: aws
      env:
      - name: AWS_PROFILE
        value: shop
      installHint: Install the AWS CLI for use with kubectl
      interactiveMode: IfAvailable
      provideClusterInfo: false
- name: quoted
  user:
    username: "admin"
    password: 'pa55 # : word'
    token: ""
    as-groups: []
    tokenFile:
"""
PLAIN = {
    "kubectl's": KUBECTL,
    "indented lists": "clusters:\n  - cluster:\n      server: https://a:1\n    name: a\n  - name: b\n",
    "a document mark": "---\napiVersion: v1\nkind: Config\n",
    "comments and blank lines": "# by hand\n\napiVersion: v1\n  # of the installer\n\nkind: Config\n",
    "a last line without end": "a: b\nc: d",
    "blanks at the end of a line": "a: b  \nc:  \n  d: e\n",
    "nothing under a key": "a:\nb: c\n",
    "a list of words": "- a\n- b c\n- --flag\n",
}
NOT_PLAIN = {
    "a number": "a: 1\n",
    "a number as a word": "a: 1e5\n",
    "a version": "a: 1.10\n",
    "a date": "a: 2026-11-20\n",
    "yes": "a: yes\n",
    "Off": "a: Off\n",
    "a typed key": "on: b\n",
    "twice the same key": "a: b\na: c\n",
    "an anchor": "a: &x b\nc: *x\n",
    "a tag": "a: !!str b\n",
    "a block text": "a: |\n  b\n",
    "a text over two lines": "a: b\n  c\n",
    "a list item over two lines": "- b\n  c\n",
    "a comment behind a value": "a: b # c\n",
    "escapes": 'a: "b\\n"\n',
    "a doubled quote": "a: 'b''c'\n",
    "a table in braces": "a: {b: c}\n",
    "a list in brackets": "a: [b]\n",
    "two documents": "a: b\n---\nc: d\n",
    "tabs": "a:\n\tb: c\n",
    "a key in quotes": '"a": b\n',
    "a key in a value": "a: b: c\n",
    "a value that ends in a colon": "a: b:\n",
    "a list in a list": "- - a\n",
    "an item alone": "-\n  a: b\n",
    "no letters of ASCII": "a: ü\n",
    "wrong indent": "a:\n    b: c\n  d: e\n",
    "a list under a value": "a: b\n- c\n",
    "nothing": "",
    "a tilde": "a: ~\n",
    "a control character in a comment": "a: b\n#\x00",
    "JSON": '{"a": "b"}',
}


@pytest.mark.parametrize("text", PLAIN.values(), ids=PLAIN)
def test_plain_ones_are_read_as_pyyaml_reads_them(text):
    assert load(text) == yaml.safe_load(text)


@pytest.mark.parametrize("text", NOT_PLAIN.values(), ids=NOT_PLAIN)
def test_others_are_left_to_pyyaml(text):
    with pytest.raises(NotPlain):
        load(text)


PIECES = [
    "a", "b:", "b: ", "- ", "-", "--x", ":", " ", "  ", "    ", "\n", "\n", "\n  ", "\n- ", "\n  - ", "#", " #", "'", '"', "{}", "[]", "null",
    "~", "yes", "No", "1", "1.5", "0x1f", "1:30", "key: value\n", "key:\n", "x: y", "<<: ", "=", "&a", "*a", "!", "|", ">", "%", "@", "`", "---", "...",
    "https://a:1", "a@b", "e5", ".inf", "true", "TRUE", ", ", "?", "? ", "\\", "/", "+", "-1", "2026-11-20", "\u00fc", "\x00", "\x85",
]  # fmt: skip


@settings(max_examples=1500, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_whatever_is_read_is_what_pyyaml_reads(text):
    try:
        found = load(text)
    except NotPlain:
        return
    assert found == yaml.safe_load(text)


def test_changed_kubeconfigs_are_read_as_pyyaml_reads_them_or_left_to_it():
    """Lines left out, doubled, indented otherwise, and with other words in them."""
    chosen, read = random.Random(7), 0
    for _ in range(1500):
        lines = KUBECTL.splitlines()
        for _ in range(chosen.randint(1, 3)):
            at = chosen.randrange(len(lines))
            line = lines[at]
            lines[at : at + 1] = chosen.choice([
                [], [line, line], ["  " + line], [line.removeprefix("  ")], [line + " " + chosen.choice(PIECES)],
                [line.replace(chosen.choice(line or "x"), chosen.choice(PIECES), 1)], [line.partition(":")[0] + ":"],
            ])  # fmt: skip
        text = "\n".join(lines)
        try:
            found = load(text)
        except NotPlain:
            continue
        read += 1
        assert found == yaml.safe_load(text), text
    assert read > 200
