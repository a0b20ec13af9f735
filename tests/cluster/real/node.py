"""A node of the cluster: the lab's containerd and a kubelet in one network, mount and process namespace."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import sys

from cluster.real import images
from lab import network
from lab.node import DISK, MOUNTS, Node, config_toml
from lab.start import SOURCE, TESTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cluster.real.servers import Servers
    from lab.packages import Packages

# What a kubelet would set for the whole machine (https://github.com/kubernetes/kubernetes/blob/v1.20.2/pkg/kubelet/cm/
# container_manager_linux.go, setupKernelTunables): it finds its own values here, and the machine keeps the ones that it has.
_TUNABLES = {"vm/overcommit_memory": "1", "kernel/panic": "10", "kernel/panic_on_oops": "1"}
_MORE = "mount -t proc proc /proc\nmount -t tmpfs lab /var/log\nmkdir -p $1/tunables\n" + "".join(
    f"echo {value} > $1/tunables/{name.replace('/', '-')} && mount --bind $1/tunables/{name.replace('/', '-')} /proc/sys/{name}\n"
    for name, value in _TUNABLES.items()
)
_CNI = """\
#!/bin/sh
# Gives a pod an address and no network: nothing that runs here talks to anybody.
cat >/dev/null
case "$CNI_COMMAND" in
VERSION) echo '{"cniVersion":"0.4.0","supportedVersions":["0.3.1","0.4.0"]}' ;;
ADD) [ "$CNI_IFNAME" = lo ] && a=127.0.0.1/8 || a=10.88.$(($$ / 250 % 250)).$(($$ % 250 + 2))/16
 echo '{"cniVersion":"0.3.1","interfaces":[{"name":"'"$CNI_IFNAME"'","sandbox":"'"$CNI_NETNS"'"}],
  "ips":[{"version":"4","interface":0,"address":"'"$a"'"}]}' ;;
esac
"""
_CA = "/etc/kubernetes/pki/ca.crt"
_NETWORK = {"cniVersion": "0.3.1", "name": "lab", "plugins": [{"type": "lab"}]}
_CRICTL = """\
#!{python}
# No Debian package has crictl. This does what `crictl [--timeout T] pull IMAGE` does, over the same socket and call, in its words,
# and what `crictl rmi --prune` does.
import os, sys
sys.path[:0] = {path!r}
from lab import cri
words = [w for w in sys.argv[1:] if not w.startswith("-") and not w[:1].isdigit()]
if words[:1] == ["rmi"]:
    os.execvp("sh", ["sh", "-c", 'for i in $(ctr -n k8s.io images ls -q | grep -v ^registry.k8s.io); do ctr -n k8s.io images rm --sync "$i"; done'])
if words[:1] != ["pull"]:
    sys.exit("crictl of the lab: pull and rmi only")
done = cri.pull("/run/containerd/containerd.sock", words[1], seconds=100)
if done.ok:
    print("Image is up to date for", words[1])
else:
    sys.exit(f'FATA[0000] pulling image: rpc error: code = {{done.code}} desc = {{done.text}}')
