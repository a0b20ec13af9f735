"""Proxies between the node and the world."""

from lab.faults import Client, Fault, World, healthy

DIRECT_BLOCKED = (("dropped", "registry"),)
RIGHT = (
    "sed -i 's|http://[^\"]*|http://{proxy open}|' /etc/systemd/system/*.service.d/http-proxy.conf; systemctl restart containerd"
)
REFUSED = (("rejected", "registry"),)


def through(mood: str, account: str = "", **more: str) -> dict[str, str]:
    """The environment of a runtime that is told of a proxy."""
    return {"HTTPS_PROXY": f"http://{account}{{proxy {mood}}}", "NO_PROXY": "localhost,127.0.0.1", **more}


FAULTS = [
    healthy("proxy-right", "the only way out is a proxy, and the runtime knows it",
            world=World(blocks=DIRECT_BLOCKED), client=Client(environment=through("open"))),
    healthy("proxy-password-right", "a proxy with a password, and the runtime knows it",
            world=World(blocks=DIRECT_BLOCKED), client=Client(environment=through("password", "{proxy_account}@"))),
    Fault("proxy-407", "proxy.auth-required", "proxy", "the proxy wants a password, and the runtime has none",
          World(blocks=DIRECT_BLOCKED), Client(environment=through("password")), how="printed"),
    Fault("proxy-wrong-password", "proxy.auth-required", "proxy", "the proxy wants another password",
          World(blocks=DIRECT_BLOCKED), Client(environment=through("password", "np1:wrong@")), how="printed"),
    Fault("proxy-denies", "proxy.denied", "proxy", "the proxy does not let this registry through",
          World(blocks=DIRECT_BLOCKED), Client(environment=through("denies")), mend={"lets_through": True}),
    Fault("proxy-parent-dead", "proxy.denied", "proxy", "the proxy's own way out is dead",
          World(blocks=DIRECT_BLOCKED), Client(environment=through("dead parent")), mend={"parent": True}, text=("proxy.bypass-missing",)),
    Fault("proxy-down", "proxy.unreachable", "proxy", "nothing listens at the proxy's port",
          World(blocks=DIRECT_BLOCKED), Client(environment={"HTTPS_PROXY": "http://proxy1.shop.test:3199"}), by_hand=RIGHT),
    Fault("proxy-dropped", "proxy.unreachable", "proxy", "the way to the proxy is dropped",
          World(blocks=DIRECT_BLOCKED, proxy_blocked=True), Client(environment=through("open")), mend={"proxy_blocked": False}),
    Fault("proxy-no-name", "proxy.unreachable", "proxy", "the proxy's name does not exist",
          World(blocks=DIRECT_BLOCKED), Client(environment={"HTTPS_PROXY": "http://proxy.old.shop.test:3128"}), by_hand=RIGHT),
    Fault("proxy-wrong-scheme", "proxy.misconfigured", "proxy", "https:// for a proxy that speaks HTTP",
          World(blocks=DIRECT_BLOCKED), Client(environment={"HTTPS_PROXY": "https://{proxy open}"}), how="printed",
          text=("tls.plain-http", "proxy.unreachable")),
    Fault("proxy-quotes", "proxy.misconfigured", "proxy", "the drop-in has quotes within the value",
          World(blocks=DIRECT_BLOCKED), Client(environment={"HTTPS_PROXY": "'http://{proxy open}'"}), how="printed",
          text=("proxy.unreachable",)),
    Fault("proxy-password-unescaped", "proxy.misconfigured", "proxy", "a password with an @ and a # that are not escaped",
          World(blocks=DIRECT_BLOCKED), Client(environment=through("open", "np1:p#s@1@")), how="printed", text=("proxy.unreachable",)),
    Fault("proxy-bypass-missing", "proxy.bypass-missing", "proxy", "an internal registry is sent through a proxy that cannot reach it",
          client=Client(environment=through("denies")), how="printed", text=("proxy.denied",)),
    Fault("proxy-bypass-with-port", "proxy.bypass-missing", "proxy", "NO_PROXY names the registry as a URL, which no Go program reads",
          client=Client(environment=through("denies", NO_PROXY="localhost,https://{host}/")), how="printed", text=("proxy.denied",)),
    Fault("proxy-not-configured", "proxy.not-configured", "proxy", "the kubelet knows the proxy, the runtime does not",
          World(blocks=DIRECT_BLOCKED),
          Client(files={"/etc/systemd/system/kubelet.service.d/proxy.conf": '[Service]\nEnvironment="HTTPS_PROXY=http://{proxy open}"\n'}),
          how="printed", text=("network.timeout",)),
    Fault("proxy-in-the-shell-only", "proxy.not-configured", "proxy", "the proxy stands in /etc/environment, which no service reads",
          World(blocks=REFUSED), Client(files={"/etc/environment": 'https_proxy="http://{proxy open}"\n'}),
          how="printed", text=("network.unreachable",)),
    Fault("proxy-not-restarted", "proxy.not-configured", "proxy", "the drop-in is there, and containerd was not restarted",
          World(blocks=DIRECT_BLOCKED), Client(environment=through("open"), not_restarted=True), how="printed", text=("network.timeout",)),
]  # fmt: skip
