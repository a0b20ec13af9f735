"""A hosts.toml that containerd passes over, written anew from what can be read of it. Pure."""

from __future__ import annotations

import re

from whypull.runtimeconfig.flaws import pastable

_TABLE = re.compile(r"""^\s*\[\s*host\s*\.\s*["']?(?P<url>[^"'\]\s]+)""")
_VALUE = re.compile(r"""^\s*(?P<key>[A-Za-z_]+)\s*=\s*(?P<value>.+?)\s*(?:#.*)?$""")
_STRING = re.compile(r"""["']([^"']+)""")
_MEANT = {"insecure_skip_verify": "skip_verify", "insecure": "skip_verify", "ca_file": "ca", "cafile": "ca", "cacert": "ca"}
_CAPABILITIES = ("pull", "resolve", "push", "referrers")


def repaired(text: str, registry: str, path: str) -> str:
    """Commands that put a file in the place of a broken one: the same hosts, CAs and switches in words that containerd knows.

    Empty where a value may not stand in a command, or nothing of the file can be kept.
    """
    server, tables = _salvaged(text)
    root = tables.pop("", {})
    if not tables:
        tables = {server or f"https://{registry}": root}
    values = [server, registry, path, *tables, *(v for table in tables.values() for k, v in table.items() if k != "capabilities")]
    if not pastable(*(v for v in values if v)):
        return ""
    lines = [f'server = "{server or f"https://{registry}"}"', ""]
    for url, table in tables.items():
        lines += [f'[host."{url}"]', f"  capabilities = [{_capabilities(table)}]"]
        lines += [f'  ca = "{ca}"' for ca in (table.get("ca"),) if ca]
        lines += ["  skip_verify = true" for skip in (table.get("skip_verify"),) if skip == "true"]
        lines += ["  override_path = true" for override in (table.get("override_path"),) if override == "true"]
    whole = "\\n".join(lines) + "\\n"
    return f"sudo cp {path} {path}.old\nprintf '{whole}' | sudo tee {path}"


def _salvaged(text: str) -> tuple[str, dict[str, dict[str, str]]]:
    """The server, and URL → key → value of each [host] table ("" for what stands before the first)."""
    server, current = "", ""
    tables: dict[str, dict[str, str]] = {"": {}}
    for line in text.splitlines():
        table = _TABLE.match(line)
        if table:
            current = table["url"]
            tables.setdefault(current, {})
            continue
        found = _VALUE.match(line)
        if found is None:
            continue
        key = _MEANT.get(found["key"].lower(), found["key"].lower())
        string = _STRING.search(found["value"])
        if key == "server" and string:
            server = string[1]
        elif key == "capabilities":
            tables[current][key] = ",".join(re.findall(r"[A-Za-z]+", found["value"]))
        elif key == "ca" and string:
            tables[current][key] = string[1]
        elif key in {"skip_verify", "override_path"}:
            tables[current][key] = "true" if "true" in found["value"].lower() else "false"
    return server, tables


def _capabilities(table: dict[str, str]) -> str:
    named = [c for c in table.get("capabilities", "").split(",") if c]
    known = [c for c in named if c in _CAPABILITIES]
    if not known or known != named:
        known = ["pull", "resolve"]  # an unknown word was one of these two, or nothing was said
    if "pull" not in known or "resolve" not in known:
        known = list(dict.fromkeys(("pull", "resolve", *known)))
    return ", ".join(f'"{c}"' for c in known)
