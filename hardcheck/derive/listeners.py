"""Sockets that listen, with the processes that hold them."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from hardcheck.facts import Absent, Reason
from hardcheck.facts.network import Listener, Sockets, UnixListener

Owners = Mapping[int, tuple[int, ...]]


def listeners(sockets: Sockets, owners: Owners | Absent) -> tuple[Listener, ...] | Absent:
    """Every TCP and UDP socket that waits, in the order of the tables.

    Absent where a table was there and could not be read: the list would not be whole.
    """
    if any(name != "unix" for name in sockets.unread):
        detail = f"/proc/net/{sockets.unread[0]} could not be read"
        return Absent(Reason.DENIED, ("network.sockets",), detail)
    return tuple(
        msgspec.structs.replace(each, pids=_holders(each.inode, owners)) for each in sockets.listeners
    )


def unix_listeners(sockets: Sockets, owners: Owners | Absent) -> tuple[UnixListener, ...] | Absent:
    """Every unix socket that listens."""
    if "unix" in sockets.unread:
        return Absent(Reason.DENIED, ("network.sockets",), "/proc/net/unix could not be read")
    return tuple(msgspec.structs.replace(each, pids=_holders(each.inode, owners)) for each in sockets.unix)


def _holders(inode: int, owners: Owners | Absent) -> tuple[int, ...] | Absent:
    return owners if isinstance(owners, Absent) else owners.get(inode, ())
