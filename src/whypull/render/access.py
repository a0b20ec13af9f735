"""From where to where: what a ticket about a network or an allow-list needs to be sent as it is."""

from __future__ import annotations

from whypull.egress.hosts_known import all_known, registry_of
from whypull.egress.seen import in_text
from whypull.render import words
from whypull.render.egress_ticket import destinations
from whypull.render.safe import markdown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from whypull.model import Diagnosis

ABOUT = ("network", "proxy")  # stages of which every cause is about who may connect to whom
ALSO = ("ip-not-allowed", "blob-host-blocked")


def from_and_to(one: Diagnosis, prog: str) -> Iterator[str]:
    """Sources, destinations and ports as Markdown; nothing where the cause is about something else."""
    stage, _, name = one.findings[0].cause.partition(".")
    if stage not in ABOUT and name not in ALSO:
        return
    yield "### From and to"
    address = one.findings[0].args.get("ip", "") or in_text(one.said)
    if address:
        yield (
            f"From {markdown(address)}, which the registry itself names, and from every other address that the "
            f"nodes leave by: `{prog} egress` lists them with their evidence."
        )
    else:
        yield f"From every address that the nodes leave by: `{prog} egress` lists them with their evidence."
    registries = dict.fromkeys(registry_of(image) for image in words.images(words.all_pulls(one)))
    yield f"To, for {markdown(', '.join(registries))}:"
    yield destinations(all_known(registries))
