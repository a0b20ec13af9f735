"""A log of one of Dynatrace's containers → the CSI driver's failed pulls, and downloads that failed without a failed pull."""

from __future__ import annotations

from whypull.dynatrace.logs import looks_like, read_log
from whypull.model import Pull, Said
from whypull.read.encodings import to_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from whypull.dynatrace import Download
    from whypull.read.gather import Gathered
    from whypull.read.sources import Source

LARGEST = 16 << 20
BY = "dynatrace-csi"
_WHY = {
    "proxy": "its proxy cannot be used", "proxy-login": "its proxy wants other credentials",
    "authority": "the CA of what answers is not trusted", "certificate": "the certificate of what answers is not accepted",
    "name": "the tenant's name is not known", "unreachable": "the tenant cannot be reached",
    "token": "the tenant refuses the token",
    "rights": "the token has not the right to download", "version": "the tenant does not have that version",
    "throttled": "the tenant says that it is asked too often", "server": "the tenant answers with an error of its own",
    "space": "there is no space left",
}  # fmt: skip


def tell(data: bytes | Source, into: Gathered) -> None:
    """Adds what such a log says. Nothing of a stream is consumed; one that is larger than 16 MB is passed over."""
    whole = data if isinstance(data, bytes) else data.within(LARGEST)
    if whole is None or not looks_like(text := to_text(whole[:LARGEST])):
        return
    pulls, downloads = read_log(text.splitlines())
    for one in pulls:
        pull = Pull(image=one.image, container="provisioner")
        into.hear(pull, Said(one.words, by=BY, via="log", reason="ErrImagePull", first=one.at, last=one.at))
    if pulls:
        into.take_for("log of Dynatrace's CSI driver")
    for failed in downloads:
        into.note(_sentence(failed))
        into.ask("kubectl get dynakube -A -o yaml | whypull dynatrace")


def _sentence(one: Download) -> str:
    what = "the injection's own download" if "init" in one.component else f"a download by {one.component}"
    why = _WHY.get(one.reason, "the log does not say why")
    host = f" ({one.host})" if one.host else ""
    return f"The image pull is fine, {what} fails: {why}{host}. It says: {' '.join(one.words.split())[:300]}"
