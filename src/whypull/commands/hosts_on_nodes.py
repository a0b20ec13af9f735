"""whypull hosts --from node: every host that the failing pulls of a cluster ask, as their own nodes meet them."""

from __future__ import annotations

import sys

from whypull.cli import FOUND, OK, UNDECIDED, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Sequence

    from whypull.model import Diagnosis

EPILOG = """\
  whypull hosts -n shop --from node              of a namespace: a pod that pulls nothing is made on each node, after asking
  whypull hosts pod/web-0 -n shop --from ssh     of one pod, by your own ssh

A pull that is stopped shows no host behind the one that stops it: open that one, and ask again. What a registry's documentation
names is in  whypull hosts --known REGISTRY.
"""


def is_meant(args: Sequence[str]) -> bool:
    """Whether the hosts are wanted as nodes see them."""
    return any(word.partition("=")[0] == "--from" for word in args)


def parser() -> ArgumentParser:
    """The arguments."""
    from whypull.commands import cluster, options  # noqa: PLC0415 - only who comes here pays for it
    from whypull.commands.hosts import FORMATS  # noqa: PLC0415 - only who comes here pays for it

    made = options.parser("hosts", "Every host and port that failing pulls use, measured from their nodes.", EPILOG)
    made.add_argument("target", nargs="*", metavar="TARGET", help="pod/NAME, deploy/NAME, … (all of the namespace)")
    cluster.add_cluster(made)
    made.add_argument("-l", "--selector", default="", metavar="LABELS", help="pods with these labels")
    made.add_argument("--from", dest="vantage", choices=("node", "ssh"), required=True, help="from where they are asked")
    made.add_argument("--yes", action="store_true", help="make the node pods without asking")
    made.add_argument("--ssh", default="", metavar="[USER@]HOST", help="with --from ssh: where, if not the node's own address")
    made.add_argument("--node-pod-namespace", default=cluster.NODE_POD_NAMESPACE, metavar="NAME", help="where node pods are made")
    made.add_argument("-o", "--output", choices=FORMATS, default="table", help="how it is written (table)")
    return made


def run(args: Sequence[str]) -> int:
    """Walks the failing pulls from their nodes and lists the hosts. Raises UsageError.

    Returns 1 where one of the hosts could not be reached, 3 where no pull could be walked.
    """
    from whypull.commands import cluster  # noqa: PLC0415 - only who comes here pays for it
    from whypull.commands.hosts import hosts_of, written  # noqa: PLC0415 - only who comes here pays for it
    from whypull.diagnose import diagnoses_of  # noqa: PLC0415 - only who comes here pays for it
    from whypull.read.message import failures  # noqa: PLC0415 - only who comes here pays for it
    from whypull.vantage.from_nodes import walked  # noqa: PLC0415 - only who comes here pays for it
    from whypull.vantage.ladder import NeedsConsent  # noqa: PLC0415 - only who comes here pays for it

    chosen = parser().parse_args(args)
    with cluster.progress(chosen) as say:
        looked, access = cluster.seen(chosen, cluster.scope_of(chosen), say)
        diagnoses = diagnoses_of(looked.reading, failures)
        if not diagnoses:
            print("No pull fails there, so there is none to walk: whypull hosts IMAGE asks from this machine.")
            return OK
        try:
            made = walked(diagnoses, looked, access, chosen, say)
        except NeedsConsent as e:
            raise UsageError(f"{e}.") from e
    cases = list(looked.walked.values())
    if not cases:
        print(_why_not(made), file=sys.stderr)
        return UNDECIDED
    hosts = hosts_of(cases)
    sys.stdout.write(written(hosts, chosen.output, " and ".join(sorted({case.vantage for case in cases}))))
    return OK if all(host.reached for host in hosts) else FOUND


def _why_not(made: Sequence[Diagnosis]) -> str:
    said = [note for one in made for note in one.notes if note.startswith("Not walked")]
    return said[0] if said else "No pull could be walked from its node: these fail before any host is asked."
