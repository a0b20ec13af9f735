"""A kubelet's log of a million lines, 2 % of them of failed pulls: CPU seconds and peak memory of reading it.

    python bench/logs.py [--lines 1000000] [--keep FILE]

The lines are in the forms of kubelets 1.20 to 1.34, for 110 pods of which 40 fail; one attempt takes four lines. The
bounds are 3 CPU seconds and 120 MB, from a file and from a pipe. `wc -l` and `grep` of one word are there to compare.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile

WHYPULL = [sys.executable, "-m", "whypull.cli"]
HEALTHY = (
    'I{t} 1411 kubelet.go:2456] "SyncLoop (PLEG): event for pod" pod="{pod}" event={{"ID":"{uid}","Type":"ContainerStarted","Data":"{hex}"}}',
    'I{t} 1411 reconciler_common.go:218] "operationExecutor.MountVolume started for volume \\"kube-api-access-{hex5}\\" (UniqueName: \\"kubernetes.io/projected/{uid}\\") pod \\"{name}\\"" pod="{pod}"',
    'I{t} 1411 operation_generator.go:637] "MountVolume.SetUp succeeded for volume \\"config\\"" pod="{pod}"',
    'I{t} 1411 prober.go:107] "Probe failed" probeType="Readiness" pod="{pod}" podUID="{uid}" containerName="web" probeResult="failure" output="HTTP probe failed with statuscode: 503"',
    'I{t} 1411 kubelet.go:2533] "SyncLoop (probe)" probe="readiness" status="ready" pod="{pod}"',
    'I{t} 1411 scope.go:117] "RemoveContainer" containerID="{hex}"',
    'I{t} 1411 kubelet_getters.go:182] "Pod status updated" pod="{pod}" status="Running"',
    'E{t} 1411 pod_workers.go:1301] "Error syncing pod, skipping" err="failed to \\"StartContainer\\" for \\"web\\" with CrashLoopBackOff: \\"back-off 5m0s restarting failed container=web pod={name}_shop({uid})\\"" pod="{pod}" podUID="{uid}"',
    'W{t} 1411 watcher.go:93] Error while processing event ("/sys/fs/cgroup/kubepods.slice/{uid}": 0x40000100 == IN_CREATE|IN_ISDIR): no such file or directory',
    'I{t} 1411 image_gc_manager.go:310] "Disk usage on image filesystem is over the high threshold" usage=86 highThreshold=85',
)
ERRORS = (
    'failed to resolve reference \\"{image}\\": failed to do request: Head \\"https://{host}/v2/{path}/manifests/{tag}\\": read tcp 10.0.3.7:PORT->203.0.113.7:443: read: connection reset by peer',
    'failed to resolve reference \\"{image}\\": failed to do request: Head \\"https://{host}/v2/{path}/manifests/{tag}\\": tls: failed to verify certificate: x509: certificate signed by unknown authority',
    'failed to resolve reference \\"{image}\\": {image}: not found',
    'failed to resolve reference \\"{image}\\": pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials',
)
FAILURE = (
    'E{t} 1411 remote_image.go:180] "PullImage from image service failed" err="rpc error: code = {code} desc = failed to pull and unpack image \\"{image}\\": {error}" image="{image}"',
    'E{t} 1411 kuberuntime_image.go:55] "Failed to pull image" err="rpc error: code = {code} desc = failed to pull and unpack image \\"{image}\\": {error}" image="{image}"',
    'E{t} 1411 kuberuntime_manager.go:1274] "Unhandled Error" err="container &Container{{Name:web,Image:{image},Command:[],Args:[],WorkingDir:,ImagePullPolicy:Always,}} start failed in pod {name}_shop({uid}): ErrImagePull: rpc error: code = {code} desc = failed to pull and unpack image \\"{image}\\": {error}" logger="UnhandledError"',
    'E{t} 1411 pod_workers.go:1301] "Error syncing pod, skipping" err="failed to \\"StartContainer\\" for \\"web\\" with ErrImagePull: \\"rpc error: code = {code} desc = failed to pull and unpack image \\\\\\"{image}\\\\\\": {deep}\\"" pod="{pod}" podUID="{uid}"',
)  # fmt: skip


def generate(path, count):
    """Writes the log."""
    dice = random.Random(7)
    pods = []
    for i in range(110):
        host = f"registry{i % 4}.shop.example"
        image = {"host": host, "path": f"shop/app{i % 12}", "tag": f"1.{i % 3}.0"}
        image["image"] = "{host}/{path}:{tag}".format(**image)
        error = ERRORS[i % 4].format(**image)
        name = f"web-{i}-5d8f9c-{dice.randrange(16**5):05x}"
        uid = f"{dice.randrange(16**8):08x}-4ab0-4a5e-926c-{dice.randrange(16**12):012x}"
        pods.append({"name": name, "pod": f"shop/{name}", "uid": uid, "hex": f"{dice.randrange(16**64):064x}", "hex5": "abc4x", "error": error,
                     "deep": error.replace('\\"', '\\\\\\"'), "code": "NotFound" if i % 4 == 2 else "Unknown", **image})  # fmt: skip
    with open(path, "w", encoding="utf-8") as file:
        written = 0
        while written < count:
            clock = f"1122 {written // 150_000 % 24:02}:{written // 2500 % 60:02}:{written // 40 % 60:02}.{written % 10**6:06}"
            pod = pods[dice.randrange(40)] if dice.random() < 0.0051 else None
            if pod:
                port = str(dice.randrange(32768, 61000))  # no two attempts have the same
                file.writelines(line.format(t=clock, **pod).replace("PORT", port) + "\n" for line in FAILURE)
                written += len(FAILURE)
            else:
                file.write(dice.choice(HEALTHY).format(t=clock, **pods[dice.randrange(40, 110)]) + "\n")
                written += 1


def measure(command, stdin=None):
    """CPU seconds and peak MB of one run, and its output."""
    with open(stdin or os.devnull, "rb") as source:
        process = subprocess.Popen(command, stdin=source, stdout=subprocess.PIPE)
        out = process.stdout.read()
    _, _, used = os.wait4(process.pid, 0)
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, out


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--keep", default="")
    args = parser.parse_args()
    path = args.keep or os.path.join(tempfile.mkdtemp(), "kubelet.log")
    if not os.path.exists(path):
        generate(path, args.lines)
    print(f"{path}: {args.lines:,} lines, {os.path.getsize(path) / 1e6:.0f} MB")
    runs = {
        "wc -l": (["wc", "-l", path], None),
        "grep -c ErrImagePull": (["grep", "-c", "ErrImagePull", path], None),
        "whypull explain FILE": ([*WHYPULL, "explain", path, "-o", "json"], None),
        "whypull explain < FILE": ([*WHYPULL, "explain", "-o", "json"], path),
        "whypull explain --lines < FILE": ([*WHYPULL, "explain", "--lines", "-o", "json"], path),
    }
    for name, (command, stdin) in runs.items():
        cpu, memory, out = measure(command, stdin)
        print(f"{name:<32} {cpu:6.2f} s CPU   {memory:6.0f} MB   {out.count(b'schema')} answers, {len(out):,} bytes")
    if not args.keep:
        os.unlink(path)


if __name__ == "__main__":
    main()
