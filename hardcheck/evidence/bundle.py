"""The bundle: what was collected from one host, in one zip file, to be judged now or years later.

``manifest.json`` comes first and has every field of :mod:`hardcheck.evidence.model` beside the bytes; those
are members ``content/SHA256``, each content once, in the order of digests. The same evidence gives the same
bytes (with the same build of zlib). A bundle that anybody may have altered is read with suspicion: each
content is held against size and digest in the manifest, nothing is written anywhere, and
whatever is wrong is a :class:`BundleError` of one line.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import msgspec

from hardcheck.errors import BundleError
from hardcheck.evidence.model import Evidence, Failure, HostEvidence, HostIdentity, Privilege
from hardcheck.evidence.zip_reader import ZipLimits, ZipMembers, one_line
from hardcheck.evidence.zip_writer import ZipWriter
from hardcheck.reasons import Reason

FORMAT = 1
SUFFIX = ".evidence.zip"
_MANIFEST = "manifest.json"
_MEMBER = re.compile(r"content/[0-9a-f]{64}", re.ASCII)
_MAX_MANIFEST = 48 * 1024 * 1024
_MAX_ITEMS = 200_000

_Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
_Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
_Status = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
_Key = Annotated[str, msgspec.Meta(min_length=1, max_length=16_384)]
_Time = Annotated[str, msgspec.Meta(max_length=64)]


class _Stored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bytes of an item: where they are, and how many."""

    sha256: _Digest
    size: _Count


class _Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    key: _Key
    origin: str
    content: _Stored | None = None  # None: no bytes
    stderr: _Stored | None = None
    exit_status: _Status | None = None
    euid: _Count | None = None
    duration_ms: _Count = 0
    size: _Count = 0
    reason: Reason | None = None
    redactions: _Count = 0


class _Version(msgspec.Struct, frozen=True):
    format: int


class _Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: int
    tool_version: str
    probe_sha256: str
    host: HostIdentity
    started_at: _Time
    finished_at: _Time
    privilege: Privilege
    privilege_detail: str
    failure: Failure | None
    items: list[_Item]


class BundleWriter:
    """Writes bundles; one for a whole run compresses what hosts have in common once. Thread-safe."""

    def __init__(self) -> None:
        self._zip = ZipWriter()

    def pack(self, evidence: HostEvidence) -> bytes:
        """Return the bundle's bytes.

        Raises:
            BundleError: an item under another key than its own, text that is not Unicode, too many bytes.
        """
        contents: dict[str, bytes] = {}
        items = [_manifest_item(key, evidence.items[key], contents) for key in sorted(evidence.items)]
        manifest = _Manifest(
            format=FORMAT,
            tool_version=evidence.tool_version,
            probe_sha256=evidence.probe_sha256,
            host=evidence.host,
            started_at=evidence.started_at,
            finished_at=evidence.finished_at,
            privilege=evidence.privilege,
            privilege_detail=evidence.privilege_detail,
            failure=evidence.failure,
            items=items,
        )
        try:
            text = msgspec.json.format(msgspec.json.encode(manifest, order="sorted"), indent=1)
        except (UnicodeError, ValueError) as error:
            raise BundleError(ascii(evidence.host.name), f"cannot be written: {one_line(error)}") from error
        members = [(_MANIFEST, text, "")]
        members += [(f"content/{sha256}", contents[sha256], sha256) for sha256 in sorted(contents)]
        return self._zip.archive(members)

    def write(self, evidence: HostEvidence, path: Path) -> None:
        """Write the bundle beside its name and rename it: a file of that name is always whole.

        Raises:
            BundleError: as :meth:`pack`, or the file cannot be written.
        """
        packed = self.pack(evidence)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, half = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.", suffix=".part")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(packed)
                Path(half).replace(path)
            except OSError:
                Path(half).unlink(missing_ok=True)
                raise
        except (OSError, ValueError) as error:
            raise BundleError(str(path), f"cannot be written: {one_line(error)}") from error


def write_bundle(evidence: HostEvidence, path: Path) -> None:
    """Write one bundle. See :meth:`BundleWriter.write`."""
    BundleWriter().write(evidence, path)


def read_bundle(path: Path, limits: ZipLimits | None = None) -> HostEvidence:
    """Read one bundle and prove its bytes.

    Raises:
        BundleError: unreadable, cut, altered, too large, or of another format.
    """
    limits = limits or ZipLimits()
    try:
        with path.open("rb") as file:
            archive = file.read(limits.archive + 1)
    except (OSError, ValueError) as error:
        raise BundleError(str(path), f"cannot be read: {one_line(error)}") from error
    return unpack_bundle(archive, str(path), limits)


def unpack_bundle(archive: bytes, where: str, limits: ZipLimits | None = None) -> HostEvidence:
    """Read a bundle's bytes; ``where`` names them in errors. See :func:`read_bundle`."""
    members = ZipMembers(archive, where, _is_known_name, limits or ZipLimits())
    manifest = _read_manifest(members, where)
    contents = _read_contents(members, manifest, where)
    items: dict[str, Evidence] = {}
    for number, item in enumerate(manifest.items):
        if item.key in items:
            raise BundleError(
                f"{where}: {_MANIFEST}: items[{number}]", f"key {item.key[:80]!a} is there twice"
            )
        items[item.key] = Evidence(
            key=item.key,
            origin=item.origin,
            content=_bytes_of(item.content, contents),
            stderr=_bytes_of(item.stderr, contents),
            exit_status=item.exit_status,
            euid=item.euid,
            duration_ms=item.duration_ms,
            size=item.size,
            reason=item.reason,
            redactions=item.redactions,
        )
    return HostEvidence(
        host=manifest.host,
        started_at=manifest.started_at,
        finished_at=manifest.finished_at,
        tool_version=manifest.tool_version,
        probe_sha256=manifest.probe_sha256,
        privilege=manifest.privilege,
        items=items,
        failure=manifest.failure,
        privilege_detail=manifest.privilege_detail,
    )


