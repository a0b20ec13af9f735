"""whypull: why a Kubernetes node cannot pull an image, who can fix it, and with which command.

>>> import whypull
>>> whypull.explain('Failed to pull image "registry.shop.example/api:1": … no such host')
[Diagnosis(verdict='cause', …)]
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from whypull.model import Diagnosis, Finding, Fix, Pull

__version__ = "0.1.0"
__all__ = ["Diagnosis", "Finding", "Fix", "Pull", "__version__", "explain"]


def explain(source: str | bytes) -> list[Diagnosis]:
    """Why the pulls in this input fail: one Diagnosis a root cause, the one that stops most pulls first.

    `source` is whatever Kubernetes or a runtime said: the output of kubectl describe, get events, get -o json or yaml,
    kubelet and runtime logs, the output of crictl, ctr, podman, docker or skopeo, or one message. An empty list means
    that no image pull failed in it. Nothing is read from or sent to anywhere. Never raises for any content.
    """
    from whypull.diagnose import diagnoses_of  # noqa: PLC0415 - `import whypull` alone costs nothing
    from whypull.read.message import failures  # noqa: PLC0415
    from whypull.read.reading import read_bytes, read_text  # noqa: PLC0415

    reading = read_text(source) if isinstance(source, str) else read_bytes(source)
    return diagnoses_of(reading, failures)


def __getattr__(name: str) -> object:
    if name in __all__:
        from whypull import model  # noqa: PLC0415

        return getattr(model, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
