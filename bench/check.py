"""What a walk costs: the whole process against `skopeo inspect` of the same image at a real docker-registry on loopback.

Wall time, median of paired runs, with TLS and htpasswd; then what each further image of the same registry costs, with a
Secret that is right. Measured as installed, with the byte code that an installation makes.
"""

from __future__ import annotations

import compileall
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "loopback"))

import beside  # noqa: E402

WHYPULL = str(pathlib.Path(sys.executable).with_name("whypull"))
RUNS, FURTHER = 21, 10
MOST, MOST_FURTHER = 1.5, 0.3


def wall(command, env, stdin=b""):
    started = time.perf_counter()
    subprocess.run(command, input=stdin, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def main():
    env = beside.tools()
    if isinstance(env, str):
        print(f"bench/check.py: {env}.")
        return
    subprocess.run([sys.executable, "-m", "whypull.causes.build"], stdout=subprocess.DEVNULL, check=True)
    compileall.compile_dir(ROOT / "src", quiet=2)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        authority = beside.Authority(name)
        (folder / "certs").mkdir()
        (folder / "certs" / "ca.crt").write_bytes(pathlib.Path(authority.root_file).read_bytes())
        (folder / "registries.conf").write_text("")
        with beside.RealRegistry(env, folder / "real", authority) as real:
            measure(env, folder, authority, real)


def measure(env, folder, authority, real):
    account = f"{beside.USER}:{beside.PASSWORD}"
    skopeo = ["skopeo", "inspect", "--cert-dir", str(folder / "certs"), "--creds", account, f"docker://{real.image}"]
    tail = ["--registries-conf", str(folder / "registries.conf"), "--ca", authority.root_file]
    tail += ["--username", beside.USER, "--password-stdin"]
    password = beside.PASSWORD.encode() + b"\n"
    tags = [real.tagged(f"t{n}") for n in range(FURTHER)]
    theirs, one, many = [], [], []
    for _ in range(RUNS):
        theirs.append(wall(skopeo, env))
        one.append(wall([WHYPULL, "check", real.image, *tail], env, password))
        many.append(wall([WHYPULL, "check", real.image, *tags, *tail], env, password))
    ratio = statistics.median(a / b for a, b in zip(one, theirs, strict=True))
    further = statistics.median((m - a) / FURTHER / a for a, m in zip(one, many, strict=True))
    print(f"skopeo inspect                {statistics.median(theirs) * 1000:6.0f} ms")
    print(f"whypull check                 {statistics.median(one) * 1000:6.0f} ms   {ratio:.2f} x (at most {MOST})")
    print(f"each further image                         {further:.2f} x of the first (at most {MOST_FURTHER})")


if __name__ == "__main__":
    main()