def read_bundles(
    path: Path, limits: ZipLimits | None = None
) -> Iterator[tuple[Path, HostEvidence | BundleError]]:
    """Yield the bundles of a folder in the order of their names, or the one that ``path`` is.

    A bundle that cannot be read is yielded as its error, so that one of many costs only itself.

    Raises:
        BundleError: the folder itself cannot be read, or has no bundle.
    """
    paths = [path]
    if path.is_dir():
        try:
            paths = sorted(entry for entry in path.iterdir() if entry.name.endswith(SUFFIX))
        except OSError as error:
            raise BundleError(str(path), f"cannot be read: {one_line(error)}") from error
        if not paths:
            raise BundleError(str(path), f"no bundle in this folder (files named *{SUFFIX})")
    for one in paths:
        try:
            yield one, read_bundle(one, limits)
        except BundleError as error:
            yield one, error


def bundle_name(host: str) -> str:
    """Return the file name for a host's bundle: plain letters, never hidden, different for each host."""
    plain = re.sub(r"[^A-Za-z0-9._-]", lambda match: "".join(f"%{b:02x}" for b in _utf8(match[0])), host)
    plain = "%2e" + plain[1:] if plain.startswith(".") else plain
    if not plain or len(plain) > 150:
        plain = f"{plain[:100]}%{hashlib.sha256(_utf8(host)).hexdigest()[:16]}"
    return plain + SUFFIX


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _manifest_item(key: str, item: Evidence, contents: dict[str, bytes]) -> _Item:
    if item.key != key:
        raise BundleError(ascii(key), f"the item under this key says {item.key!a}")
    return _Item(
        key=key,
        origin=item.origin,
        content=_stored(item.content, contents),
        stderr=_stored(item.stderr, contents),
        exit_status=item.exit_status,
        euid=item.euid,
        duration_ms=item.duration_ms,
        size=item.size,
        reason=item.reason,
        redactions=item.redactions,
    )


def _stored(content: bytes, contents: dict[str, bytes]) -> _Stored | None:
    if not content:
        return None
    sha256 = hashlib.sha256(content).hexdigest()
    contents[sha256] = content
    return _Stored(sha256, len(content))


def _is_known_name(name: str) -> bool:
    return name == _MANIFEST or _MEMBER.fullmatch(name) is not None


def _read_manifest(members: ZipMembers, where: str) -> _Manifest:
    place = f"{where}: {_MANIFEST}"
    if _MANIFEST not in members.names:
        raise BundleError(where, f"has no {_MANIFEST}")
    if members.size(_MANIFEST) > _MAX_MANIFEST:
        raise BundleError(
            place, f"{members.size(_MANIFEST)} bytes are more than the limit of {_MAX_MANIFEST}"
        )
    text = members.read(_MANIFEST)
    try:
        found = msgspec.json.decode(text, type=_Version).format
        if found != FORMAT:
            raise BundleError(
                place, f"format {found} is not known to this version of hardcheck, which reads {FORMAT}"
            )
        manifest = msgspec.json.decode(text, type=_Manifest)
    except (msgspec.MsgspecError, UnicodeError, ValueError, RecursionError) as error:
        raise BundleError(place, one_line(error)) from error
    if len(manifest.items) > _MAX_ITEMS:
        raise BundleError(place, f"{len(manifest.items)} items are more than the limit of {_MAX_ITEMS}")
    return manifest


def _read_contents(members: ZipMembers, manifest: _Manifest, where: str) -> Mapping[str, bytes]:
    """The contents that the manifest names, each once and proven; no other member may be there."""
    named: dict[str, _Stored] = {}
    for item in manifest.items:
        for stored in (item.content, item.stderr):
            if stored is not None and named.setdefault(stored.sha256, stored) != stored:
                raise BundleError(f"{where}: {_MANIFEST}", f"gives {stored.sha256} two sizes")
    held = {name.removeprefix("content/") for name in members.names if name != _MANIFEST}
    for sha256 in sorted(held - named.keys()):
        raise BundleError(f"{where}: content/{sha256}", "is not in the manifest")
    contents = {}
    for sha256, stored in sorted(named.items()):
        place = f"{where}: content/{sha256}"
        if sha256 not in held:
            raise BundleError(place, "is in the manifest and missing from the bundle")
        content = members.read(f"content/{sha256}")
        if len(content) != stored.size or hashlib.sha256(content).hexdigest() != sha256:
            raise BundleError(place, "its bytes are not those of the manifest")
        contents[sha256] = content
    return contents


def _bytes_of(stored: _Stored | None, contents: Mapping[str, bytes]) -> bytes:
    return b"" if stored is None else contents[stored.sha256]
