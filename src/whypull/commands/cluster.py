"""whypull without a verb: what stops the pulls of the cluster that kubectl would talk to, and the proof from the node."""

from __future__ import annotations

import sys

from whypull.cli import UsageError, called
from whypull.records import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence
    from typing import Any, Self

    from whypull.model import Diagnosis, Reading
    from whypull.read.kubeconfig import Access
    from whypull.read.live import Looked, Scope
    from whypull.vantage.matrix import Row

KINDS = {
    "pod": "pod", "pods": "pod", "po": "pod",
    "node": "node", "nodes": "node", "no": "node",
    "deployment": "deployment", "deployments": "deployment", "deploy": "deployment",
    "daemonset": "daemonset", "daemonsets": "daemonset", "ds": "daemonset",
    "statefulset": "statefulset", "statefulsets": "statefulset", "sts": "statefulset",
    "replicaset": "replicaset", "replicasets": "replicaset", "rs": "replicaset",
    "job": "job", "jobs": "job",
    "cronjob": "cronjob", "cronjobs": "cronjob", "cj": "cronjob",
}  # fmt: skip
FLAGS = frozenset({
    "-n", "--namespace", "-A", "--all-namespaces", "-l", "--selector", "--context", "--kubeconfig", "--from", "--as",
    "--as-group", "--request-timeout",
})  # fmt: skip
NODE_POD_NAMESPACE, PATIENCE = "kube-system", 30.0
VANTAGES = ("auto", "none", "here", "node-logs", "node", "ssh", "cri", "all-nodes")
# What a plain command line may say; the parser says it too, and a test holds the two together.
_UNSAID = {
    "target": [], "namespace": "", "context": "", "kubeconfig": "", "as_user": "", "as_group": [], "request_timeout": PATIENCE,
    "selector": "", "vantage": "auto", "ssh": "", "node_pod_namespace": NODE_POD_NAMESPACE, "save": "",
}  # fmt: skip
_SET = {"-A": "all_namespaces", "--all-namespaces": "all_namespaces", "--yes": "yes"}
_TAKE = {
    "-n": ("namespace", ()), "--namespace": ("namespace", ()), "--context": ("context", ()), "--kubeconfig": ("kubeconfig", ()),
    "-l": ("selector", ()), "--selector": ("selector", ()), "--from": ("vantage", VANTAGES),
}  # fmt: skip

EPILOG = """\
examples:
  whypull -n shop                        every failing pull of a namespace
  whypull -A                             of the whole cluster, grouped by cause
  whypull deploy/web -n shop             of one workload (pod, ds, sts, rs, job, cronjob, node too)
  whypull pod/web-0 --from node          walked again from the node that fails: a pod is made there that pulls nothing
  whypull -A --from all-nodes            one node of each kind: who sees what

It reads pods, and for failing ones their events, secrets, service accounts and nodes; what you may not see is said.

--from: auto (the node's log if it can be asked, then, on a terminal and after asking, a pod on the node), none, here (this
machine: quick, not the node's view), node-logs (the kubelet's log API), node (a pod on the node that pulls nothing), ssh (your
own ssh), cri (the runtime's own pull, without credentials), all-nodes (one node of each kind).
"""


def is_meant(args: Sequence[str]) -> bool:
    """Whether a command line without a verb is about the cluster: a target or one of kubectl's flags stands first."""
    if not args:
        return False
    first = args[0]
    if first.split("=")[0] in FLAGS or (first.startswith(("-n", "-l")) and not first.startswith("--") and len(first) > 2):
        return True
    kind, slash, _ = first.partition("/")
    return kind in KINDS and (bool(slash) or len(args) > 1)


def run(args: Sequence[str]) -> int:
    """Looks, diagnoses, walks where asked, prints. Returns the exit code; raises UsageError."""
    from whypull.commands.explain import exit_code  # noqa: PLC0415
    from whypull.diagnose import diagnoses_of  # noqa: PLC0415
    from whypull.read.message import failures  # noqa: PLC0415

    chosen = asked(args)
    scope = scope_of(chosen)
    with progress(chosen) as say:
        looked, access = seen(chosen, scope, say)
        diagnoses = [_with_spread(one, looked) for one in diagnoses_of(looked.reading, failures)]
        rows = None
        if chosen.vantage == "all-nodes" and diagnoses:
            rows, diagnoses[0] = _from_all_nodes(diagnoses[0], looked, access, chosen, say)
        else:
            diagnoses = _from_the_node(diagnoses, looked, access, chosen, say)
    reading = _said(looked, scope, diagnoses)
    if chosen.save:
        _save(diagnoses, looked, chosen.save)
    if rows is None:
        print_out(diagnoses, reading, chosen)
    else:
        _print_matrix(diagnoses, reading, rows, chosen)
    return exit_code(diagnoses)


