"""whypull completion: a script for the shell, made from the verbs' own parsers."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Sequence

EPILOG = """\
  bash   source <(whypull completion bash)
  zsh    whypull completion zsh > "${fpath[1]}/_whypull"
  fish   whypull completion fish > ~/.config/fish/completions/whypull.fish

For kubectl whypull: whypull completion kubectl > ~/bin/kubectl_complete-whypull && chmod +x ~/bin/kubectl_complete-whypull
"""
# kubectl 1.26 and newer run kubectl_complete-PLUGIN with the words so far and read candidates and a directive
# (https://github.com/kubernetes/kubernetes/pull/105867).
KUBECTL = """\
#!/bin/sh
# Completion of `kubectl whypull`, called by kubectl 1.26 and newer.
case $# in
  0|1) printf '%s\\n' {verbs} ;;
esac
echo :0
"""


def parser() -> ArgumentParser:
    """The verb's arguments."""
    from whypull.commands import options  # noqa: PLC0415

    made = options.parser("completion", "Prints a completion script.", EPILOG)
    made.add_argument("shell", choices=("bash", "zsh", "fish", "tcsh", "powershell", "kubectl"))
    return made


def run(args: Sequence[str]) -> int:
    """Prints the script for one shell. Raises UsageError."""
    from whypull.cli import VERBS  # noqa: PLC0415

    shell = parser().parse_args(args).shell
    if shell == "kubectl":
        print(KUBECTL.format(verbs=" ".join(VERBS)), end="")
        return 0
    import shtab  # noqa: PLC0415 - only here: it writes the scripts

    print(shtab.complete(_whole(), shell))
    return 0


def _whole() -> ArgumentParser:
    """One parser with every verb in it."""
    import argparse  # noqa: PLC0415
    from importlib import import_module  # noqa: PLC0415

    from whypull.cli import VERBS  # noqa: PLC0415

    whole = argparse.ArgumentParser(prog="whypull")
    whole.add_argument("--version", action="store_true", help="the version")
    verbs = whole.add_subparsers()
    for verb, words in VERBS.items():
        verbs.add_parser(verb, help=words, parents=[import_module(f"whypull.commands.{verb}").parser()], add_help=False)
    return whole
