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
# kubectl 1.26 and newer run kubectl_complete-PLUGIN with the words so far, the last one unfinished, and read candidates, one a
# line, and a directive: :0 files too, :4 nothing else (https://github.com/kubernetes/kubernetes/pull/105867, cobra's
# ShellCompDirective). It is a script without a start of Python: the candidates are written into it.
KUBECTL = """\
#!/bin/sh
# Completion of `kubectl whypull`, called by kubectl 1.26 and newer.
if [ $# -le 1 ]; then
  printf '%s\\n' {verbs} --version --help
  echo :4
  exit
fi
before= last=
for word; do before=$last last=$word; done
case "$1 $before" in
{values}
esac
case "$1" in
{options}
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
    shell = parser().parse_args(args).shell
    if shell == "kubectl":
        print(_for_kubectl(), end="")
        return 0
    import shtab  # noqa: PLC0415 - only here: it writes the scripts

    print(shtab.complete(_whole(), shell))
    return 0


def _whole() -> ArgumentParser:
    """One parser with every verb in it."""
    import argparse  # noqa: PLC0415

    from whypull.cli import VERBS  # noqa: PLC0415

    whole = argparse.ArgumentParser(prog="whypull")
    whole.add_argument("--version", action="store_true", help="the version")
    verbs = whole.add_subparsers()
    for verb, words in VERBS.items():
        verbs.add_parser(verb, help=words, parents=[_of_verb(verb)], add_help=False)
    return whole


def _of_verb(verb: str) -> ArgumentParser:
    from importlib import import_module  # noqa: PLC0415

    made: ArgumentParser = import_module(f"whypull.commands.{verb}").parser()
    return made


def _for_kubectl() -> str:
    """The script kubectl_complete-whypull: verbs, then each verb's options, and the values of those that have a choice."""
    from whypull.cli import VERBS  # noqa: PLC0415

    values, options = [], []
    for verb in VERBS:
        flags: list[str] = []
        words: list[str] = []
        for action in _of_verb(verb)._actions:  # noqa: SLF001 - argparse has no other way to list them
            flags += [flag for flag in action.option_strings if flag.startswith("--")]
            choices = [str(choice) for choice in action.choices or ()]
            if choices and action.option_strings:
                cases = "|".join(f'"{verb} {flag}"' for flag in action.option_strings)
                values.append(f"  {cases}) printf '%s\\n' {' '.join(choices)}; echo :4; exit ;;")
            words += [] if action.option_strings else choices
        if verb == "explain":
            from whypull.causes import catalogue  # noqa: PLC0415

            words += catalogue()
        options.append(f"  {verb}) printf '%s\\n' {' '.join([*words, *flags])} ;;")
    return KUBECTL.format(verbs=" ".join(VERBS), values="\n".join(values), options="\n".join(options))
