"""Security contexts as values, and the contexts of objects that have no label of their own.

Layout of a context: u32 user, u32 role, u32 type, range. The object contexts come as 7 tables
(9 from version 31): initial SIDs; fs (unused); ports; network interfaces; IPv4 nodes; fs_use;
IPv6 nodes; InfiniBand partition keys; InfiniBand end ports. Then genfscon: per file system its
path prefixes.
Source: libsepol policydb.c ``context_read_and_validate``, ``ocontext_read_selinux``, ``genfs_read``.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from enum import IntEnum
from typing import TypeVar

from msgspec import Struct

from hardcheck.selinux.cursor import Cursor, Writer, encoded
from hardcheck.selinux.mls import SMALLEST_RANGE, MlsRange, read_range, write_range

_CONTEXT = struct.Struct("<III")
_TWO = struct.Struct("<II")
_THREE = struct.Struct("<III")
SMALLEST_CONTEXT = _CONTEXT.size + SMALLEST_RANGE


class SecurityContext(Struct, frozen=True):
    """User, role and type by value, and the range (of no meaning where MLS is off)."""

    user: int
    role: int
    type: int
    range: MlsRange


class InitialSid(Struct, frozen=True):
    """The context of something that exists before a policy is loaded, by number."""

    sid: int
    context: SecurityContext


class FileSystemName(Struct, frozen=True):
    """``fscon``: contexts of a file system and its files; no kernel reads it."""

    name: str
    file_system: SecurityContext
    files: SecurityContext


class PortRange(Struct, frozen=True):
    """``portcon``: protocol by IP number (6 tcp, 17 udp, 33 dccp, 132 sctp), ports low to high."""

    protocol: int
    low: int
    high: int
    context: SecurityContext


class Interface(Struct, frozen=True):
    """``netifcon``: contexts of a network interface and of its packets."""

    name: str
    context: SecurityContext
    packets: SecurityContext


class Node(Struct, frozen=True):
    """``nodecon``: address and mask in network order, 4 or 16 bytes each."""

    address: bytes
    mask: bytes
    context: SecurityContext


class FsUseBehaviour(IntEnum):
    """Where the labels of a file system come from."""

    XATTR = 1
    TRANSITION = 2
    TASK = 3
    GENFS = 4
    NONE = 5
    MOUNTPOINT = 6


class FsUse(Struct, frozen=True):
    """``fs_use_xattr`` and its kin: how files of a file system type are labelled."""

    behaviour: FsUseBehaviour
    name: str
    context: SecurityContext


class PartitionKey(Struct, frozen=True):
    """``ibpkeycon``: subnet prefix in network order, keys low to high."""

    subnet_prefix: bytes
    low: int
    high: int
    context: SecurityContext


class EndPort(Struct, frozen=True):
    """``ibendportcon``: a port of an InfiniBand device."""

    port: int
    device: str
    context: SecurityContext


class ObjectContexts(Struct, frozen=True):
    """The tables of object contexts, each in file order."""

    initial_sids: tuple[InitialSid, ...]
    file_systems: tuple[FileSystemName, ...]
    ports: tuple[PortRange, ...]
    interfaces: tuple[Interface, ...]
    nodes: tuple[Node, ...]
    fs_uses: tuple[FsUse, ...]
    nodes6: tuple[Node, ...]
    partition_keys: tuple[PartitionKey, ...] = ()
    end_ports: tuple[EndPort, ...] = ()


class GenfsPath(Struct, frozen=True):
    """A path prefix below the root of a file system; class 0 is any class."""

    path: str
    class_: int
    context: SecurityContext


class Genfs(Struct, frozen=True):
    """The path prefixes of one file system type, in file order (longest first)."""

    file_system: str
    paths: tuple[GenfsPath, ...]


def read_security_context(cursor: Cursor) -> SecurityContext:
    """Read one context; that its values exist is checked when the whole policy is known."""
    user, role, type_ = cursor.take(_CONTEXT)
    return SecurityContext(user, role, type_, read_range(cursor))


def write_security_context(out: Writer, context: SecurityContext) -> None:
    """Write one context."""
    out.put(_CONTEXT, context.user, context.role, context.type)
    write_range(out, context.range)


def read_object_contexts(cursor: Cursor, tables: int) -> ObjectContexts:
    """Read the 7 or 9 tables of object contexts.

    Raises:
        PolicyError: a low end above its high end, an unknown behaviour, a short file.
    """
    size = SMALLEST_CONTEXT
    seven = (
        _many(cursor, 4 + size, "initial SIDs", _read_initial_sid),
        _many(cursor, 5 + 2 * size, "file systems", _read_file_system),
        _many(cursor, 12 + size, "ports", _read_port),
        _many(cursor, 5 + 2 * size, "network interfaces", _read_interface),
        _many(cursor, 8 + size, "IPv4 nodes", _read_node4),
        _many(cursor, 9 + size, "fs_use rules", _read_fs_use),
        _many(cursor, 32 + size, "IPv6 nodes", _read_node6),
    )
    if tables == len(seven):
        return ObjectContexts(*seven)
    return ObjectContexts(
        *seven,
        _many(cursor, 16 + size, "InfiniBand partition keys", _read_partition_key),
        _many(cursor, 9 + size, "InfiniBand end ports", _read_end_port),
    )


RecordT = TypeVar("RecordT")


def _many(cursor: Cursor, smallest: int, what: str, read: Callable[[Cursor], RecordT]) -> tuple[RecordT, ...]:
    return tuple(read(cursor) for _ in range(cursor.count(smallest, what)))


def _read_initial_sid(cursor: Cursor) -> InitialSid:
    return InitialSid(cursor.u32(), read_security_context(cursor))


def _read_file_system(cursor: Cursor) -> FileSystemName:
    name = cursor.text(cursor.u32())
    return FileSystemName(name, read_security_context(cursor), read_security_context(cursor))


def _read_port(cursor: Cursor) -> PortRange:
    start = cursor.position
    protocol, low, high = cursor.take(_THREE)
    if not low <= high <= 0xFFFF:
        cursor.fail("ports from a low to a high one", f"{low}-{high}", start + 4)
    return PortRange(protocol, low, high, read_security_context(cursor))


def _read_interface(cursor: Cursor) -> Interface:
    name = cursor.text(cursor.u32())
    return Interface(name, read_security_context(cursor), read_security_context(cursor))


def _read_node4(cursor: Cursor) -> Node:
    return Node(cursor.raw(4), cursor.raw(4), read_security_context(cursor))


def _read_node6(cursor: Cursor) -> Node:
    return Node(cursor.raw(16), cursor.raw(16), read_security_context(cursor))


def _read_fs_use(cursor: Cursor) -> FsUse:
    start = cursor.position
    behaviour, length = cursor.take(_TWO)
    if not 1 <= behaviour <= FsUseBehaviour.MOUNTPOINT:
        cursor.fail("a labelling behaviour of 1 to 6", str(behaviour), start)
    return FsUse(FsUseBehaviour(behaviour), cursor.text(length), read_security_context(cursor))


def _read_partition_key(cursor: Cursor) -> PartitionKey:
    prefix = cursor.raw(8)
    start = cursor.position
    low, high = cursor.take(_TWO)
    if not low <= high <= 0xFFFF:
        cursor.fail("partition keys from a low to a high one", f"{low}-{high}", start)
    return PartitionKey(prefix, low, high, read_security_context(cursor))


def _read_end_port(cursor: Cursor) -> EndPort:
    length, port = cursor.take(_TWO)
    return EndPort(port, cursor.text(length), read_security_context(cursor))


def write_object_contexts(out: Writer, contexts: ObjectContexts, tables: int) -> None:
    """Write the 7 or 9 tables of object contexts."""
    out.u32(len(contexts.initial_sids))
    for sid in contexts.initial_sids:
        out.u32(sid.sid)
        write_security_context(out, sid.context)
    out.u32(len(contexts.file_systems))
    for file_system in contexts.file_systems:
        _write_text(out, file_system.name)
        write_security_context(out, file_system.file_system)
        write_security_context(out, file_system.files)
    out.u32(len(contexts.ports))
    for port in contexts.ports:
        out.put(_THREE, port.protocol, port.low, port.high)
        write_security_context(out, port.context)
    out.u32(len(contexts.interfaces))
    for interface in contexts.interfaces:
        _write_text(out, interface.name)
        write_security_context(out, interface.context)
        write_security_context(out, interface.packets)
    _write_nodes(out, contexts.nodes)
    out.u32(len(contexts.fs_uses))
    for fs_use in contexts.fs_uses:
        out.u32(fs_use.behaviour)
        _write_text(out, fs_use.name)
        write_security_context(out, fs_use.context)
    _write_nodes(out, contexts.nodes6)
    if tables > 7:
        _write_infiniband(out, contexts)


def _write_infiniband(out: Writer, contexts: ObjectContexts) -> None:
    out.u32(len(contexts.partition_keys))
    for key in contexts.partition_keys:
        out.raw(key.subnet_prefix)
        out.put(_TWO, key.low, key.high)
        write_security_context(out, key.context)
    out.u32(len(contexts.end_ports))
    for end in contexts.end_ports:
        out.put(_TWO, len(encoded(end.device)), end.port)
        out.text(end.device)
        write_security_context(out, end.context)


def _write_nodes(out: Writer, nodes: tuple[Node, ...]) -> None:
    out.u32(len(nodes))
    for node in nodes:
        out.raw(node.address)
        out.raw(node.mask)
        write_security_context(out, node.context)


def _write_text(out: Writer, text: str) -> None:
    out.u32(len(encoded(text)))
    out.text(text)


def read_genfs(cursor: Cursor) -> tuple[Genfs, ...]:
    """Read the genfscon rules.

    Layout: u32 file systems, each u32 name length, name, u32 paths, each u32 path length, path,
    u32 class, context.

    Raises:
        PolicyError: a short file or a damaged name.
    """
    count = cursor.count(4 + 1 + 4, "file systems with genfscon")
    return tuple(_read_genfs_system(cursor) for _ in range(count))


def _read_genfs_system(cursor: Cursor) -> Genfs:
    name = cursor.text(cursor.u32())
    paths = []
    for _ in range(cursor.count(4 + 1 + 4 + SMALLEST_CONTEXT, "genfscon paths")):
        path = cursor.text(cursor.u32())
        paths.append(GenfsPath(path, cursor.u32(), read_security_context(cursor)))
    return Genfs(name, tuple(paths))


def write_genfs(out: Writer, systems: tuple[Genfs, ...]) -> None:
    """Write the genfscon rules."""
    out.u32(len(systems))
    for system in systems:
        _write_text(out, system.file_system)
        out.u32(len(system.paths))
        for path in system.paths:
            _write_text(out, path.path)
            out.u32(path.class_)
            write_security_context(out, path.context)
