"""Reading a zip file that anybody may have made: nothing is unpacked before its size is known to fit."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable

import msgspec

from hardcheck.errors import BundleError

# All that zipfile and zlib raise for damaged archives, in the versions we run on.
_DAMAGE = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,
    EOFError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
    LookupError,
)
_SMALL = 1024 * 1024
_ENCRYPTED = 0x1


class ZipLimits(msgspec.Struct, frozen=True):
    """How much a bundle may hold, in bytes."""

    archive: int = 1024 * 1024 * 1024
    member: int = 64 * 1024 * 1024
    total: int = 768 * 1024 * 1024
    ratio: int = 300  # of a member above 1 MiB; text is below 30, a policy below 10
    members: int = 65_000


class ZipMembers:
    """The members of one archive, by name. Nothing is unpacked until asked for."""

    def __init__(
        self, archive: bytes, where: str, known_name: Callable[[str], bool], limits: ZipLimits
    ) -> None:
        """Read the directory.

        Raises:
            BundleError: no zip file, or a member that a bundle cannot have.
        """
        self._where = where
        if len(archive) > limits.archive:
            raise BundleError(where, f"{len(archive)} bytes are more than the limit of {limits.archive}")
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(archive))
            infos = self._zip.infolist()
        except _DAMAGE as error:
            raise BundleError(where, f"not a whole zip file: {one_line(error)}") from error
        if len(infos) > limits.members:
            raise BundleError(where, f"{len(infos)} members are more than the limit of {limits.members}")
        self._infos: dict[str, zipfile.ZipInfo] = {}
        for info in infos:
            self._check(info, known_name, limits)
            self._infos[info.filename] = info
        total = sum(info.file_size for info in infos)
        if total > limits.total:
            raise BundleError(where, f"{total} bytes unpacked are more than the limit of {limits.total}")

    @property
    def names(self) -> frozenset[str]:
        """Names of all members."""
        return frozenset(self._infos)

    def size(self, name: str) -> int:
        """Unpacked size of a member that exists, as the directory says."""
        return self._infos[name].file_size

    def read(self, name: str) -> bytes:
        """Unpack one member that exists.

        Raises:
            BundleError: it is damaged.
        """
        try:
            with self._zip.open(self._infos[name]) as member:
                content = member.read(self._infos[name].file_size + 1)
        except _DAMAGE as error:
            raise BundleError(f"{self._where}: {name}", f"damaged: {one_line(error)}") from error
        if len(content) != self._infos[name].file_size:
            raise BundleError(f"{self._where}: {name}", "does not have the size that the directory says")
        return content

    def _check(self, info: zipfile.ZipInfo, known_name: Callable[[str], bool], limits: ZipLimits) -> None:
        name = ascii(info.filename[:120])
        problem = ""
        if info.filename in self._infos:
            problem = "is there twice"
        elif not known_name(info.filename) or info.orig_filename != info.filename:
            problem = "is not a name that a bundle has"
        elif stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
            problem = "is not a regular file"
        elif info.flag_bits & _ENCRYPTED:
            problem = "is encrypted"
        elif info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            problem = f"has compression method {info.compress_type}; 0 and 8 are known"
        elif info.file_size > limits.member:
            problem = f"would be {info.file_size} bytes, more than the limit of {limits.member}"
        elif info.file_size > max(_SMALL, info.compress_size * limits.ratio):
            problem = f"would unpack {info.compress_size} bytes to {info.file_size}"
        if problem:
            raise BundleError(f"{self._where}: member {name}", problem)


def one_line(error: BaseException) -> str:
    """The text of a foreign error, short and printable."""
    text = " ".join(str(error).split()) or type(error).__name__
    return ascii(text[:160])[1:-1]
