"""What whypull sees of some nodes with what the CLIs on PATH answer: the same steps as `whypull egress`, without a cluster."""

from functools import partial
from importlib import import_module

from tests.egress import clis

from whypull.egress import onprem
from whypull.egress.cli_run import performer
from whypull.egress.nouns import Registry
from whypull.egress.picture import echoes, paint
from whypull.egress.places import place
from whypull.egress.told import Told, settle
from whypull.records import replace


def seen(folder, monkeypatch, nodes, answers, *, registries=(), observed=(), ways=None, server="", seconds=10.0):
    """The picture that comes of it."""
    monkeypatch.setenv("PATH", clis.install(folder, answers))
    ways = ways or {}
    wanted = [one if isinstance(one, Registry) else Registry(one) for one in registries]
    told, founds, others = Told(), [], []
    by_cloud = {}
    for node in nodes:
        by_cloud.setdefault(place(node).cloud, []).append(node)
    for cloud, members in by_cloud.items():
        if cloud not in {"azure", "aws", "google"}:
            others += members
            continue
        more = {"server": server} if cloud == "google" else {}
        look = partial(import_module(f"whypull.egress.{cloud}").look, members, registries=wanted, **more)
        founds.append(settle(look, told, performer(seconds)))
    if others:
        founds.append(onprem.look(others, ways))
    picture = paint(founds, (*observed, *echoes(ways)), ways, wanted)
    return replace(picture, wants=tuple(one for one in picture.wants if not told.answered(one)))


def ways(picture):
    """{(address, certainty)} of all groups."""
    return {(way.address, way.certainty) for group in picture.groups for way in group.ways}


def unknown(picture):
    """Why something is not known, one text a group."""
    return " ".join(group.unknown for group in picture.groups if group.unknown)


def notes(picture):
    """All notes as one text."""
    return " ".join((*picture.notes, *(note for group in picture.groups for note in group.notes)))


def because(picture, address):
    """Why an address is there, as one text."""
    return " ".join(b for g in picture.groups for w in g.ways if w.address == address for b in w.because)
