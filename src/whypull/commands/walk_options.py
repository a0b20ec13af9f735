"""The options of the verbs that walk, as one table: argparse is made of it, and a usual command line is read without argparse."""

from __future__ import annotations

from whypull.commands.options import COLOURS, FORMATS, Chosen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence
    from typing import Any

DEPTHS = ("dns", "tls", "auth", "manifest", "layers")
# option, kind (text, list, flag, number, or its choices), default, metavar, help
WALK: tuple[tuple[str, str | tuple[str, ...], Any, str, str], ...] = (
    ("--docker-config", "text", None, "FILE", "a docker config.json"),
    ("--pull-secret", "list", (), "FILE", "a Secret manifest, as a pod would name it (repeatable)"),
    ("--username", "text", None, "USER", "who asks"),
    ("--password-stdin", "flag", False, "", "the password is on standard input"),
    ("--trust-realm", "list", (), "HOST", "a token service of another domain that may see the credentials (repeatable)"),
    ("--certs-d", "text", None, "DIR", "containerd's config_path: the hosts.toml files of a node"),
    ("--registries-conf", "text", None, "FILE", "CRI-O's registries.conf, with the folder FILE.d beside it"),
    ("--runtime-version", "text", "", "VERSION", "containerd's or CRI-O's, where its configuration is given"),
    ("--proxy", "text", None, "URL", "as the runtime's HTTPS_PROXY (this shell's, where not given; '' for none)"),
    ("--no-proxy", "text", None, "LIST", "as the runtime's NO_PROXY"),
    ("--ca", "text", None, "FILE", "a CA to trust besides the system's"),
    ("--resolver", "text", None, "ADDRESS", "the nameserver to ask instead of the system's"),
    ("--platform", "text", "linux/amd64", "OS/ARCH", "which variant (linux/amd64)"),
    ("--insecure", "flag", False, "", "go on although the certificate does not verify"),
    ("--plain-http", "flag", False, "", "the registry speaks HTTP"),
    ("--depth", DEPTHS, "manifest", "", "how far to walk (manifest)"),
    ("--timeout", "number", 60.0, "SECONDS", "for all of it (60)"),
)
SAVE = ("--save", "text", None, "FILE", "write the facts, without secrets, as a case that explain replays")


def add_walk(made: ArgumentParser, *more: tuple[str, str | tuple[str, ...], Any, str, str]) -> None:
    """Adds how to walk: credentials, the runtime's configuration, proxy, trust, resolver, depth, time."""
    made.add_argument("images", nargs="+", metavar="IMAGE")
    for name, kind, default, metavar, words in (*WALK, *more):
        if kind == "flag":
            made.add_argument(name, action="store_true", help=words)
        elif kind == "list":
            made.add_argument(name, action="append", default=[], metavar=metavar, help=words)
        elif kind == "number":
            made.add_argument(name, type=float, default=default, metavar=metavar, help=words)
        elif kind == "text":
            made.add_argument(name, default=default, metavar=metavar, help=words)
        else:
            made.add_argument(name, choices=kind, default=default, help=words)


def plain(args: Sequence[str]) -> Namespace | None:
    """The arguments of `check` where they are only whole options that are right; None for argparse to look at them.

    Importing argparse and making a parser costs 11 ms, an eighth of a walk on loopback.
    """
    table = {name: (kind, default) for name, kind, default, _, _ in (*WALK, SAVE)}
    chosen: dict[str, Any] = {_field(n): [] if kind == "list" else default for n, (kind, default) in table.items()}
    chosen |= {"images": [], "output": "text", "width": 0, "color": "auto"}
    table |= {"-o": (FORMATS, ""), "--output": (FORMATS, ""), "--color": (COLOURS, "")}
    rest = iter(args)
    for arg in rest:
        if not arg.startswith("-"):
            chosen["images"].append(arg)
            continue
        kind, _ = table.get(arg, ("", None))
        value: Any = True if kind == "flag" else next(rest, None)
        if not kind or value is None or (isinstance(value, str) and value.startswith("-")):
            return None
        if kind == "number":
            if not value.replace(".", "", 1).isdigit():
                return None
            value = float(value)
        if isinstance(kind, tuple) and value not in kind:
            return None
        field = "output" if arg == "-o" else _field(arg)
        chosen[field] = [*chosen[field], value] if kind == "list" else value
    return _namespace(chosen) if chosen["images"] else None


def _namespace(chosen: dict[str, Any]) -> Namespace:
    """What argparse would give, without argparse."""
    made: Any = Chosen(**chosen)
    namespace: Namespace = made
    return namespace


def _field(option: str) -> str:
    return option.lstrip("-").replace("-", "_")
