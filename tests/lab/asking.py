"""The three questions about a fault: what its text alone says, what a walk from the node says, and whether the fix heals it."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import whypull
from lab import services
from lab.healing import heal
from lab.node import SKOPEO
from lab.start import SOURCE, TESTS
from whypull import casefile
from whypull.diagnose import diagnose
from whypull.dockerconfig import decode_config
from whypull.model import Case, PodSeen, Said, SecretAbsent, SecretSeen
from whypull.read.message import failures
from whypull.steps import Tried

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from lab.cri import Pulled
    from lab.faults import Fault
    from lab.node import Node
    from lab.scene import Scene
    from whypull.model import Diagnosis


WALK_SECONDS = 45


def questions(scene: Scene, fault: Fault, pulled: Pulled) -> dict[str, Any]:
    """The answers, as the parts of a row."""
    row: dict[str, Any] = {} if pulled.ok or not pulled.spoke else {"said": shown(whypull.explain(pulled.event(scene.image)))}
    case = walk(scene, pulled)
    one = diagnose(case, failures)
    row["walked"] = [[f.cause, f.certainty] for f in one.findings]
    row["case"] = casefile.dumps(case)
    if fault.how != "no":
        row["healed"], row["why"] = heal(scene, fault, one)
    return row


def walk(scene: Scene, pulled: Pulled) -> Case:
    """Text, cluster, node and walk together, as `whypull` has them where it may look at all."""
    found = walked_from(scene, scene.node, scene.account)
    facts = found.facts
    if scene.client.neighbour:
        facts += tuple(replace(f, control=f.control or "vantage") for f in walked_from(scene, scene.neighbour(), scene.account).facts
                       if isinstance(f, Tried))  # fmt: skip
    said = () if pulled.ok or not pulled.spoke else (said_by(pulled, scene),)
    return Case(found.pull, (*said, *cluster(scene), *facts), found.vantage)


def said_by(pulled: Pulled, scene: Scene) -> Said:
    """The failed pull as a fact."""
    if pulled.code:
        return Said(pulled.event(scene.image), by="kubelet", via="event", reason="Failed")
    return Said(pulled.text, by="skopeo", via="output")


def walked_from(scene: Scene, node: Node, account: str) -> Case:
    """The facts that a node's own files, and a walk from it, yield."""
    asked = {
        "image": scene.image,
        "node": node.name,
        "pid": node.pid if node.runs else 0,
        "environment": node.given if node.version == SKOPEO else None,
        "secrets": [docker_config(scene, *scene.credentials())] if account else [],
        "seconds": WALK_SECONDS,
    }
    command = f"PYTHONPATH={TESTS}:{SOURCE} {sys.executable} -m lab.walking"
    done = node.run(command, json.dumps(asked), seconds=WALK_SECONDS + 30)
    if done.returncode:
        raise RuntimeError(f"the walk broke: {done.stderr[-2000:]}")
    return casefile.loads(done.stdout)


def cluster(scene: Scene) -> tuple[PodSeen | SecretSeen | SecretAbsent, ...]:
    """What the API would show of the pod's secrets, where the fault is about them."""
    how = scene.client.secret
    if how == "attached":
        return ()
    there = SecretSeen("shop", "shop-pull", "kubernetes.io/dockerconfigjson", entries=tuple(
        decode_config(docker_config(scene, services.USER, services.PASSWORD, host="registry.other.test").encode()).entries
    )) if how == "other host" else SecretSeen("shop", "shop-pull", "kubernetes.io/dockerconfigjson", entries=tuple(
        decode_config(docker_config(scene, services.USER, services.PASSWORD).encode()).entries))  # fmt: skip
    if how == "missing":
        return PodSeen(pull_secrets=("shop-pull",)), SecretAbsent("shop", "shop-pull")
    return PodSeen(pull_secrets=("shop-pull",) if how == "other host" else ()), there


def secret_host(scene: Scene) -> str:
    """The host that the pull secret is for: the image's, or the registry that was meant where the image names none."""
    first = scene.image.partition("/")[0]
    return first if "." in first else scene.hosts["registry"]


def docker_config(scene: Scene, user: str, password: str, host: str = "") -> str:
    """The content of a pull secret."""
    return json.dumps({"auths": {host or secret_host(scene): {"username": user, "password": password}}})


def shown(diagnoses: Sequence[Diagnosis]) -> list[list[str]]:
    """Cause and certainty of each finding of the first diagnosis; empty where nothing is named."""
    return [[f.cause, f.certainty] for f in diagnoses[0].findings] if diagnoses else []


def verdict(found: Sequence[Sequence[str]] | None, cause: str, others: Sequence[str]) -> str:  # noqa: PLR0911 - one word after the other
    """How an answer compares with the truth.

    proved, right: the true cause alone; named: undecided with it among at most three; accepted: what a careful expert would
    say who sees no more; missed: nothing named; WRONG, and WRONG AND PROVED, which is the worst that can be.
    """
    if found is None:
        return "-"  # nobody said anything
    if not found:
        return "missed" if cause else "nothing"
    if not cause:
        return "WRONG"
    causes = [one[0] for one in found]
    if causes == [cause]:
        return "proved" if found[0][1] == "proved" else "right"
    if cause in causes:
        return "named"
    if causes[0] in others and found[0][1] != "proved":
        return "accepted"
    return "WRONG AND PROVED" if found[0][1] == "proved" else "WRONG"