def _from_the_node(diagnoses: list[Diagnosis], looked: Looked, access: Access, chosen: Namespace, say: Any) -> list[Diagnosis]:
    """The diagnoses walked as --from says. Raises UsageError where nobody can agree to a pod."""
    interactive = sys.stdin.isatty() and sys.stderr.isatty()
    if chosen.vantage == "none" or not diagnoses or (chosen.vantage == "auto" and not (interactive or chosen.yes)):
        return diagnoses
    from whypull.vantage.from_nodes import proved, walked  # noqa: PLC0415
    from whypull.vantage.ladder import NeedsConsent  # noqa: PLC0415

    try:
        return (proved if chosen.vantage == "auto" else walked)(diagnoses, looked, access, chosen, say)
    except NeedsConsent as e:
        raise UsageError(f"{e}.") from e


def _from_all_nodes(one: Diagnosis, looked: Looked, access: Access, chosen: Namespace, say: Any) -> tuple[list[Row], Diagnosis]:
    """The matrix of a diagnosis' pull, and the diagnosis with what its own node and another one saw. Raises UsageError."""
    from whypull.read.live import all_nodes  # noqa: PLC0415
    from whypull.vantage.from_nodes import again, wanted_of  # noqa: PLC0415 - only who comes here pays for it
    from whypull.vantage.ladder import Ladder, NeedsConsent  # noqa: PLC0415
    from whypull.vantage.matrix import beside, chosen_nodes, rows  # noqa: PLC0415 - only who comes here pays for it

    nodes = all_nodes(access, looked)
    failing = sorted({p.node for p in one.pulls if p.node})
    names = chosen_nodes(nodes, failing)
    try:
        found = rows(one.pull, wanted_of(one.pull, looked, access), names, nodes, Ladder(access, chosen), say)
    except NeedsConsent as e:
        raise UsageError(f"{e}.") from e
    own = next((row for row in found if row.node == one.pull.node and row.facts), None)
    return found, again(one, looked, (*own.facts, *beside(own, found)), f"node {own.node}") if own else one


def _print_matrix(diagnoses: Sequence[Diagnosis], reading: Reading, rows: Any, chosen: Namespace) -> None:
    """The diagnoses, then who sees what; in JSON and YAML one document."""
    from whypull.commands import options  # noqa: PLC0415
    from whypull.render.matrix import as_list, table  # noqa: PLC0415
    from whypull.vantage.matrix import differences  # noqa: PLC0415

    if chosen.output in {"json", "yaml"}:
        from whypull.render.as_json import as_dict  # noqa: PLC0415

        fields = as_dict(diagnoses, reading) | {"nodes": as_list(rows), "differences": list(differences(rows))}
        sys.stdout.write(options.dumps(chosen.output, fields))
        return
    print_out(diagnoses, reading, chosen)
    sys.stdout.write("\n" + table(rows, differences(rows), options.width(chosen.width)))


def _save(diagnoses: Sequence[Diagnosis], looked: Looked, path: str) -> None:
    """The facts of the first pull, with what a walk saw of it, as a case file. Raises UsageError."""
    from whypull.casefile import dumps  # noqa: PLC0415

    seen = next((c for c in looked.reading.cases if diagnoses and c.pull == diagnoses[0].pull), None)
    case = looked.walked.get(seen.pull, seen) if seen else None
    if case is None:
        raise UsageError("no pull fails there, so there is no case to save")
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(dumps(case))
    except OSError as e:
        raise UsageError(f"{path} cannot be written: {(e.strerror or str(e)).lower()}") from e


def asked(args: Sequence[str]) -> Namespace:
    """What a command line says. Raises UsageError."""
    from whypull.commands import options  # noqa: PLC0415 - only who comes here pays for it

    return options.plainly(args, _UNSAID, _SET, _TAKE) or parser().parse_args(args)


def parser() -> ArgumentParser:
    """The arguments."""
    from whypull.commands import options  # noqa: PLC0415

    made = options.parser("[TARGET]", "What stops the pulls of the cluster that kubectl would talk to.", EPILOG)
    made.add_argument("target", nargs="*", metavar="TARGET", help="pod/NAME, deploy/NAME, ds, sts, rs, job, cronjob, node")
    add_cluster(made)
    made.add_argument("-l", "--selector", default="", metavar="LABELS", help="pods with these labels")
    made.add_argument("--from", dest="vantage", choices=VANTAGES, default="auto", help="walk the pull again, from there")
    made.add_argument("--yes", action="store_true", help="make the node pod without asking")
    made.add_argument("--ssh", default="", metavar="[USER@]HOST", help="with --from ssh: where, if not the node's own address")
    made.add_argument(
        "--node-pod-namespace", default=NODE_POD_NAMESPACE, metavar="NAME", help="where the node pod is made (kube-system)"
    )
    made.add_argument("--save", default="", metavar="FILE", help="the facts of the first pull as a case file, without secrets")
    options.add_output(made)
    return made


def add_cluster(made: ArgumentParser) -> None:
    """kubectl's own flags for which cluster, as whom, and which namespace."""
    made.add_argument("-n", "--namespace", default="", metavar="NAME")
    made.add_argument("-A", "--all-namespaces", action="store_true")
    made.add_argument("--context", default="", metavar="NAME")
    made.add_argument("--kubeconfig", default="", metavar="FILE")
    made.add_argument("--as", dest="as_user", default="", metavar="USER", help="impersonate, as kubectl does")
    made.add_argument("--as-group", action="append", default=[], metavar="GROUP")
    made.add_argument("--request-timeout", type=float, default=PATIENCE, metavar="SECONDS")


