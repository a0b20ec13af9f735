"""Diagnoses from objects → the same, proved from the node that fails: what was asked for, walked, and said with its vantage."""

from __future__ import annotations

import contextlib
import os

from whypull.diagnose import diagnose
from whypull.dockerconfig import decode
from whypull.keyring import explain
from whypull.model import CERTAINTIES, Case, PodSeen, Said, SecretSeen
from whypull.probe.vault import Vault
from whypull.proofs._walked import stopped_at
from whypull.read.cluster import ApiError, Cluster, Unreachable
from whypull.read.message import failures
from whypull.records import replace
from whypull.reference import InvalidReference, parse
from whypull.runtimeconfig import resolv_conf
from whypull.steps import Request, Tried
from whypull.vantage.controls import other_registries
from whypull.vantage.ladder import WAYS_ON, Ladder, NodeLost, NoVantage
from whypull.vantage.node_walk import Wanted, unfinished

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from whypull.dockerconfig import Decoded
    from whypull.model import Certainty, Diagnosis, Fact, Pull
    from whypull.read.kubeconfig import Access
    from whypull.read.live import Looked
    from whypull.vantage.ladder import Place

    Say = Callable[[str], None]

MOST = 60  # diagnoses that are walked in one run
AT_ONCE = 4  # nodes that are walked from side by side
_THERE = "The node may see it differently: --from node."


def proved(diagnoses: Sequence[Diagnosis], looked: Looked, access: Access, chosen: Namespace, say: Say) -> list[Diagnosis]:
    """The ladder by itself: what is not proved yet is looked for in the node's log, then walked from a pod there."""
    found = list(diagnoses)
    for how in ("node-logs", "node"):
        wanted = [n for n, one in enumerate(found) if not _certain(one) and one.pull.node][:MOST]
        if not wanted:
            break
        chosen.vantage = how
        for number, made in _each(found, wanted, looked, Ladder(access, chosen), say).items():
            found[number] = made if how == "node" or made.vantage != found[number].vantage else found[number]
    return found


def _certain(one: Diagnosis) -> bool:
    return one.verdict == "cause" and bool(one.findings) and one.findings[0].certainty == "proved"


def walked(diagnoses: Sequence[Diagnosis], looked: Looked, access: Access, chosen: Namespace, say: Say) -> list[Diagnosis]:
    """Each diagnosis, walked from its node as the user chose. One that cannot be walked stays, with a note on why."""
    numbers = sorted(range(len(diagnoses)), key=lambda n: _certain(diagnoses[n]))[:MOST]
    made = _each(diagnoses, sorted(numbers), looked, Ladder(access, chosen), say)
    left = f"Not walked: {MOST} pulls are walked in one run. Name a namespace or a pod to walk this one."
    return [made.get(number) or _noted(one, left) for number, one in enumerate(diagnoses)]


def _each(
    diagnoses: Sequence[Diagnosis], numbers: Iterable[int], looked: Looked, ladder: Ladder, say: Say
) -> dict[int, Diagnosis]:
    """Number → what became of it. A node is reached once for all of its pulls, and several nodes at the same time."""
    by_node: dict[str, list[int]] = {}
    for number in numbers:
        by_node.setdefault(diagnoses[number].pull.node, []).append(number)

    def on_node(name: str) -> dict[int, Diagnosis]:
        with ladder.at(name) as place:
            return {number: _walked(diagnoses[number], looked, place, say) for number in by_node[name]}

    made: dict[int, Diagnosis] = {}
    names = iter(by_node)
    for name in names:  # alone until somebody agreed: the question is asked once
        made |= on_node(name)
        if ladder.agreed or ladder.chosen.vantage in {"ssh", "here", "node-logs"}:
            break
    for one in ladder.side_by_side(on_node, list(names), AT_ONCE):
        made |= one
    return made


def _walked(one: Diagnosis, looked: Looked, place: Place, say: Say) -> Diagnosis:
    how, pull, ladder = place.ladder.chosen.vantage, one.pull, place.ladder
    why = _nowhere(pull, how)
    if why:
        return _noted(one, why)
    try:
        if how == "node-logs":
            return _by_logs(one, looked, ladder)
        if how == "here":
            return _from_here(one, looked, ladder)
        say(f"reaching node {pull.node}")
        if how == "cri":
            return _by_runtime(one, looked, place.shell(), say)
        walk = place.walk()
        say(f"walking {pull.image} from node {pull.node}")
        facts = tuple(walk.facts(wanted_of(pull, looked, ladder.access)))
        return again(one, looked, facts, f"node {pull.node}", walk.shell.costs())
    except (NoVantage, NodeLost) as e:
        return _noted(one, f"Not walked from {pull.node or 'its node'}: {e}")


