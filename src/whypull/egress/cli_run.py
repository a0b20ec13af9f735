"""Runs the user's own az, aws and gcloud: read-only questions, one process each, ended when it takes too long.

The only module that starts them. Their words for what went wrong become one sentence.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

from whypull.egress.cli_words import CLIS, means_nothing_there, said

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from whypull.egress.nouns import Command

SECONDS = 30.0  # of one command
AT_ONCE = 4
SLOW = "did not answer within"
LARGEST = 64 * 1024 * 1024  # bytes of one answer
# None of them may ask back, page, colour or install something.
QUIET = {
    "AZURE_CORE_NO_COLOR": "true", "AZURE_CORE_ONLY_SHOW_ERRORS": "true", "AZURE_EXTENSION_USE_DYNAMIC_INSTALL": "no",
    "AWS_PAGER": "", "AWS_CLI_AUTO_PROMPT": "off", "CLOUDSDK_CORE_DISABLE_PROMPTS": "1", "CLOUDSDK_CORE_DISABLE_COLOR": "1",
}  # fmt: skip
# What a question ends with, for each CLI. No get-…: that is also how tokens and secrets are got.
_READS = {
    "az": re.compile(r"show|list|list-instance-public-ips"),
    "aws": re.compile(r"describe-[a-z-]+|get-(?:caller-identity|registry-policy|instance-profile)|list-attached-role-policies"),
    "gcloud": re.compile(r"list|describe|get-status"),
}


class NotReadOnly(Exception):
    """A command that could change something was about to be run: a bug of ours."""


def run(command: Command, seconds: float = SECONDS) -> tuple[object, str]:
    """One command's decoded answer, and why there is none. Raises NotReadOnly."""
    if not reads_only(command.argv):
        raise NotReadOnly(shlex.join(command.argv))
    cli = command.argv[0]
    try:
        process = _started(command)
    except FileNotFoundError:
        return None, f"{cli} is not installed here (or not on PATH)"
    except OSError as e:
        return None, f"{cli} cannot be run: {(e.strerror or str(e)).lower()}"
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        _end(process)
        return None, f"{cli} {SLOW} {seconds:g} s"
    except BaseException:
        _end(process)
        raise
    return _decoded(cli, process.returncode, out, err.decode("utf-8", "replace"))


def _decoded(cli: str, code: int, out: bytes, err: str) -> tuple[object, str]:
    """What a CLI's output comes to. Nothing at all is how aws and gcloud say that there is nothing."""
    if code != 0:
        return ([], "") if means_nothing_there(err) else (None, said(cli, err or out.decode("utf-8", "replace")))
    if len(out) > LARGEST:
        return None, f"the answer of {cli} is larger than {LARGEST // 1024 // 1024} MiB"
    try:
        return (json.loads(out) if out.strip() else []), ""
    except (ValueError, RecursionError):
        return None, f"the answer of {cli} is no JSON"


def _started(command: Command) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - a CLI of the user's own PATH, arguments checked
        list(command.argv), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, **QUIET}, start_new_session=True,
    )  # fmt: skip


def performer(
    seconds: float = SECONDS, shown: Callable[[str], None] | None = None
) -> Callable[[Sequence[Command]], Iterable[tuple[Command, object, str]]]:
    """What answers questions by running them, a few at a time. `shown` is told of each, with how long it took.

    Once a CLI is missing or not logged in, or was too slow twice, it is not started again.
    """
    gone: dict[str, str] = {}
    slow: set[str] = set()

    def one(command: Command) -> tuple[Command, object, str]:
        cli = command.argv[0]
        if cli in gone:
            return command, None, gone[cli]
        began = time.monotonic()
        answer, problem = run(command, seconds)
        if shown:
            shown(f"$ {shlex.join(command.argv)}   # {problem or 'answered'}, {time.monotonic() - began:.1f} s")
        if "not installed" in problem or "not logged in" in problem:
            gone[cli] = problem
        if SLOW in problem:
            if cli in slow:
                gone[cli] = problem
            slow.add(cli)
        return command, answer, problem

    def perform(commands: Sequence[Command]) -> Iterator[tuple[Command, object, str]]:
        # The first of each CLI goes alone: where nobody is logged in, the others need not fail one by one.
        first = list({c.argv[0]: c for c in reversed(commands)}.values())
        rest = [c for c in commands if c not in first]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            yield from pool.map(one, first)
            yield from pool.map(one, rest)

    return perform


def reads_only(argv: Sequence[str]) -> bool:
    """Whether a command line is a question: the last word before its options is one that reads."""
    words = []
    for word in argv[1:]:
        if word.startswith("-"):
            break
        words.append(word)
    return argv[0] in CLIS and any(_READS[argv[0]].fullmatch(word) for word in words[-2:])


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends a CLI with the processes that it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        process.kill()
    process.communicate()
