"""Arguments and exit codes. Each verb is a module of commands/, imported when it is called for.

Exit codes: 0 nothing failed, 1 a cause was found, 2 usage or unreadable input, 3 undecided, 4 a bug of ours.
"""

from __future__ import annotations

import gc
import os
import sys

from whypull import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

OK, FOUND, USAGE, UNDECIDED, BUG = 0, 1, 2, 3, 4
INTERRUPTED = 130

VERBS = {
    "explain": "why the pulls in a paste, file, directory or archive fail; or the page of a cause",
    "check": "walk the pull of an image again from here, and prove what stops it",
    "hosts": "every host and port that a pull really uses",
    "egress": "which addresses the cluster's nodes leave from, and who lets them in",
    "verify": "pull once more on the failing node, running nothing: is it mended?",
    "fix": "copy, make or attach a pull secret: shown and tried first, made when you confirm",
    "watch": "wait until the failing pods have their images",
    "dynatrace": "Dynatrace's images: who pulls each, and what stops them or their injection",
    "demo": "faulty registries on this machine, walked for real",
    "causes": "the catalogue of causes",
    "completion": "a completion script for your shell",
}

HELP = """\
{prog}: why can this node not pull this image, who can fix it, and with which command?

  kubectl describe pod web-0 | {prog}      the cause of what Kubernetes said
  {prog} explain events.json node.log dump.tar.gz
                                           files, directories, archives, together
  {prog} explain auth.ip-not-allowed       all about one cause
  {prog} check registry.example.com/app:1  walk the pull again from here

Verbs
{verbs}

{prog} VERB --help tells more. Installed as whypull and as kubectl whypull.
Exit codes: 0 nothing failed, 1 a cause was found, 2 usage or unreadable input,
            3 undecided or unknown, 4 a bug of ours."""


def called() -> str:
    """How the user calls this program: "kubectl whypull" where kubectl started it as its plugin."""
    return "kubectl whypull" if os.path.basename(sys.argv[0]).startswith("kubectl-") else "whypull"


class UsageError(Exception):
    """What the user gave cannot be used; the message says why and what to do. Exit code 2."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command line and returns its exit code. Raises nothing."""
    args = list(sys.argv[1:] if argv is None else argv)
    if argv is None:
        gc.set_threshold(
            20_000, 50, 50
        )  # a process of our own makes much and leaves few cycles: looking for them is 5 % of a run
    _never_fail_to_encode()
    if args[:1] in (["--version"], ["version"]):
        print(f"whypull {__version__}")
        return OK
    try:
        code = _run(args)
        sys.stdout.flush()  # a reader that has gone must show here, not at exit
    except UsageError as e:
        from whypull.render.safe import block  # noqa: PLC0415 - file names are outside text too

        print(f"{called()}: {block(str(e))}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        print(f"{called()}: stopped.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has gone (`| head`): what is still buffered must not raise again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except Exception as e:  # noqa: BLE001 - the last resort: our own bug must not look like a diagnosis
        return _bug(e)
    if argv is None and _verb(args)[0] in {"check", "cluster", "explain"}:
        sys.stderr.flush()
        os._exit(code)  # all is written; taking a hundred modules and TLS apart is 5 ms, and threads of a walk may still hang
    return code


def _never_fail_to_encode() -> None:
    """A terminal that cannot show a character gets its escape; an answer must not end in a traceback for a check mark."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _run(args: list[str]) -> int:
    verb, rest = _verb(args)
    if verb == "help":
        print(HELP.format(prog=called(), verbs="\n".join(f"  {name:<12}{words}" for name, words in VERBS.items())))
        return OK
    if verb not in VERBS and verb != "cluster":
        raise UsageError(_unknown(verb))
    from importlib import import_module  # noqa: PLC0415 - only the chosen verb is loaded

    return int(import_module(f"whypull.commands.{verb}").run(rest))


def _verb(args: list[str]) -> tuple[str, list[str]]:
    """The verb and what follows it. Without one, a pipe is something to explain, and the cluster is what is meant else."""
    if args and args[0] in {"-h", "--help", "help"}:
        return "help", []
    if args and args[0] in VERBS:
        return args[0], args[1:]
    from whypull.commands import cluster  # noqa: PLC0415

    if cluster.is_meant(args):
        return "cluster", args
    if not args or args[0].startswith("-"):
        return ("cluster" if sys.stdin.isatty() else "explain"), args
    return args[0], args[1:]


def _unknown(verb: str) -> str:
    from difflib import get_close_matches  # noqa: PLC0415

    near = get_close_matches(verb, VERBS, n=1)
    if near:
        return f"there is no verb {verb!r}; did you mean {near[0]!r}?"
    if os.path.exists(verb) or " " in verb or "." in verb:
        return f"there is no verb {verb!r}; to have it explained: {called()} explain {verb!r}"
    return f"there is no verb {verb!r}; the verbs are {', '.join(VERBS)}."


def _bug(error: Exception) -> int:
    if os.environ.get("WHYPULL_DEBUG"):
        import traceback  # noqa: PLC0415

        traceback.print_exception(error)
    print(
        f"whypull itself failed ({type(error).__name__}); this says nothing about your pull.\n"
        "WHYPULL_DEBUG=1 shows where. Please report it with that, and with the input if you may share it.",
        file=sys.stderr,
    )
    return BUG


if __name__ == "__main__":
    from whypull.cli import main as run  # the module that the verbs import, whose UsageError is the one they raise

    raise SystemExit(run())