def _nowhere(pull: Pull, how: str) -> str:
    """Why there is no node to walk a pull from; empty where there is one."""
    if not pull.node and how != "here":
        return "The pod is on no node yet, so there is none to walk from."
    if pull.container == "sandbox" and how not in {"ssh", "here", "node-logs"}:
        why = "no pod starts there without its sandbox image, so none can be made to walk from"
        return f"Not walked from {pull.node}: {why}. {WAYS_ON}"
    return ""


def again(one: Diagnosis, looked: Looked, facts: Sequence[Fact], vantage: str, costs: Sequence[str] = ()) -> Diagnosis:
    """The diagnosis of the same pulls with what was seen from the vantage besides."""
    said = next((c for c in looked.reading.cases if c.pull == one.pull), None)
    known = said.facts if said else looked.inventory.facts(one.pull)
    case = Case(one.pull, (*known, *facts), vantage)
    looked.walked[one.pull] = case
    made = diagnose(case, failures)
    notes = [*one.notes, *costs]
    steps = [f for f in facts if isinstance(f, Tried)]
    if cut := unfinished(facts):
        notes.insert(0, f"From {vantage} nothing failed so far, but the walk did not come to its end: {cut}")
    elif steps and not _of_the_pod(made) and not diagnose(Case(one.pull, tuple(steps), vantage), failures).findings:
        works = f"From {vantage} every step works now, up to the layers, which are not unpacked"
        notes.insert(0, f"{works}: it may be mended already (the kubelet tries again by itself), or what fails comes after that.")
    return replace(made, count=one.count, pulls=one.pulls, since=one.since or made.since, notes=tuple(notes))


def _of_the_pod(made: Diagnosis) -> bool:
    """Whether the cause is what the pod itself says: then nobody tries the pull, and that it would work is no news."""
    return bool(made.findings) and made.findings[0].cause.startswith("spec.")


def wanted_of(pull: Pull, looked: Looked, access: Access) -> Wanted:
    """The image, and the credentials that the kubelet would hand over: read anew, kept in the vault only."""
    facts = looked.inventory.facts(pull)
    pod = next((f for f in facts if isinstance(f, PodSeen)), PodSeen())
    node = looked.inventory.nodes.get(pull.node)
    platform = f"linux/{node.arch}" if node and node.arch else "linux/amd64"
    vault, names, all_of_them = Vault(), [], []
    host = _host(pull.image)
    with Cluster(access) as cluster:
        for name in pod.pull_secrets if pull.container != "sandbox" else ():
            decoded = _decoded(cluster, pull.namespace, name)
            if decoded is not None:
                all_of_them.append(decoded)
                names += _into_vault(decoded, vault, pull, name, host)
    return Wanted(pull.image, tuple(names), vault, other_registries(all_of_them, host), platform)


def _decoded(cluster: Cluster, namespace: str, name: str) -> Decoded | None:
    """One secret, taken apart; None where it cannot be read."""
    import json  # noqa: PLC0415
    from base64 import b64decode  # noqa: PLC0415

    try:
        secret = json.loads(cluster.get(f"/api/v1/namespaces/{namespace}/secrets/{name}"))
        data = {key: b64decode(value or "") for key, value in (secret.get("data") or {}).items()}
    except (ApiError, Unreachable, ValueError):
        return None
    return decode(secret.get("type", ""), data)


def _into_vault(decoded: Decoded, vault: Vault, pull: Pull, name: str, host: str) -> list[str]:
    """Puts one secret's matching credentials into the vault; their names there."""
    seen = SecretSeen(pull.namespace, name, entries=decoded.entries, problem=decoded.problem)
    wanted = [e.key for e in explain(pull.image, [seen]).matching if not e.empty]
    found = []
    for entry, held in zip(decoded.entries, decoded.credentials, strict=True):
        if entry.key in wanted:
            user, password = held.reveal()
            vault.add(f"{name}:{entry.key}", user, password, (host,))
            found.append(f"{name}:{entry.key}")
    return sorted(found, key=lambda n: wanted.index(n.partition(":")[2]))


def _host(image: str) -> str:
    try:
        domain = parse(image).domain
    except InvalidReference:
        return ""
    return "registry-1.docker.io" if domain == "docker.io" else domain


