"""Sockets that wait for others: who listens where."""

from __future__ import annotations

from typing import Literal

import msgspec

from hardcheck.facts.base import Absent

Protocol = Literal["tcp", "tcp6", "udp", "udp6", "udplite", "udplite6"]


class Listener(msgspec.Struct, frozen=True):
    """One socket of the probe's own network namespace that takes connections or datagrams.

    ``address`` is in its usual text form (``0.0.0.0``, ``::``, ``127.0.0.1``); ``uid`` is the owner of
    the socket; ``pids`` are the processes that hold it, empty when none does (a kernel socket), and
    Absent when that could not be seen.
    """

    protocol: Protocol
    address: str
    port: int
    uid: int
    inode: int
    pids: tuple[int, ...] | Absent

    @property
    def scope(self) -> Literal["loopback", "any", "address"]:
        """Whether only this machine, every network or one address of it can reach the socket."""
        if self.address.startswith("127.") or self.address in ("::1", "::ffff:127.0.0.1"):
            return "loopback"
        return "any" if self.address in ("0.0.0.0", "::") else "address"  # noqa: S104 - compared, not bound

    @property
    def shown(self) -> str:
        """``tcp 0.0.0.0:22`` for people, an IPv6 address in brackets."""
        address = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.protocol} {address}:{self.port}"


class UnixListener(msgspec.Struct, frozen=True):
    """One unix socket that listens. ``path`` begins with ``@`` for an abstract name and is empty for
    one without a name."""

    path: str
    inode: int
    pids: tuple[int, ...] | Absent


class Sockets(msgspec.Struct, frozen=True):
    """The socket tables before their owners are joined: ``listeners`` and ``unix`` have
    Absent owners. ``tables`` are those that were read; ``unread`` were there and could not be."""

    listeners: tuple[Listener, ...]
    unix: tuple[UnixListener, ...]
    tables: tuple[str, ...]
    unread: tuple[str, ...] = ()