def scope_of(chosen: Namespace) -> Scope:
    """Which pods are meant. Raises UsageError."""
    from whypull.read.live import Scope  # noqa: PLC0415

    words = list(chosen.target)
    if len(words) == 2 and "/" not in words[0]:
        words = [f"{words[0]}/{words[1]}"]
    if len(words) > 1:
        raise UsageError(f"one target at a time; this names {len(words)}: {' '.join(words)}")
    selector = getattr(chosen, "selector", "")
    if not words:
        return Scope(chosen.namespace, everywhere=chosen.all_namespaces, selector=selector)
    kind, _, name = words[0].partition("/")
    if kind.lower() not in KINDS:
        raise UsageError(f"{words[0]!r} is no target: pod/NAME, deploy/NAME, ds, sts, rs, job, cronjob or node/NAME")
    if not name:
        raise UsageError(f"which {KINDS[kind.lower()]}? Write {kind}/NAME.")
    return Scope(chosen.namespace, everywhere=chosen.all_namespaces, kind=KINDS[kind.lower()], name=name, selector=selector)


def reach(chosen: Namespace) -> Access:
    """How the cluster is reached with these flags. Raises UsageError."""
    from whypull.read.kubeconfig import BadKubeconfig, access  # noqa: PLC0415

    try:
        found = access(chosen.kubeconfig, chosen.context, chosen.namespace)
    except BadKubeconfig as e:
        raise UsageError(str(e)) from e
    if chosen.as_user:
        groups = tuple(("Impersonate-Group", group) for group in chosen.as_group)
        found = replace(found, impersonate=(("Impersonate-User", chosen.as_user), *groups))
    return found


def seen(chosen: Namespace, scope: Scope, say: Any) -> tuple[Looked, Access]:
    """A look at the cluster. Raises UsageError where it cannot be reached or does not have what was named."""
    from whypull.read.cluster import ApiError, Cluster, Unreachable  # noqa: PLC0415
    from whypull.read.kubeconfig import BadKubeconfig  # noqa: PLC0415
    from whypull.read.live import NotThere, look  # noqa: PLC0415

    access = reach(chosen)
    try:
        with Cluster(access, timeout=chosen.request_timeout) as cluster:
            return look(cluster, replace(scope, namespace=access.namespace), say), access
    except NotThere as e:
        raise UsageError(f"{e}.") from e
    except BadKubeconfig as e:
        raise UsageError(str(e)) from e
    except Unreachable as e:
        raise UsageError(f"{e}.") from e
    except ApiError as e:
        hint = " Log in again, as for kubectl." if e.status == 401 else ""
        raise UsageError(f"the API server refuses: {e}.{hint}") from e


def print_out(diagnoses: Sequence[Diagnosis], reading: Reading, chosen: Namespace) -> None:
    """The answer, in the format that was asked for."""
    from whypull.commands.explain import rendered  # noqa: PLC0415

    sys.stdout.write(rendered(diagnoses, reading, chosen))


class progress:  # noqa: N801 - used like a function
    """A line on stderr that says how far it is, on a terminal only; gone when the answer comes."""

    def __init__(self, chosen: Namespace) -> None:
        self._on = sys.stderr.isatty() and chosen.output in {"text", "table"}
        self._shown = False

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __call__(self, words: str) -> None:
        """Shows where the work is."""
        if self._on:
            print(f"\r\x1b[K{words[:100]}", end="", file=sys.stderr, flush=True)
            self._shown = True

    def __exit__(self, *_: object) -> None:
        """Wipes the line."""
        if self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _with_spread(one: Diagnosis, looked: Looked) -> Diagnosis:
    """The diagnosis, with what the cluster's other pods say of it, and which kind of node it hits."""
    from whypull.read.blast import only_nodes_of  # noqa: PLC0415

    nodes = {pull.node for pull in one.pulls or (one.pull,) if pull.node}
    more = (*looked.spread.notes(one.pull.image, nodes), *only_nodes_of(nodes, one.pull.image, looked))
    return replace(one, notes=(*one.notes, *(note for note in more if note not in one.notes)))


def _said(looked: Looked, scope: Scope, diagnoses: Sequence[Diagnosis]) -> Reading:
    """The reading with what the asker could not see, and what was looked at where nothing failed."""
    notes = list(looked.reading.notes)
    if not diagnoses:
        where = "all namespaces" if scope.everywhere else "the namespace"
        what = f"{scope.kind} {scope.name}" if scope.kind else where
        notes.insert(0, f"{looked.pods:,} pods of {what} were looked at.")
        if not scope.everywhere and not scope.kind:
            notes.append(f"Other namespaces were not: {called()} -A.")
    return replace(looked.reading, notes=(*notes, *looked.lacking))
