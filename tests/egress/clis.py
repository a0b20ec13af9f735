"""az, aws and gcloud as small executables on PATH: each answers from what was recorded for its command line, or fails as it would."""

import json
import shlex
import shutil
import stat

UNASKED = {
    "az": "ERROR: (ResourceNotFound) The Resource 'Microsoft.Network/unasked' was not found.",
    "aws": "\nAn error occurred (UnauthorizedOperation) when calling the Unasked operation: You are not authorized to perform this operation.",
    "gcloud": "ERROR: (gcloud.unasked) Could not fetch resource:\n - Required 'unasked.get' permission for 'projects/shop-prod'\n",
}


class Fails:
    """A command that ends with these words on standard error."""

    def __init__(self, words, code=1):
        self.words, self.code = words, code


class Raw:
    """A command that prints these bytes, JSON or not."""

    def __init__(self, text):
        self.text = text


def install(folder, answers):
    """Puts the executables into `folder` and before all else on PATH.

    `answers`: {"az aks list": answer, …}; the longest key that a command line starts with wins, a * in it stands for anything.
    What is asked is written to folder/asked, a line each. A CLI of which nothing is recorded is not installed.
    """
    bin_ = folder / "bin"
    bin_.mkdir(parents=True, exist_ok=True)
    for cli in ("az", "aws", "gcloud"):
        mine = sorted(((key, value) for key, value in answers.items() if key.split()[0] == cli), key=lambda pair: -len(pair[0]))
        (bin_ / cli).unlink(missing_ok=True)
        if not mine:
            continue
        lines = ["#!/bin/sh", f'printf "%s\\n" "{cli} $*" >>{shlex.quote(str(folder / "asked"))}', f'case "{cli} $*" in']
        for number, (key, value) in enumerate(mine):
            pattern = "*".join(shlex.quote(part) if part else "" for part in key.split("*"))
            lines.append(f"  {pattern}*) {_act(folder, f'{cli}-{number}', value)} ;;")
        lines += [f"  *) printf '%s\\n' {shlex.quote(UNASKED[cli])} >&2; exit 1 ;;", "esac", ""]
        path = bin_ / cli
        path.write_text("\n".join(lines), encoding="utf-8")
        path.chmod(path.stat().st_mode | stat.S_IEXEC)
    return path_of(bin_)


def path_of(bin_):
    """A PATH of this folder and a few plain tools: no az, aws or gcloud that the machine may have."""
    for tool in ("sh", "cat", "sleep", "sed", "grep", "tr"):
        if not (bin_ / tool).exists():
            (bin_ / tool).symlink_to(shutil.which(tool))
    return str(bin_)


def _act(folder, name, value):
    if callable(value):
        return value(folder)
    if isinstance(value, Fails):
        return f"printf '%s\\n' {shlex.quote(value.words)} >&2; exit {value.code}"
    path = folder / f"{name}.json"
    path.write_text(value.text if isinstance(value, Raw) else json.dumps(value, indent=2), encoding="utf-8")
    return f"cat {shlex.quote(str(path))}"


def asked(folder):
    """The command lines that were run, in their order."""
    path = folder / "asked"
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []
