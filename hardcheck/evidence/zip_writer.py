"""Zip files whose bytes depend on their members alone: one date, one order, one compression level.

Only what a bundle needs of the format (PKWARE APPNOTE 4.3 and 4.4): local headers with sizes, deflate or
stored, a central directory; no comments, no 64-bit records. A member that many archives have in common is
compressed once, a small one not at all.
"""

from __future__ import annotations

import struct
import threading
import zlib
from collections import OrderedDict
from collections.abc import Sequence

from hardcheck.errors import BundleError

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_DATE = (1 << 5) | 1  # 1 January 1980, the first that the format has
_MADE_BY_UNIX = 3 << 8 | 20
_NEEDS = 20
_MODE = 0o100600 << 16
_LEVEL = 3
_MAX_MEMBERS = 65_000
_MAX_BYTES = 0xFFFF_0000
_SMALL = (
    256  # members below this size are stored as they are: setting up deflate costs more than they are worth
)
_ENTRY_BYTES = 400  # what remembering one costs beside its bytes


class _Packed(tuple[int, int, int, bytes]):
    """Method, CRC-32, size before, bytes after."""


class ZipWriter:
    """Makes archives, and remembers the compressed form of members by digest. Threads may share one."""

    def __init__(self, max_memory_bytes: int = 128 * 1024 * 1024) -> None:
        self._max_memory_bytes = max_memory_bytes
        self._memory: OrderedDict[str, _Packed] = OrderedDict()
        self._used = 0
        self._lock = threading.Lock()

    def archive(self, members: Sequence[tuple[str, bytes, str]]) -> bytes:
        """Return the archive of ``(name, content, sha256 or "")`` in that order; names are ASCII.

        Raises:
            BundleError: too many members or bytes for the format.
        """
        if len(members) > _MAX_MEMBERS:
            raise BundleError("bundle", f"{len(members)} members are more than a zip file can have here")
        pieces: list[bytes] = []
        directory: list[bytes] = []
        offset = 0
        for name, content, sha256 in members:
            method, crc, size, packed = self._packed(content, sha256)
            raw_name = name.encode("ascii")
            if offset + len(packed) + size > _MAX_BYTES:
                raise BundleError("bundle", "more than 4 GB are more than a zip file can have here")
            common = (method, 0, _DATE, crc, len(packed), size, len(raw_name), 0)
            pieces += [_LOCAL.pack(b"PK\x03\x04", _NEEDS, 0, *common), raw_name, packed]
            directory += [
                _CENTRAL.pack(b"PK\x01\x02", _MADE_BY_UNIX, _NEEDS, 0, *common, 0, 0, 0, _MODE, offset),
                raw_name,
            ]
            offset += _LOCAL.size + len(raw_name) + len(packed)
        index = b"".join(directory)
        count = len(members)
        end = _END.pack(b"PK\x05\x06", 0, 0, count, count, len(index), offset, 0)
        return b"".join([*pieces, index, end])

    def _packed(self, content: bytes, sha256: str) -> _Packed:
        shared = bool(sha256) and len(content) >= _SMALL
        if shared:
            with self._lock:
                known = self._memory.get(sha256)
                if known is not None:
                    self._memory.move_to_end(sha256)
                    return known
        made = _pack(content)
        if shared:
            with self._lock:
                self._remember(sha256, made)
        return made

    def _remember(self, sha256: str, made: _Packed) -> None:
        if sha256 in self._memory:
            return
        self._memory[sha256] = made
        self._used += len(made[3]) + _ENTRY_BYTES
        while self._used > self._max_memory_bytes and self._memory:
            _, oldest = self._memory.popitem(last=False)
            self._used -= len(oldest[3]) + _ENTRY_BYTES


def _pack(content: bytes) -> _Packed:
    if len(content) < _SMALL:
        return _Packed((0, zlib.crc32(content), len(content), content))
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = compressor.compress(content) + compressor.flush()
    if len(packed) < len(content):
        return _Packed((zlib.DEFLATED, zlib.crc32(content), len(content), packed))
    return _Packed((0, zlib.crc32(content), len(content), content))
