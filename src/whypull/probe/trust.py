"""The trust stores of a vantage by name, as OpenSSL's settings: each made once, its costly part only where a chain needs it."""

from __future__ import annotations

import threading

from whypull.probe.tls import complete, make_context
from whypull.records import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl

NODE, BUNDLED = "node", "bundled"


@dataclass(frozen=True, slots=True)
class Store:
    """One trust store by name: CA files besides the system's, and a client certificate with its key."""

    ca_files: tuple[str, ...] = ()
    client: tuple[str, str] = ("", "")
    pem: str = ""  # CA certificates as text: a node's own, read through its shell
    alone: bool = False  # without this machine's roots


@dataclass(slots=True)
class Trust:
    """TLS settings by the name of a store. Threads may share it: what a handshake needs is made under a lock."""

    stores: dict[str, Store]
    ca_file: str = ""  # added to the system's store
    client: tuple[str, str] = ("", "")
    _contexts: dict[tuple[str, bool, bool], ssl.SSLContext] = field(default_factory=dict, repr=False)
    _whole: set[str] = field(default_factory=set, repr=False)
    _issuers: dict[str, bytes] = field(default_factory=dict, repr=False)  # certificates that were fetched, DER
    _making: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def context(self, name: str, *, old: bool = False, verify: bool = True) -> ssl.SSLContext:
        """The settings of a store. Raises OSError or ValueError for files that cannot be used."""
        with self._making:
            return self._context(name, old=old, verify=verify)

    def _context(self, name: str, *, old: bool, verify: bool) -> ssl.SSLContext:
        key = (name, old, verify)
        if key not in self._contexts:
            own = self._store(name)
            files = (*((self.ca_file,) if self.ca_file else ()), *own.ca_files)
            client = own.client if own.client[0] else self.client
            made = make_context(name, files, client, old=old, verify=verify, system=not own.alone)
            if own.pem and verify and not old:
                made.load_verify_locations(cadata=own.pem)
            if name in self._issuers and verify and not old:
                made.load_verify_locations(cadata=self._issuers[name])
            self._contexts[key] = made
        return self._contexts[key]

    def _store(self, name: str) -> Store:
        """A store by its name; that of a fetched issuer is the node's with one certificate more."""
        return self.stores.get(NODE if name in self._issuers else name, Store())

    def pem(self, name: str) -> str:
        """A store's CA certificates as text, for a tool that verifies elsewhere; empty for the tool's own."""
        if name == BUNDLED:
            import certifi  # noqa: PLC0415 - as make_context does

            return certifi.contents()
        text = self._store(name).pem
        if name in self._issuers:
            from base64 import encodebytes  # noqa: PLC0415

            lines = encodebytes(self._issuers[name]).decode("ascii")
            text += f"\n-----BEGIN CERTIFICATE-----\n{lines}-----END CERTIFICATE-----\n"
        return text

    def is_whole(self, name: str) -> bool:
        """Whether a store holds all that it will ever hold: else a chain that it does not know is tried once more."""
        return name in self._whole or name == BUNDLED or self._store(name).alone

    def complete(self, name: str) -> None:
        """Loads what a store is still without."""
        with self._making:
            if not self.is_whole(name):
                complete(self._context(name, old=False, verify=True))
                self._whole.add(name)

    def keep_issuer(self, name: str, der: bytes) -> None:
        """Keeps an issuer's certificate that was fetched, for a store of that name; what is none is passed over."""
        if der:
            self._issuers[name] = der

    def unusable(self, name: str) -> str:
        """Why a trust store or client certificate cannot be loaded, in containerd's words; empty where it can."""
        store = self.stores.get(name, Store())
        for path, what in [*((p, "CA cert") for p in store.ca_files), *((p, "CERT file") for p in store.client if p)]:
            try:
                with open(path, "rb"):
                    pass
            except OSError as e:
                return f'unable to read {what} "{path}": open {path}: {(e.strerror or str(e)).lower()}'
        try:
            self.context(name)
        except (OSError, ValueError) as e:
            what = "load X509 key pair" if store.client[0] else f'load CA cert "{store.ca_files[0] if store.ca_files else ""}"'
            return f"unable to {what}: {str(e)[:200]}"
        return ""
