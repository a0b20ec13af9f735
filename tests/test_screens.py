"""Whole outputs, kept as files and read by people: tests/screens/*.txt. `make screens` writes them anew.

Each must tell somebody who is woken at night what is wrong, how certain that is, who can end it, and what to paste.
"""

import pathlib

import pytest
from tests import answers

from whypull.causes import Cause, FixLine
from whypull.model import Case, Pull, Reading
from whypull.render.as_json import document, line
from whypull.render.as_yaml import document as as_yaml
from whypull.render.page import causes_list, explain_page
from whypull.render.style import Style
from whypull.render.terminal import in_a_line, screen
from whypull.render.ticket import ticket

FOLDER = pathlib.Path(__file__).parent / "screens"
PLAIN = Style()

PAGE = Cause(
    "dns.no-such-host",
    "The resolver of {node} says that {host} does not exist",
    decide="getent ahosts {host} on {node}: an address means that the name is back.",
    guide=6,
    fixes=(
        FixLine("whoever runs the nodes", "The node's own resolver must know {host}.", "getent ahosts {host}", wait="At once."),
    ),
)
BODY = """\
## What happens

The node's resolver answers that the name **does not exist**. It is the *node's* resolver that counts, in
`/etc/resolv.conf`, not the cluster's ([how nodes resolve](https://kubernetes.io/docs/tasks/administer-cluster/dns-custom-nameservers/)).

## How to tell it from its neighbours

- `dns.timeout`: no answer at all, after some seconds; the resolver is out of reach and not of another
  opinion.
- `dns.server-failure`: SERVFAIL.

1. Ask the node's resolver.
2. Ask another one.

| answer | means |
| --- | --- |
| NXDOMAIN | there is no such name |

## Texts

```seen
Failed to pull image "registry.shop.example/payments/api:7": failed to do request: Head "https://registry.shop.example/v2/payments/api/manifests/7": dial tcp: lookup registry.shop.example on 10.0.0.53:53: no such host
```

```other dns.timeout
dial tcp: lookup registry.shop.example on 10.0.0.53:53: read udp 10.0.3.7:51000->10.0.0.53:53: i/o timeout
```
"""


def shown(*diagnoses, width=80, style=PLAIN, **more):
    return screen(diagnoses, answers.reading_of(*diagnoses, **more), width, style)


SCREENS = {
    "proved-by-a-walk": lambda: shown(answers.walked()),
    "likely-from-objects": lambda: shown(answers.from_objects()),
    "possible-from-a-paste": lambda: shown(answers.possible()),
    "undecided": lambda: shown(answers.undecided()),
    "group-of-41-pods": lambda: shown(answers.dns()),
    "several": lambda: shown(
        answers.walked(),
        answers.dns(),
        answers.undecided(),
        *answers.status_only(2),
        notes=("Pod shop/cron-1 crash-loops: its image was pulled.",),
    ),
    "nothing-failed": lambda: screen(
        [],
        Reading(
            notes=("Pod shop/web-0 waits for a node: 0/3 nodes are available: 3 Insufficient cpu.",),
            ask=("kubectl get events -n shop",),
            seen="kubectl describe pod",
        ),
        80,
        PLAIN,
    ),
    "nothing-failed-on-a-walk": lambda: screen(
        [],
        Reading(
            (Case(Pull(answers.ACR), (), "here"),),
            notes=("Walked from this machine: a node's resolver, proxy, trust store and outgoing address may differ.",),
        ),
        80,
        PLAIN,
    ),
    "status-only": lambda: shown(*answers.status_only()),
    "status-only-of-12": lambda: shown(*answers.status_only(12)),
    "unknown-text": lambda: shown(answers.unknown()),
    "narrow": lambda: shown(answers.walked(), width=60),
    "wide": lambda: shown(answers.undecided(), width=200),
    "coloured": lambda: shown(answers.walked(), style=Style(colour=True)),
    "hostile": lambda: shown(answers.hostile()),
    "ticket": lambda: ticket(
        [answers.walked(), answers.dns(), answers.undecided()],
        answers.reading_of(answers.walked(), answers.dns(), answers.undecided()),
    ),
    "ticket-of-statuses": lambda: ticket(answers.status_only(12), answers.reading_of(*answers.status_only(12))),
    "ticket-hostile": lambda: ticket([answers.hostile()], answers.reading_of(answers.hostile())),
    "json": lambda: document([answers.walked()], answers.reading_of(answers.walked())),
    "json-line": lambda: line(answers.possible()) + "\n",
    "lines": lambda: "".join(
        f"{in_a_line(one)}\n" for one in (answers.walked(), answers.undecided(), answers.unknown(), answers.hostile())
    ),
    "yaml": lambda: as_yaml([answers.from_objects()], answers.reading_of(answers.from_objects())),
    "page": lambda: explain_page(PAGE, BODY, 80, PLAIN),
    "causes": lambda: causes_list(
        [PAGE, PAGE._replace(id="tls.expired", title="The certificate of {host} has expired", retired="by tls.out-of-date")], 80
    ),
}


@pytest.mark.parametrize("name", SCREENS)
def test_the_whole_output_is_as_it_was_read(name):
    assert SCREENS[name]() == (FOLDER / f"{name}.txt").read_text(encoding="utf-8")


def test_no_file_without_its_screen():
    assert {p.stem for p in FOLDER.glob("*.txt")} == set(SCREENS)


def write():
    FOLDER.mkdir(exist_ok=True)
    for name, make in SCREENS.items():
        (FOLDER / f"{name}.txt").write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    write()