"""


class ClusterNode(Node):
    """A node that a kubelet has joined to the cluster."""

    ALONE = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private")
    MOUNTS = MOUNTS.replace("echo ready\n", _MORE + "echo ready\n")

    def __init__(
        self, name: str, number: int, packages: Packages, version: str, files: Mapping[str, str], servers: Servers,
        labels: Mapping[str, str], disk: str = DISK,
    ) -> None:  # fmt: skip
        assert "echo ready" in self.MOUNTS
        assert _MORE in self.MOUNTS
        self.servers, self.labels = servers, labels
        self._kubelet: subprocess.Popen[bytes] | None = None
        super().__init__(name, number, packages, version, files, disk)
        self.write({
            "/etc/cni/net.d/10-lab.conflist": json.dumps(_NETWORK),
            "/usr/local/cni/bin/lab": _CNI,
            "/usr/local/cni/bin/loopback": _CNI,
            "/usr/local/bin/crictl": _CRICTL.format(python=sys.executable, path=[TESTS, SOURCE]),
            "/etc/kubernetes/kubelet.conf": _text(servers.kubeconfig(name)).replace(servers.keys.ca, _CA),
            "/var/lib/kubelet/config.yaml": json.dumps(_kubelet_config()),
            _CA: _text(servers.keys.ca),
        })  # fmt: skip
        for program in ("cni/bin/lab", "cni/bin/loopback", "bin/crictl"):
            os.chmod(f"{self.root}/usr/local/{program}", 0o755)

    def _inside(self) -> list[str]:
        """A command here is a process of this node alone, and ends with the one that started it."""
        at = f"/proc/{self._holder.pid}/ns"
        into = ["nsenter", f"--mount={at}/mnt", f"--net={at}/net", f"--pid={at}/pid_for_children"]
        return [*into, "setpriv", "--pdeathsig", "KILL"]

    def leave_as(self, address: str) -> None:
        """The world sees the node by another address."""
        network.nft(
            f"delete element inet lab egress {{ {self.address} }}\nadd element inet lab egress {{ {self.address} : {address} }}"
        )
        self.seen_as = address

    def load(self, *archives: str) -> None:
        """Puts images on the node without a pull. Raises RuntimeError."""
        for archive in archives:
            shutil.copy(archive, f"{self.folder}/run/image.tar")
            done = self.run("ctr -n k8s.io images import /run/image.tar; e=$?; rm /run/image.tar; exit $e")
            if done.returncode:
                raise RuntimeError(f"{archive}: {done.stdout}{done.stderr}")

    def join(self) -> None:
        """Starts the kubelet."""
        labels = ",".join(f"{key}={value}" for key, value in self.labels.items())
        command = [
            *self._inside(), str(self.servers.binaries / "kubelet"), "--config=/var/lib/kubelet/config.yaml",
            "--kubeconfig=/etc/kubernetes/kubelet.conf", "--container-runtime=remote", f"--hostname-override={self.name}",
            "--container-runtime-endpoint=unix:///run/containerd/containerd.sock", f"--node-ip={self.address}",
            f"--node-labels={labels}", "--v=2",
        ]  # fmt: skip
        with open(f"{self.folder}/kubelet.log", "ab") as log:
            self._kubelet = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd="/", env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
            )

    @property
    def kubelet_log(self) -> str:
        """What the kubelet wrote."""
        return pathlib.Path(self.folder, "kubelet.log").read_text(encoding="utf-8", errors="replace")


def containerd_config(version: str, sandbox: str = images.PAUSE, more: str = "") -> str:
    """A config.toml for a node that starts containers."""
    plugin = "io.containerd.grpc.v1.cri"
    own = (
        f'sandbox_image = "{sandbox}"\nrestrict_oom_score_adj = true\n{more}\n'
        f'[plugins.\'{plugin}\'.cni]\nbin_dir = "/usr/local/cni/bin"\nconf_dir = "/etc/cni/net.d"\n'
    )
    return config_toml(version, more=own)


def _kubelet_config() -> dict[str, object]:
    return {
        "kind": "KubeletConfiguration", "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "address": "0.0.0.0", "cgroupDriver": "cgroupfs", "cgroupsPerQOS": False, "enforceNodeAllocatable": [],
        "failSwapOn": False, "oomScoreAdj": 0, "makeIPTablesUtilChains": False, "volumePluginDir": "/var/lib/kubelet/plugins",
        "serializeImagePulls": False, "registryPullQPS": 0, "eventRecordQPS": 0, "kubeAPIQPS": 100, "kubeAPIBurst": 200,
        "imageGCHighThresholdPercent": 100, "imageGCLowThresholdPercent": 99, "evictionHard": {"memory.available": "1Mi"},
        "authentication": {"anonymous": {"enabled": False}, "webhook": {"enabled": False}, "x509": {"clientCAFile": _CA}},
        "authorization": {"mode": "AlwaysAllow"}, "resolvConf": "/etc/resolv.conf", "clusterDomain": "cluster.local",
        "syncFrequency": "10s", "fileCheckFrequency": "5m", "nodeStatusUpdateFrequency": "5s", "readOnlyPort": 0,
        "healthzPort": 0,
        # With its watch, a kubelet that is busy may not have a new pod's secret in time, and then asks without it.
        "configMapAndSecretChangeDetectionStrategy": "Get",
    }  # fmt: skip


def _text(path: str) -> str:
    return pathlib.Path(path).read_text(encoding="ascii")
