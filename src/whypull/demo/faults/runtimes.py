"""The runtime's own configuration: mirrors, and files that it drops in silence."""

from __future__ import annotations

from whypull.demo.authority import Authority
from whypull.demo.faults import fault
from whypull.demo.registry import page
from whypull.demo.stage import HOST, MIRROR_HOST, Stage

MIRROR = f'[host."https://{MIRROR_HOST}"]\n'


@fault("node.mirror-failed")
def mirror_is_down_and_the_registry_out_of_reach(stage: Stage) -> None:
    """The mirror refuses, and the registry itself cannot be reached from here, as in a site without internet."""
    stage.name_image()
    stage.drop(HOST)
    stage.certs_d = {f"{HOST}/hosts.toml": MIRROR}


@fault("node.mirror-failed")
def mirror_sends_a_page(stage: Stage) -> None:
    """The mirror answers 200 and a page for people, so the registry is never asked."""
    stage.serve_registry()
    stage.https(MIRROR_HOST, lambda _: page(200, "<!doctype html><title>Artifacts</title>"))
    stage.certs_d = {f"{HOST}/hosts.toml": MIRROR}


@fault("node.runtime-config")
def no_host_may_resolve(stage: Stage) -> None:
    """hosts.toml lets no host resolve tags: "not found", and nobody is asked."""
    stage.serve_registry()
    stage.certs_d = {
        f"{HOST}/hosts.toml": f'server = "https://{HOST}"\ncapabilities = ["pull"]\n{MIRROR}capabilities = ["pull"]\n'
    }


@fault("node.runtime-config")
def hosts_toml_is_broken(stage: Stage) -> None:
    """hosts.toml has a syntax error, so the CA that it names is not used."""
    own = Authority(stage.ca().folder, "shop CA")
    stage.serve_registry(own.context(own.server([HOST])))
    stage.certs_d = {f"{HOST}/hosts.toml": f'server = "https://{HOST}\nca = "{own.root_file}"\n'}


@fault("node.runtime-config")
def key_that_the_runtime_does_not_know(stage: Stage) -> None:
    """hosts.toml says ca_file where containerd knows ca."""
    own = Authority(stage.ca().folder, "shop CA")
    stage.serve_registry(own.context(own.server([HOST])))
    stage.certs_d = {f"{HOST}/hosts.toml": f'[host."https://{HOST}"]\nca_file = "{own.root_file}"\n'}


@fault("node.runtime-config")
def registry_is_blocked(stage: Stage) -> None:
    """registries.conf blocks the registry."""
    stage.serve_registry()
    stage.runtime = "cri-o"
    stage.registries_conf = {"registries.conf": f'[[registry]]\nlocation = "{HOST}"\nblocked = true\n'}


@fault("node.runtime-config")
def ca_file_is_missing(stage: Stage) -> None:
    """hosts.toml names a CA file that is not there."""
    stage.serve_registry()
    stage.certs_d = {f"{HOST}/hosts.toml": f'[host."https://{HOST}"]\nca = "/etc/containerd/certs.d/gone.crt"\n'}


@fault("node.runtime-config", why_not_proved="what the damaged file was meant to say is not known")
def hosts_toml_with_a_mirror_is_broken(stage: Stage) -> None:
    """hosts.toml has a syntax error, so its mirror is not asked, and the registry itself is out of reach."""
    registry = stage.serve_registry()
    stage.https(MIRROR_HOST, registry)
    stage.drop(HOST)
    stage.certs_d = {f"{HOST}/hosts.toml": MIRROR.replace("]", "", 1)}


@fault("")
def healthy_with_a_ca_of_its_own(stage: Stage) -> None:
    """hosts.toml names the CA that signed the registry."""
    own = Authority(stage.ca().folder, "shop CA")
    stage.serve_registry(own.context(own.server([HOST])))
    stage.certs_d = {f"{HOST}/hosts.toml": f'[host."https://{HOST}"]\nca = "{own.root_file}"\n'}
