"""The environment that systemd gives a service: Environment= and EnvironmentFile= of its unit and drop-ins. Pure.

https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#Environment
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from whypull.runtimeconfig.flaws import Flaw

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_UNITS = ("/usr/lib/systemd/system", "/lib/systemd/system", "/run/systemd/system", "/etc/systemd/system")  # later ones win
_WORD = re.compile(r"""(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')+""", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable, its value, and the file that sets it."""

    name: str
    value: str
    file: str


def environment_of(service: str, files: Mapping[str, str]) -> tuple[dict[str, Variable], tuple[Flaw, ...]]:
    """What a service ("containerd") would have if it were started now, and what is wrong in the files that say so."""
    found: dict[str, Variable] = {}
    flaws: list[Flaw] = []
    for path in unit_files(service, files):
        for key, value in settings(files[path]):
            if key == "Environment":
                if not value:
                    found.clear()
                for name, text in _assignments(value, path, flaws):
                    found[name] = Variable(name, text, path)
            elif key == "EnvironmentFile":
                for variable in _of_file(value, files, flaws):
                    found[variable.name] = variable
    return found, tuple(flaws)


def unit_files(service: str, files: Mapping[str, str]) -> list[str]:
    """The unit's own file and its drop-ins as systemd reads them: drop-ins by name, /etc over /run over /usr."""
    units = [f"{folder}/{service}.service" for folder in _UNITS if f"{folder}/{service}.service" in files]
    drops: dict[str, str] = {}
    for folder in _UNITS:
        for path in sorted(files):
            if posixpath.dirname(path) == f"{folder}/{service}.service.d" and path.endswith(".conf"):
                drops[posixpath.basename(path)] = path
    return [*units[-1:], *(drops[name] for name in sorted(drops))]


def settings(text: str) -> Iterator[tuple[str, str]]:
    """key, value of the [Service] section (of any, where there is no section at all)."""
    section = "Service"
    for raw in re.sub(r"\\\n[ \t]*", " ", text).splitlines():
        line = raw.strip()
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
        elif "=" in line and section == "Service" and not line.startswith(("#", ";")):
            key, _, value = line.partition("=")
            yield key.strip(), value.strip()


def _assignments(value: str, path: str, flaws: list[Flaw]) -> Iterator[tuple[str, str]]:
    for word in _WORD.findall(value):
        name, sep, text = _unquoted(word).partition("=")
        if not sep or not _NAME.fullmatch(name):
            words = f"Environment= holds the word {_short(word)}, which is no assignment, and systemd passes over it"
            flaws.append(Flaw("environment-word", path, words))
            continue
        if re.search(r"(?<!%)%(?:%%)*(?!%)", text):
            words = f"{name} holds a % that stands alone: systemd takes it for a specifier, so it is written twice in a unit"
            flaws.append(Flaw("environment-percent", path, words))
        yield name, text.replace("%%", "%")


def _of_file(value: str, files: Mapping[str, str], flaws: list[Flaw]) -> Iterator[Variable]:
    optional, path = value.startswith("-"), value.lstrip("-").strip("\"'")
    if path not in files:
        if not optional:
            flaws.append(
                Flaw(
                    "environment-file-missing",
                    path,
                    f"EnvironmentFile={path} is not there: the service does not start",
                    stops=True,
                )
            )
        return
    for name, text in environment_file(files[path], path, flaws):
        yield Variable(name, text, path)


def environment_file(text: str, path: str, flaws: list[Flaw]) -> Iterator[tuple[str, str]]:
    """NAME=VALUE lines as systemd reads them: no `export`, no $expansion; quotes around the value are taken off."""
    for raw in re.sub(r"\\\n", "", text).splitlines():
        line = raw.strip()
        name, sep, value = line.partition("=")
        if not sep or line.startswith(("#", ";")):
            continue
        if name.startswith("export "):
            words = f"`export` is the shell's word: systemd passes over the line of {name[7:].strip()}"
            flaws.append(Flaw("environment-export", path, words, repair=f"sudo sed -i 's/^export //' {path}"))
            continue
        if _NAME.fullmatch(name.strip()):
            value = value.strip()
            yield name.strip(), value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value


def _unquoted(word: str) -> str:
    """A word without systemd's quotes and escapes; quotes count at its beginning and after blanks only, or around all of it."""
    if len(word) > 1 and word[0] == word[-1] and word[0] in "\"'":
        word = word[1:-1]
    else:
        word = re.sub(r"""=(["'])(.*)\1$""", r"=\2", word, flags=re.DOTALL)
    return re.sub(r"\\(.)", r"\1", word, flags=re.DOTALL)


def _short(word: str) -> str:
    name = word.partition("=")[0]
    return repr(name[:60])
