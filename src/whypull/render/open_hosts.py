"""Hosts to open → the text that a firewall's or proxy's administrator pastes. Pure.

Each form says what it cannot say: addresses of registries change, so rules by address go stale.
"""

from __future__ import annotations

import csv
import io
import json
import re

from whypull.render.safe import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from whypull.egress.hosts_known import ToOpen

ROLES = {"registry": "registry", "token": "token service", "storage": "storage"}
BY_NAME_ONLY = (
    "# This kind of rule knows addresses only, and a registry's addresses change without notice: a rule by name belongs into a\n"
    "# firewall or proxy that knows names.\n"
)
_NAME = re.compile(r"[a-z0-9*._-]+")


def written(hosts: Sequence[ToOpen], form: str, sources: Sequence[str] = ()) -> str:
    """The hosts in one of FORMS, newline at its end. `sources`: the addresses that nodes come from, where rules name them."""
    return FORMS[form]([one for one in hosts if _NAME.fullmatch(one.host)], sources)


def table(hosts: Sequence[ToOpen], _: Sequence[str] = ()) -> str:
    """Columns for people, and where each is from."""
    rows = [
        ("HOST", "PORT", "WHAT IT IS", "KNOWN BY"),
        *((h.host, str(h.port), ROLES.get(h.role, h.role), _by(h)) for h in hosts),
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    lines = ["  ".join([*(cell.ljust(w) for cell, w in zip(row, widths, strict=False)), row[3]]).rstrip() for row in rows]
    notes = list(dict.fromkeys(f"{h.host}: {h.when}" for h in hosts if h.when))
    sources = list(dict.fromkeys(f"{h.source}{f' (read {h.checked})' if h.checked else ''}" for h in hosts if h.source))
    parts = ["\n".join(lines)]
    if notes:
        parts.append("\n".join(("Not for every pull", *(f"  {plain(one)}" for one in notes))))
    if sources:
        parts.append("\n".join(("Sources", *(f"  {one}" for one in sources))))
    return "\n\n".join(parts) + "\n"


def _by(host: ToOpen) -> str:
    if host.measured:
        return f"measured {host.measured}"
    return ("its documentation" if host.exact else "a pattern") if host.source else "its name"


def as_csv(hosts: Sequence[ToOpen], _: Sequence[str] = ()) -> str:
    """host,port,protocol,role,registry,exact,measured,when,source,checked."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("host", "port", "protocol", "role", "registry", "exact", "measured", "when", "source", "checked"))
    writer.writerows(
        (h.host, h.port, "tcp", h.role, h.registry, str(h.exact).lower(), h.measured, h.when, h.source, h.checked) for h in hosts
    )
    return out.getvalue()


def as_json(hosts: Sequence[ToOpen], _: Sequence[str] = ()) -> str:
    """One document with a list."""
    from dataclasses import asdict  # noqa: PLC0415

    return json.dumps({"schema": "whypull/1", "hosts": [asdict(h) for h in hosts]}, indent=2) + "\n"


def azure_firewall(hosts: Sequence[ToOpen], sources: Sequence[str] = ()) -> str:
    """Commands for a rule collection of an Azure Firewall policy. A * may stand only at the beginning of a name there."""
    lines = [
        "# Azure Firewall: application rules of a policy (https://learn.microsoft.com/azure/firewall/fqdn-filtering-network-rules)"
    ]
    origin = " ".join(sources) if sources else "<the nodes' subnet>"
    can = [h for h in hosts if "*" not in h.host[1:]]
    for port in sorted({h.port for h in can}):
        lines += [
            "az network firewall policy rule-collection-group collection add-filter-collection \\",
            "  --policy-name <policy> --resource-group <resource group> --rule-collection-group-name <group> \\",
            f"  --name whypull-registries-{port} --collection-priority 400 --action Allow --rule-type ApplicationRule \\",
            f"  --rule-name registries --source-addresses {origin} --protocols Https={port} \\",
            f"  --target-fqdns {' '.join(_quoted(name) for name in _names(can, port))}",
        ]
    return _joined(lines, [h for h in hosts if h not in can])


def _names(hosts: Sequence[ToOpen], port: int = 0) -> list[str]:
    return list(dict.fromkeys(h.host for h in hosts if port in {0, h.port}))


def _quoted(name: str) -> str:
    return f"'{name}'" if "*" in name else name


def _below(host: str) -> str:
    """A name as a suffix with a leading dot where that says exactly as much: *.x.example as .x.example. Else empty."""
    return host if "*" not in host else host[1:] if host.startswith("*.") and "*" not in host[1:] else ""


def _joined(lines: Sequence[str], left_out: Sequence[ToOpen]) -> str:
    """The lines, and which hosts are not in them: a wider pattern is never put in their place."""
    if not left_out:
        return "\n".join(lines) + "\n"
    words = f"# Left out, for this form cannot say it without opening more: {', '.join(_names(left_out))}"
    return "\n".join((*lines, words, "# Measure the exact hosts from a node: whypull hosts IMAGE")) + "\n"


def aws_network_firewall(hosts: Sequence[ToOpen], _: Sequence[str] = ()) -> str:
    """A stateful rule group by domain list; it looks at the TLS server name, and a leading dot stands for all below."""
    names = list(dict.fromkeys(filter(None, (_below(h.host) for h in hosts))))
    group = {
        "RulesSource": {"RulesSourceList": {"Targets": names, "TargetTypes": ["TLS_SNI"], "GeneratedRulesType": "ALLOWLIST"}}
    }
    command = "aws network-firewall create-rule-group --rule-group-name registries --type STATEFUL --capacity 100"
    lines = [
        "# AWS Network Firewall: save what is not a comment as registries.json, then",
        f"# {command} --rule-group file://registries.json",
    ]
    lines += [
        f"# {h.host} is on port {h.port}: a domain list looks at 443 unless its variables say otherwise"
        for h in hosts
        if h.port != 443
    ]
    return _joined([*lines, json.dumps(group, indent=2)], [h for h in hosts if not _below(h.host)])


def aws_security_group(hosts: Sequence[ToOpen], _: Sequence[str] = ()) -> str:
    """Security groups know no names: 443 to anywhere, or prefix lists for AWS's own services."""
    ports = sorted({h.port for h in hosts})
    lines = [BY_NAME_ONLY.rstrip("\n"), f"# The names: {', '.join(h.host for h in hosts)}"]
    lines += [
        f"aws ec2 authorize-security-group-egress --group-id <nodes' security group> --protocol tcp --port {port} "
        "--cidr 0.0.0.0/0"
        for port in ports
    ]
    return "\n".join(lines) + "\n"


def gcp_firewall(hosts: Sequence[ToOpen], _: Sequence[str] = ()) -> str:
    """A rule by names of a Cloud NGFW policy. It resolves each name, so that a name with * cannot be in it."""
    lines = [
        "# Google Cloud: a network firewall policy's rule by names (https://cloud.google.com/firewall/docs/firewall-policies-rule-details#fqdn-objects)"
    ]
    for number, port in enumerate(sorted({h.port for h in hosts})):
        names = list(dict.fromkeys(h.host for h in hosts if h.port == port and "*" not in h.host))
        if names:
            lines += [
                f"gcloud compute network-firewall-policies rules create {1000 + number} \\",
                "  --firewall-policy=<policy> --global-firewall-policy \\",
                f"  --direction=EGRESS --action=allow --layer4-configs=tcp:{port} \\",
                f"  --dest-fqdns={','.join(names)}",
            ]
    return _joined(lines, [h for h in hosts if "*" in h.host])


def squid(hosts: Sequence[ToOpen], sources: Sequence[str] = ()) -> str:
    """An ACL by name for CONNECT; squid refuses a name beside a suffix that holds it already."""
    lines = ["# squid.conf, before the rule that denies (http://www.squid-cache.org/Doc/config/acl/)"]
    names = list(dict.fromkeys(filter(None, (_below(h.host) for h in hosts))))
    suffixes = [name for name in names if name.startswith(".")]
    acls = ["whypull_registries"]
    lines += [
        f"acl whypull_registries dstdomain {name}" for name in names if not any(name.endswith(s) and name != s for s in suffixes)
    ]
    patterns = [h.host for h in hosts if not _below(h.host)]
    if patterns:
        acls.append("whypull_patterns")
        lines += [
            f"acl whypull_patterns dstdom_regex ^{re.escape(one).replace(chr(92) + '*', '[^.]+')}$"
            for one in dict.fromkeys(patterns)
        ]
    lines.append(f"acl whypull_ports port {' '.join(str(p) for p in sorted({h.port for h in hosts}))}")
    if sources:
        lines.append(f"acl whypull_nodes src {' '.join(sources)}")
    rest = f" whypull_ports{' whypull_nodes' if sources else ''}"
    return "\n".join((*lines, *(f"http_access allow CONNECT {acl}{rest}" for acl in acls))) + "\n"


def cilium(hosts: Sequence[ToOpen], _: Sequence[str] = ()) -> str:
    """A Cilium policy by FQDN for the nodes themselves: the kubelet's runtime pulls in the host's network."""
    lines = [
        "# Pulls are the node's own traffic, which a policy for pods does not see: this is a host policy. It needs Cilium's",
        "# host firewall and its DNS proxy for nodes (https://github.com/cilium/cilium/pull/34024): a trial first.",
        "# Everything that it does not list is then denied to the nodes: add the API server, the cloud's metadata and time, and",
        "# begin in audit mode.",
        "apiVersion: cilium.io/v2",
        "kind: CiliumClusterwideNetworkPolicy",
        "metadata:",
        "  name: registries",
        "spec:",
        "  nodeSelector: {}",
        "  egress:",
        "    - toEntities: [cluster]",
        "    - toPorts:",
        '        - ports: [{port: "53", protocol: ANY}]',
        '          rules: {dns: [{matchPattern: "*"}]}',
    ]
    for port in sorted({h.port for h in hosts}):
        names = _names(hosts, port)
        lines.append("    - toFQDNs:")
        lines += [f'        - {{matchPattern: "{n}"}}' if "*" in n else f"        - {{matchName: {n}}}" for n in names]
        lines += ["      toPorts:", f'        - ports: [{{port: "{port}", protocol: TCP}}]']
    return "\n".join(lines) + "\n"


def no_proxy(hosts: Sequence[ToOpen], _: Sequence[str] = ()) -> str:
    """For NO_PROXY of the runtime's unit: Go takes a leading dot for all names below, and knows no * inside a name."""
    names = list(dict.fromkeys(filter(None, (_below(h.host) for h in hosts))))
    lines = ["# Where the registry is reached without the proxy; add to what is there already", f"NO_PROXY={','.join(names)}"]
    return _joined(lines, [h for h in hosts if not _below(h.host)])


FORMS: dict[str, Callable[[Sequence[ToOpen], Sequence[str]], str]] = {
    "table": table,
    "csv": as_csv,
    "json": as_json,
    "azure-firewall": azure_firewall,
    "aws-network-firewall": aws_network_firewall,
    "aws-security-group": aws_security_group,
    "gcp-firewall": gcp_firewall,
    "squid": squid,
    "cilium": cilium,
    "no-proxy": no_proxy,
}
