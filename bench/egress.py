"""What `whypull egress` costs for 5,000 nodes in 12 pools: CPU, peak memory, lines of the table. Against an API server on loopback.

    PYTHONPATH=. python bench/egress.py

The nodes are made up; each has 50 images, as the kubelet reports them, so that its object is 12 KB. The clouds' CLIs are small
executables that answer at once, so what is measured is ours. Each measurement is a process of its own.
"""

from __future__ import annotations

import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.cluster import apiserver  # noqa: E402
from tests.egress import aws_world as aws  # noqa: E402
from tests.egress import azure_world as az  # noqa: E402
from tests.egress import clis, live  # noqa: E402
from tests.egress.test_aws import MAIN, VIA_A, VIA_B  # noqa: E402
from tests.egress.test_azure import PIP1, base, show  # noqa: E402

NODES, POOLS = 5_000, 12
MOST_CPU, MOST_MEMORY, MOST_LINES = 5.0, 200, 40  # seconds, MiB, lines


def of_azure():
    """Pools behind a load balancer, one of them with public addresses of its own."""
    names = [f"pool{n:02d}" for n in range(POOLS)]
    each = NODES // POOLS + 1
    own = [f"198.{18 + n // 60_000}.{n // 250 % 250}.{n % 250 + 1}" for n in range(0, each * 3, 3)]
    nodes = [one for name in names for one in az.nodes(each, name, own if name == names[-1] else ())][:NODES]
    cluster = az.cluster(ips=(PIP1,))
    cluster["agentPoolProfiles"] = [az.pool_of(name, enableNodePublicIP=name == names[-1]) for name in names]
    return nodes, base(cluster, **show("network public-ip", az.public_ip(PIP1, "203.0.113.20")))


def of_aws():
    """Pools over two zones, each behind its own NAT gateway."""
    nodes = [
        aws.node(
            f"ip-10-0-{n}",
            f"10.0.{n % 2 + 1}.{n // 2 % 250 + 1}",
            zone=f"eu-west-1{'ab'[n % 2]}",
            instance=f"i-{n:017x}",
            pool=f"pool{n % POOLS:02d}",
        )
        for n in range(NODES)
    ]
    gateways = (aws.nat(aws.NAT_A, ["203.0.113.20"]), aws.nat(aws.NAT_B, ["203.0.113.21"]))
    return nodes, aws.answers(
        routes=(VIA_A, VIA_B, MAIN), gateways=gateways, **{"aws ec2 describe-instances": aws.instances("i-" + "0" * 17)}
    )


def measured(nodes, answers):
    """(CPU seconds, peak MiB, lines, exit code) of one run."""
    images = [
        {
            "names": [
                f"registry.shop.example/team-{n:02d}/service@sha256:{n:064x}",
                f"registry.shop.example/team-{n:02d}/service:1.{n}",
            ],
            "sizeBytes": 10**8,
        }
        for n in range(50)
    ]
    objects = [live.object_of(node) for node in nodes]
    for one in objects:
        one["status"]["images"] = images
    with tempfile.TemporaryDirectory() as name, apiserver.ApiServer({"nodes": objects}) as server:
        folder = pathlib.Path(name)
        (folder / "kubeconfig").write_text(json.dumps(apiserver.kubeconfig(server.url)), encoding="utf-8")
        env = {**os.environ, "PATH": clis.install(folder, answers), "COLUMNS": "100"}
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        process = subprocess.Popen(
            [sys.executable, "-m", "whypull", "egress", "--kubeconfig", str(folder / "kubeconfig")],
            env=env,
            stdout=subprocess.PIPE,
            text=True,
        )
        out = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, used.ru_maxrss / 1024, len(out.splitlines()), os.waitstatus_to_exitcode(status)


def main():
    """Prints the measurements; exit code 1 where one is beyond its bound."""
    bad = False
    for name, (nodes, answers) in {"AKS": of_azure(), "EKS": of_aws()}.items():
        cpu, memory, lines, code = measured(nodes, answers)
        bad |= cpu > MOST_CPU or memory > MOST_MEMORY or lines > MOST_LINES or code != 0
        print(
            f"{name}: {len(nodes):,} nodes in {POOLS} pools   {cpu:.2f} s CPU (at most {MOST_CPU:g})   {memory:.0f} MiB (at most {MOST_MEMORY})   {lines} lines"
        )
    return int(bad)


if __name__ == "__main__":
    raise SystemExit(main())
