"""What a start costs: user + system CPU of whypull against `kubectl version --client`, median of paired runs.

Measured as installed: with the index of the catalogue and the byte code that an installation makes.
"""

from __future__ import annotations

import compileall
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
WHYPULL = str(pathlib.Path(sys.executable).with_name("whypull"))
RUNS = 21


def cpu(command, stdin=b""):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, input=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        print("bench/start.py: kubectl is not installed, so there is nothing to compare with.")
        return
    subprocess.run([sys.executable, "-m", "whypull.causes.build"], stdout=subprocess.DEVNULL, check=True)
    compileall.compile_dir(ROOT / "src", quiet=2)
    describe = (ROOT / "examples" / "describe-unknown-ca.txt").read_bytes()
    commands = {
        "kubectl version --client": ([kubectl, "version", "--client"], b"", 1.0),
        "python -c pass": ([sys.executable, "-c", "pass"], b"", 0.25),
        "whypull --version": ([WHYPULL, "--version"], b"", 0.6),
        "whypull explain < describe": ([WHYPULL, "explain"], describe, 1.5),
        "whypull explain -o json": ([WHYPULL, "explain", "-o", "json"], describe, 1.5),
        "whypull explain CAUSE": ([WHYPULL, "explain", "auth.ip-not-allowed"], b"", 1.5),
    }
    times = {name: [] for name in commands}
    for _ in range(RUNS):
        for name, (command, stdin, _) in commands.items():
            times[name].append(cpu(command, stdin))
    base = statistics.median(times["kubectl version --client"])
    for name, runs in times.items():
        median = statistics.median(runs)
        print(f"{name:<28} {median * 1000:6.1f} ms   {median / base:5.2f} x kubectl   (at most {commands[name][2]})")


if __name__ == "__main__":
    main()
