"""The registry's name."""

from __future__ import annotations

from whypull.demo.faults import fault
from whypull.demo.http import Answer
from whypull.demo.stage import HOST, HUB, OTHER, Stage


@fault("dns.no-such-host")
def name_does_not_exist(stage: Stage) -> None:
    """The resolver answers NXDOMAIN."""
    stage.serve_registry()
    stage.names[HOST] = "NXDOMAIN"


@fault("dns.no-such-host")
def name_without_address(stage: Stage) -> None:
    """The name exists and has no address (NODATA), as in an empty private zone."""
    stage.serve_registry()
    stage.names[HOST] = "NODATA"


@fault("dns.no-such-host")
def name_known_to_the_second_nameserver_only(stage: Stage) -> None:
    """The first nameserver says NXDOMAIN, so nobody asks the second one, which knows."""
    stage.serve_registry()
    stage.resolve({HOST: "NXDOMAIN"})


@fault("dns.server-failure")
def resolver_fails(stage: Stage) -> None:
    """SERVFAIL."""
    stage.serve_registry()
    stage.names[HOST] = "SERVFAIL"


@fault("dns.server-failure")
def resolver_refuses(stage: Stage) -> None:
    """REFUSED."""
    stage.serve_registry()
    stage.names[HOST] = "REFUSED"


@fault("dns.timeout")
def resolver_is_silent(stage: Stage) -> None:
    """No answer."""
    stage.serve_registry()
    stage.names[HOST] = "SILENT"


@fault("dns.wrong-address")
def name_leads_nowhere(stage: Stage) -> None:
    """A filter answers 0.0.0.0."""
    stage.serve_registry()
    stage.names[HOST] = ("0.0.0.0",)  # noqa: S104 - what a sinkhole answers


@fault("dns.wrong-address")
def docker_hub_at_home(stage: Stage) -> None:
    """A private address for Docker Hub, where nothing answers."""
    stage.names[HUB] = ("10.20.0.9",)
    stage.image = "docker.io/library/busybox:1.36"


@fault("dns.wrong-address")
def record_is_stale(stage: Stage) -> None:
    """The first nameserver has an old address, where another service answers; the second one has the right one."""
    stage.serve_registry()
    elsewhere = stage.ca().context(stage.ca().server(["intranet.shop.test"]))
    stage.https(HOST, lambda _: Answer(404, b"not here", kind="text/plain"), elsewhere, address=OTHER)
    stage.resolve({HOST: (OTHER,)})


@fault("dns.wrong-address")
def record_leads_to_a_dead_address(stage: Stage) -> None:
    """The first nameserver has an old address, where nothing listens; the second one has the right one."""
    stage.serve_registry()
    stage.resolve({HOST: (OTHER,)})
