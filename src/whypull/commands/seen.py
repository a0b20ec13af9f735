"""What a walk saw, in sentences for a note: of a pull that works, and of what is worth knowing although it stops nothing."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from whypull.model import Case
    from whypull.steps import Tried


def summary(case: Case, *, ended: bool = True) -> str:
    """One line of an image on which nothing failed: what came, or how far the walk got where it did not end."""
    from whypull.path import facts, states  # noqa: PLC0415

    seen = facts(states((), None, case), (), None, case)
    if not ended:
        last = next((stage for stage in ("image", "auth", "registry", "tls", "network", "dns") if stage in seen), "")
        return f"{case.pull.image}: not walked to its end; {seen[last] if last else 'nothing was seen yet'}."
    parts = [seen[stage] for stage in ("image", "auth", "tls", "dns") if stage in seen]
    return f"{case.pull.image}: everything that was asked for came, from here ({'; '.join(parts[:2])})."


def remarks(case: Case) -> list[str]:
    """What stops nothing today: an IPv6 address that is dead, a mirror that fails, pulls that run out, another architecture."""
    from whypull.model import HostsSeen  # noqa: PLC0415
    from whypull.steps import Tried  # noqa: PLC0415

    tried = [f for f in case.facts if isinstance(f, Tried) and not f.control]
    words = [*_dead_addresses(tried), *_mirrors(tried), *_limits(tried), *_architecture(tried, case)]
    for hosts in (f for f in case.facts if isinstance(f, HostsSeen)):
        words += [f"{one}." for one in hosts.ignored]
    return words


def _dead_addresses(tried: list[Tried]) -> list[str]:
    from whypull.steps import Connect  # noqa: PLC0415

    dials = [t for t in tried if isinstance(t.step, Connect)]
    fine = {t.step.host for t in dials if t.outcome.ok and isinstance(t.step, Connect)}
    dead = [t for t in dials if not t.outcome.ok and isinstance(t.step, Connect) and t.step.host in fine]
    return [f"{getattr(t.step, 'host', '')} also has an address that does not answer: {t.outcome.text}." for t in dead[:3]]


def _mirrors(tried: list[Tried]) -> list[str]:
    failing = next((t for t in tried if t.role == "mirror" and t.words), None)
    if failing is None:
        return []
    host = getattr(failing.step, "host", "") or getattr(failing.step, "url", "").split("/")[2]
    return [f"The mirror {host} does not serve this image: {failing.outcome.text or failing.outcome.status}; another host does."]


def _limits(tried: list[Tried]) -> list[str]:
    """Docker Hub's and others' count of pulls: N;w=SECONDS (https://docs.docker.com/docker-hub/usage/pulls/)."""
    for one in reversed(tried):
        headers = dict(one.outcome.headers)
        left = headers.get("ratelimit-remaining", "")
        if left:
            limit, source = headers.get("ratelimit-limit", ""), headers.get("docker-ratelimit-source", "")
            of = f" of {limit.partition(';')[0]}" if limit else ""
            per = f" in {int(w) // 3600} h" if (w := left.partition("w=")[2]).isdigit() else ""
            who = f", counted for {source}" if source else ""
            return [f"{left.partition(';')[0]}{of} pulls are left{per}{who}."]
    return []


def _architecture(tried: list[Tried], case: Case) -> list[str]:
    """A single manifest is pulled whatever its config says, and then fails with "exec format error"."""
    import json  # noqa: PLC0415

    for one in tried:
        if '"rootfs"' not in one.outcome.body:
            continue
        try:
            config = json.loads(one.outcome.body)
        except ValueError:
            continue
        arch = config.get("architecture") if isinstance(config, dict) else None
        wanted = next((p for p in (case.pull.runtime,) if "/" in p), "")
        if isinstance(arch, str) and wanted and arch != wanted.split("/")[1]:
            return [f"The image is for {arch}: it is pulled, and its container then fails with exec format error."]
    return []
