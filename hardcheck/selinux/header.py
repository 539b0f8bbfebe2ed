"""The first fields of a kernel policy: what it is, which version, what it does with unknown names."""

from __future__ import annotations

import struct
from enum import StrEnum

from msgspec import Struct

from hardcheck.errors import PolicyError
from hardcheck.selinux.cursor import Cursor, Writer

OLDEST_VERSION = 24
NEWEST_VERSION = 35

_MAGIC = 0xF97CFF8C
_MODULE_MAGICS = {0xF97CFF8D: "a policy module", 0xF97CFF8F: "a policy module package"}
_TARGET = b"SE Linux"
_XEN_TARGET = b"XenFlask"
_START = struct.Struct("<II")
_REST = struct.Struct("<IIII")

_MLS = 1
_REJECT_UNKNOWN = 2
_ALLOW_UNKNOWN = 4
_SYMBOL_TABLES = 8
_INFINIBAND_VERSION = 31


class HandleUnknown(StrEnum):
    """What the kernel does with classes and permissions that the policy does not define."""

    DENY = "deny"
    REJECT = "reject"  # does not load such a policy
    ALLOW = "allow"


class PolicyHeader(Struct, frozen=True):
    """Version, configuration flags and the number of tables that follow."""

    version: int
    config: int
    symbol_tables: int
    context_tables: int

    @property
    def mls(self) -> bool:
        """Whether contexts carry a range (multi-level or multi-category security)."""
        return bool(self.config & _MLS)

    @property
    def handle_unknown(self) -> HandleUnknown:
        """What happens with classes and permissions unknown to the policy."""
        if self.config & _REJECT_UNKNOWN:
            return HandleUnknown.REJECT
        return HandleUnknown.ALLOW if self.config & _ALLOW_UNKNOWN else HandleUnknown.DENY


def read_header(cursor: Cursor) -> PolicyHeader:
    """Read the fixed first fields of a kernel policy.

    Layout, u32 little-endian: magic; length 8; b"SE Linux"; version; config flags
    (bit 0 MLS, bit 1 reject unknown, bit 2 allow unknown, others are a vendor's and kept);
    two table counts.
    Source: libsepol policydb.c ``policydb_read``.

    Raises:
        PolicyError: wrong magic or string, a policy for Xen, a module, a version or table
            count not known here, a short file.
    """
    start = cursor.position
    magic, length = cursor.take(_START)
    if magic != _MAGIC:
        found = _MODULE_MAGICS.get(magic, f"magic number {magic:#x}")
        cursor.fail(f"a kernel policy (magic number {_MAGIC:#x})", found, start)
    if length != len(_TARGET):
        cursor.fail(f"the target {_TARGET.decode()!r}", f"one of {length} bytes", start + 4)
    target = cursor.raw(length)
    if target == _XEN_TARGET:
        cursor.fail("a policy for SELinux", "one for Xen's Flask (XenFlask)", start + 8)
    if target != _TARGET:
        cursor.fail(f"the target {_TARGET.decode()!r}", repr(target), start + 8)
    at = cursor.position
    version, config, symbol_tables, context_tables = cursor.take(_REST)
    if not OLDEST_VERSION <= version <= NEWEST_VERSION:
        cursor.fail(f"a policy version from {OLDEST_VERSION} to {NEWEST_VERSION}", str(version), at)
    if symbol_tables != _SYMBOL_TABLES:
        cursor.fail(f"{_SYMBOL_TABLES} symbol tables", str(symbol_tables), at + 8)
    expected = 9 if version >= _INFINIBAND_VERSION else 7
    if context_tables != expected:
        cursor.fail(f"{expected} tables of object contexts", str(context_tables), at + 12)
    if config & _REJECT_UNKNOWN and config & _ALLOW_UNKNOWN:
        cursor.fail("at most one way to handle unknown classes", hex(config), at + 4)
    return PolicyHeader(version, config, symbol_tables, context_tables)


def write_header(out: Writer, header: PolicyHeader) -> None:
    """Write the fields that `read_header` reads."""
    out.put(_START, _MAGIC, len(_TARGET))
    out.raw(_TARGET)
    out.put(_REST, header.version, header.config, header.symbol_tables, header.context_tables)


def policy_version(data: bytes) -> int:
    """Return the version of a kernel policy from its first bytes (at least 32 of them).

    Raises:
        PolicyError: as `read_header`.
    """
    return read_header(Cursor(data)).version


def no_policy(where: str, error: OSError) -> PolicyError:
    """Return the error for a policy file that could not be opened or read."""
    return PolicyError(where, "a readable SELinux policy", error.strerror or str(error))
