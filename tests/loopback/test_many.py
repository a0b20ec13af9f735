"""Many images of one registry in one call: one walk a host, one token a scope, eight connections at a time."""

import collections
import threading
import time
from dataclasses import replace
from urllib.parse import parse_qs

import pytest

from whypull.commands import check
from whypull.commands.credentials import STDIN, Names
from whypull.commands.side_by_side import side_by_side
from whypull.commands.walking import AT_ONCE, Settings, Together, facts_of
from whypull.demo.registry import PASSWORD, REPOSITORY, USER, token_service
from whypull.demo.stage import HOST, TOKEN_HOST, Stage
from whypull.model import Case, Pull
from whypull.probe.wire import Wire
from whypull.steps import Connect, Handshake, Request, Resolve

COUNT = 50


class Counting:
    """Any repository is the demo's; how many requests run at once, and which tokens were asked for."""

    def __init__(self, app):
        self.app, self.now, self.most, self.scopes = app, 0, 0, collections.Counter()
        self.lock = threading.Lock()

    def __call__(self, asked):
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
            scope = parse_qs(asked.target.partition("?")[2]).get("scope")
            if scope:
                self.scopes[scope[0]] += 1
        time.sleep(0.003)
        parts = asked.target.split("/")
        if len(parts) > 4 and parts[2] == "shop":
            asked = replace(asked, target="/".join([*parts[:2], REPOSITORY, *parts[4:]]))
        try:
            return self.app(asked)
        finally:
            with self.lock:
                self.now -= 1


class AnyToken:
    """A registry that takes any token of its service, whatever its scope: 50 repositories are one here."""

    def __init__(self, registry):
        self.registry = registry

    def __call__(self, asked):
        return self.registry(asked) if not asked.bearer or asked.path == "/v2/" else replace(self.registry, auth="")(asked)


@pytest.fixture
def walked():
    with Stage() as stage:
        service = Counting(token_service())
        stage.https(TOKEN_HOST, service)
        registry = stage.serve_registry(auth="bearer", realm=f"https://{TOKEN_HOST}/token")
        counting = Counting(AnyToken(registry))
        stage.https(HOST, counting)
        stage.resolve()
        images = [f"{HOST}/shop/app{n}:1.4.2" for n in range(COUNT)]
        wire = Wire(ca_file=stage.ca_file, nameservers=tuple(stage.nameservers), road=stage.road)
        wire.vault.add(STDIN, USER, PASSWORD, hosts=(HOST,))
        names = Names()
        names.typed = True
        performed = []

        def perform(step):
            performed.append(step)
            return wire.perform(step)

        shared = Together(perform)
        seen = [[] for _ in images]

        def one(number):
            seen[number] += facts_of(images[number], Settings(nameservers=tuple(stage.nameservers)), names, wire, shared.perform)

        assert side_by_side(one, COUNT)
        cases = [Case(Pull(image=i), tuple(s), "here") for i, s in zip(images, seen, strict=True)]
    return cases, performed, counting, service


def test_fifty_images(walked):
    cases, performed, counting, service = walked
    assert all(check.diagnosis_of(case) is None for case in cases)
    assert counting.most <= AT_ONCE
    assert service.most <= AT_ONCE
    assert len(service.scopes) == COUNT
    assert set(service.scopes.values()) == {1}, "no token is asked for twice"
    hosts = [s for s in performed if isinstance(s, Resolve | Connect | Handshake)]
    assert len(hosts) == len(set(hosts)) == 6, "registry and token service, each resolved, connected and shaken hands with once"
    assert sum(isinstance(s, Request) and s.url.endswith("/v2/") for s in performed) == 1
    assert all(len(c.facts) > 8 for c in cases), "each case has the whole walk, whoever did its steps"


def test_a_failure_of_one_is_no_failure_of_another():
    done = []

    def act(number):
        if number == 3:
            raise ValueError(number)
        done.append(number)

    with pytest.raises(ValueError, match="3"):
        side_by_side(act, 8)