def _by_logs(one: Diagnosis, looked: Looked, ladder: Ladder) -> Diagnosis:
    """What the node's own log says of this image: it keeps the cause of every attempt, also when events were dropped."""
    from whypull.read.reading import read_bytes  # noqa: PLC0415

    reading = read_bytes(ladder.node_logs(one.pull.node))
    said = [f for c in reading.cases if c.pull.image == one.pull.image for f in c.facts if isinstance(f, Said)]
    if not said:
        return _noted(one, f"The log of {one.pull.node} says nothing of {one.pull.image}.")
    return again(one, looked, said, f"the log of node {one.pull.node}")


def _by_runtime(one: Diagnosis, looked: Looked, shell: Any, say: Say) -> Diagnosis:
    """The runtime's own pull on the node: the ground truth of its proxy, mirrors, roots and store, without credentials."""
    import re  # noqa: PLC0415

    shell.look()
    if "crictl" not in shell.tools:
        return _noted(one, f"{one.pull.node} has no crictl, so its runtime cannot be asked.")
    if not re.fullmatch(r"[A-Za-z0-9._:/@\[\]-]{1,500}", one.pull.image):
        return _noted(one, f"{one.pull.image} is no reference that can be handed to crictl.")
    say(f"crictl pull {one.pull.image} on {one.pull.node}")
    ran = shell.run(f"crictl --timeout 120s pull {one.pull.image} 2>&1", 150)
    text = ran.out.decode("utf-8", "replace").strip()
    if ran.code == 0:
        return _noted(one, f"The runtime of {one.pull.node} has pulled {one.pull.image} without credentials: {text[:200]}")
    said = Said(text[:8000], by="crictl", via="output")
    note = "crictl asked the runtime without the kubelet's credentials: a refusal for want of them is no news."
    return again(one, looked, (said,), f"the runtime of node {one.pull.node}", (note,))


def _from_here(one: Diagnosis, looked: Looked, ladder: Ladder) -> Diagnosis:
    """Walked from this machine, with the pull's own credentials: quick, and not the node's view."""
    from whypull.probe.proxy_rules import of_environment  # noqa: PLC0415
    from whypull.probe.walk import Target, pull, run  # noqa: PLC0415
    from whypull.probe.wire import Wire  # noqa: PLC0415

    wanted = wanted_of(one.pull, looked, ladder.access)
    nameservers: tuple[str, ...] = ()
    with contextlib.suppress(OSError), open(resolv_conf.PATH, encoding="utf-8", errors="replace") as file:
        nameservers = resolv_conf.nameservers_of(file.read(64 * 1024))
    proxy, names = of_environment(os.environ), wanted.names
    target = Target(one.pull.image, credentials=names, proxy=proxy, nameservers=nameservers, platform=wanted.platform)
    try:
        facts = tuple(run(pull(target), Wire(vault=wanted.vault).perform, "here", one.pull.image))
    except InvalidReference:
        return one
    if cut := unfinished(facts):
        return _noted(one, f"From this machine the walk did not come to its end: {cut} {_THERE}")
    return seen_from_here(one, again(one, looked, facts, "here"), stopped_at(facts))


def seen_from_here(one: Diagnosis, made: Diagnosis, stop: Tried | None) -> Diagnosis:
    """What a walk from this machine adds to what the cluster shows: never a proof, for it is another machine that pulls.

    `made` is the diagnosis with the walk's facts, `stop` the step at which it stopped. What a registry has and whom it knows is
    the same for both machines; names, ways, certificates and the address that a registry sees are each one's own.
    """
    best = next(iter(made.findings), None)
    if stop is None or best is None:
        works = "From this machine every step works: what fails is the node's own (its names, way, trust, address), or is mended."
        return _noted(one, f"{works} {_THERE}")
    named = {f.cause for f in one.findings}
    own = not isinstance(stop.step, Request) or bool(best.args.get("ip"))
    if named and best.cause not in named:
        return _noted(one, f"From this machine it stops otherwise: {' '.join(stop.words.split())[:300]} [{best.cause}]. {_THERE}")
    if own and named:
        return _noted(one, f"From this machine it stops in the same way [{best.cause}]. {_THERE}")
    most: Certainty = "possible" if own else "likely"
    if CERTAINTIES.index(best.certainty) < CERTAINTIES.index(most):
        made = replace(made, findings=(replace(best, certainty=most), *made.findings[1:]))
    return replace(made, notes=(f"Walked from this machine. {_THERE}", *made.notes))


def _noted(one: Diagnosis, note: str) -> Diagnosis:
    return replace(one, notes=(note, *one.notes))
