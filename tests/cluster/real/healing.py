"""The printed fix, done to the letter, and then whypull verify has to see the image pulled."""

from __future__ import annotations

import dataclasses
import re

from cluster.real import images
from cluster.real.place import RIGHT, WORKLOAD
from lab import healing as of_lab

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from cluster.real.asking import Ran, Shell
    from cluster.real.place import Place

USER, PASSWORD = RIGHT
PATIENCE = 4  # times that verify may be asked, while resolvers and proxies notice


def heal(place: Place, one: dict[str, Any], shell: Shell) -> tuple[str, str]:
    """("healed", how), or ("not", why). `one` is the diagnosis as JSON."""
    return _HOW[place.broken.heal](place, one, shell)


def _target(place: Place) -> tuple[str, ...]:
    return (f"deploy/{WORKLOAD}" if place.broken.replicas else f"pod/{WORKLOAD}", "-n", place.namespace)


def verified(place: Place, shell: Shell, how: str) -> tuple[str, str]:
    """What whypull verify says: healed where the pull comes off."""
    ran: Ran | None = None
    for _ in range(PATIENCE):
        ran = shell.whypull("verify", *_target(place), "--timeout", "60")
        if ran.code == 0 and "is pulled on" in ran.out:
            return "healed", f"{how}; {ran.out.splitlines()[0][:160]}"
    assert ran is not None
    return "not", f"{how}: verify says {ran.code}: {ran.out[:700]}{ran.err[-300:]}"


def _fix(place: Place, one: dict[str, Any], shell: Shell, *more: str, text: str = "") -> tuple[str, str]:
    """whypull fix: shown and tried first, which must change nothing, then made."""
    before = _changeable(place)
    shown = shell.whypull("fix", *_target(place), *more, text=text)
    if shown.code or "Nothing was changed" not in shown.out:
        return "not", f"fix shows: {shown.code}: {shown.out[-700:]}{shown.err[-300:]}"
    if _changeable(place) != before:
        return "not", "fix without --apply changed something"
    if PASSWORD in shown.out:
        return "not", "fix shows the password"
    made = shell.whypull("fix", *_target(place), *more, "--apply", "--yes", text=text)
    if made.code:
        return "not", f"fix --apply: {made.code}: {made.out[-700:]}{made.err[-300:]}"
    if "anew" in shown.out:
        return _watched(place, shell, "by whypull fix")
    return verified(place, shell, "by whypull fix")  # a pod that is there tries again in a few minutes


def _changeable(place: Place) -> list[Any]:
    """What a fix could change, in its versions."""
    of = (f"/api/v1/namespaces/{place.namespace}/secrets", f"/api/v1/namespaces/{place.namespace}/serviceaccounts",
          f"/apis/apps/v1/namespaces/{place.namespace}/deployments")  # fmt: skip
    items = [item for path in of for item in place.cluster.servers.api("GET", path)["items"]]
    return sorted(
        (i["metadata"]["name"], str(i.get("data")), str(i.get("imagePullSecrets")), i["metadata"].get("generation", 0))
        for i in items
    )


def _watched(place: Place, shell: Shell, how: str) -> tuple[str, str]:
    """The workload's own pods have to get there too: whypull watch, then verify."""
    seen = shell.whypull("watch", *_target(place), "--timeout", "60", "--every", "1")
    if seen.code:
        return "not", f"{how}: watch says {seen.code}: {seen.out[-500:]}{seen.err[-300:]}"
    return verified(place, shell, how)


def _typed(place: Place, one: dict[str, Any], shell: Shell) -> tuple[str, str]:
    return _fix(place, one, shell, "--username", USER, "--password-stdin", text=f"{PASSWORD}\n")


def _asked(place: Place, one: dict[str, Any], shell: Shell) -> tuple[str, str]:
    """The world does what the printed fix asks of whoever owns it."""
    if not any(fix["do"] or fix["run"] for fix in _fixes(one)):
        return "not", "no fix is printed"
    place.lay(dataclasses.replace(place.world, **place.broken.mend))
    return verified(place, shell, f"as asked of {_fixes(one)[0]['who']}")


def _on_the_node(place: Place, one: dict[str, Any], shell: Shell) -> tuple[str, str]:
    """Each printed block for the node, one after the other, until the pull comes off."""
    why = "no command for the node is printed"
    for fix in [f for f in _fixes(one) if f["run"] and ("node" in f["who"] or "runtime" in f["who"])][: of_lab.MOST_TRIES]:
        run = of_lab._literal(place, fix["run"]).replace("<image that is there>", images.PAUSE)
        done = place.node.run("cd /root\n" + run, seconds=90)
        healed, said = verified(place, shell, "by the printed commands on the node")
        if healed == "healed":
            return healed, said
        why = f"{said} ({done.stderr.strip()[-300:]})"
    return "not", why


def _printed(place: Place, one: dict[str, Any], shell: Shell) -> tuple[str, str]:
    """Each printed block of kubectl, with the user's own name and password in its blanks."""
    why = "no kubectl command is printed"
    for fix in [f for f in _fixes(one) if "kubectl" in f["run"]][: of_lab.MOST_TRIES]:
        done = shell.sh(_with_account(fix["run"]))
        healed, said = verified(place, shell, "by the printed kubectl commands")
        if healed == "healed":
            return healed, said
        why = f"{said} (it ran {fix['run'][:300]!r}: {done.out[-200:]}{done.err[-300:]})"
    return "not", why


def _with_account(run: str) -> str:
    run = re.sub(r"(--docker-username[= ])'?<[^>]+>'?", rf"\1{USER}", run)
    return re.sub(r"(--docker-password[= ])'?<[^>]+>'?", rf"\1{PASSWORD}", run)


def _reference(place: Place, one: dict[str, Any], shell: Shell) -> tuple[str, str]:
    """The printed kubectl set image, with the reference that was meant in its blank."""
    wanted = f"kubectl set image deployment/{WORKLOAD} "
    runs = [line for fix in _fixes(one) for line in fix["run"].splitlines() if line.startswith(wanted)]
    if not runs:
        return "not", f"no {wanted}… is printed: {[f['run'] for f in _fixes(one)]}"
    right = place.filled(place.broken.right)
    done = shell.sh(re.sub(rf"\b{WORKLOAD}=\S.*?(?= -n |$)", f"{WORKLOAD}={right}", runs[0]))
    if done.code:
        return "not", f"{runs[0]}: {done.err[-300:]}"
    return _watched(place, shell, f"by {runs[0].split('=')[0]}=…")


def _fixes(one: dict[str, Any]) -> Iterator[dict[str, str]]:
    return [fix for finding in one["findings"] for fix in finding["fixes"]]  # type: ignore[return-value]


_HOW = {
    "fix": _fix, "fix typed": _typed, "restart": _fix, "printed secret": _printed, "printed kubectl": _printed,
    "reference": _reference, "asked": _asked, "printed node": _on_the_node,
}  # fmt: skip
