"""Runs a client-go credential plugin and takes its credential: a token, or a client certificate.

Protocol: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
"""

from __future__ import annotations

import json
import os
import sys

from whypull.read.kubeconfig import BadKubeconfig
from whypull.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from whypull.read.kubeconfig import Plugin

LONGEST = 600  # seconds: a plugin may wait for somebody to log in with a browser
LARGEST = 1024 * 1024


class Credential(NamedTuple):
    """What a plugin gave. Its repr shows nothing of it."""

    token: str = ""
    certificate: bytes = b""  # PEM
    key: bytes = b""
    expires: str = ""  # RFC 3339

    def __repr__(self) -> str:
        """Only when it ends."""
        return f"Credential(expires={self.expires!r})"


def credential(plugin: Plugin) -> Credential:
    """The plugin's credential. Raises BadKubeconfig: not installed, failed, or an answer that is no ExecCredential."""
    import subprocess  # noqa: PLC0415 - most kubeconfigs have no plugin

    interactive = plugin.interactive != "Never" and sys.stdin.isatty()
    if plugin.interactive == "Always" and not interactive:
        raise BadKubeconfig(f"the credential plugin {plugin.command} wants to ask you something, and there is no terminal.")
    spec: dict[str, Any] = {"interactive": interactive}
    if plugin.cluster_info is not None:
        spec["cluster"] = plugin.cluster_info
    info = json.dumps({"kind": "ExecCredential", "apiVersion": plugin.api_version, "spec": spec})
    env = {**os.environ, **dict(plugin.env), "KUBERNETES_EXEC_INFO": info}
    try:
        done = subprocess.run(  # noqa: S603 - the user's own kubeconfig names it, as for kubectl
            [plugin.command, *plugin.args],
            env=env,
            stdin=None if interactive else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            timeout=LONGEST,
            check=False,
        )
    except FileNotFoundError as e:
        hint = f" {plugin.hint.strip()}" if plugin.hint else ""
        raise BadKubeconfig(f"the credential plugin {plugin.command} of your kubeconfig is not installed.{hint}") from e
    except subprocess.TimeoutExpired as e:
        raise BadKubeconfig(f"the credential plugin {plugin.command} gave no answer in {LONGEST} s.") from e
    except OSError as e:
        words = (e.strerror or str(e)).lower()
        raise BadKubeconfig(f"the credential plugin {plugin.command} cannot be run: {words}.") from e
    if done.returncode:
        raise BadKubeconfig(
            f"the credential plugin {plugin.command} ended with exit code {done.returncode} (its own words are above)."
        )
    return _taken(plugin, done.stdout[:LARGEST])


def _taken(plugin: Plugin, output: bytes) -> Credential:
    try:
        answer = json.loads(output)
        status = answer["status"]
        found = Credential(
            token=str(status.get("token") or ""),
            certificate=str(status.get("clientCertificateData") or "").encode(),
            key=str(status.get("clientKeyData") or "").encode(),
            expires=str(status.get("expirationTimestamp") or ""),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        # Not chained: the decoder's error quotes the output.
        raise BadKubeconfig(f"the credential plugin {plugin.command} printed no ExecCredential.") from None
    if answer.get("apiVersion") != plugin.api_version:
        theirs = answer.get("apiVersion")
        raise BadKubeconfig(
            f"the credential plugin {plugin.command} answers {theirs!r}, the kubeconfig wants {plugin.api_version!r}."
        )
    if not found.token and not (found.certificate and found.key):
        raise BadKubeconfig(f"the credential plugin {plugin.command} gave neither a token nor a client certificate.")
    return found
