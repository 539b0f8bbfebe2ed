"""The parts of one tree, or of one blob, to its listing, its members and what is known by digest."""

from __future__ import annotations

import hashlib
import re
import stat
from collections.abc import Sequence

import msgspec

from hardcheck.collect.base import BlobSource, TreeSource
from hardcheck.collect.frames import Part
from hardcheck.collect.refusal import reason_of_file
from hardcheck.evidence.listing import TreeEntry, escape_path, format_listing
from hardcheck.evidence.model import Evidence
from hardcheck.reasons import Reason

_STAT = re.compile(rb"([0-9a-f]{1,8}) ([0-9]{1,10}) ([0-9]{1,10}) ([0-9]{1,19})(?: (.+))?", re.DOTALL)
_SUM = re.compile(rb"([0-9a-f]{64}) [ *](.+)", re.DOTALL)


class Blob(msgspec.Struct, frozen=True):
    """A content that the host has: the item it belongs to, and its digest."""

    key: str
    origin: str
    sha256: str
    size: int


class Tree(msgspec.Struct, frozen=True):
    """``items`` begins with the listing (of a blob: only where it could not be had, its absence)."""

    items: tuple[Evidence, ...]
    blobs: tuple[Blob, ...]
    contents: dict[str, bytes]
    altered: frozenset[str]


class _Member(msgspec.Struct):
    path: bytes
    mode: int | None = None
    uid: int | None = None
    gid: int | None = None
    size: int | None = None
    sha256: str | None = None
    target: bytes | None = None
    content: bytes | None = None  # up to one byte more than the limit
    unreadable: bool = False


class _Said(msgspec.Struct, frozen=True):
    """What the probe told of a tree as a whole."""

    limit: int  # bytes of one member that may be kept
    stderr: bytes  # what the tools said
    too_many: bool  # more members than the source allows
    closed: bool  # a directory could not be searched
    count: int  # members, by the shell's own count


def read_tree(
    source: TreeSource | BlobSource,
    parts: Sequence[Part],
    limit: int,
    stderr: bytes,
    *,
    too_many: bool,
    closed: bool,
    count: int,
) -> Tree:
    """Put the parts of one tree, those between ``t`` and ``e``, together. See :class:`_Said`."""
    said = _Said(limit, stderr, too_many, closed, count)
    members = _members(parts, limit)
    items: list[Evidence] = []
    blobs: list[Blob] = []
    contents: dict[str, bytes] = {}
    altered: set[str] = set()
    by_digest = isinstance(source, BlobSource) or source.blobs
    for member in members:
        if member.mode is None or not stat.S_ISREG(member.mode):
            continue
        key = source.key if isinstance(source, BlobSource) else f"{source.key}:{escape_path(member.path)}"
        if member.content is not None:
            whole = len(member.content) <= limit
            digest = hashlib.sha256(member.content).hexdigest()
            if member.sha256 is not None and (digest != member.sha256 if whole else altered):
                altered.add(key)  # a cut piece behind a wrong one may be from elsewhere
            elif whole and by_digest:
                contents[digest] = member.content
        if by_digest and member.content is None and member.sha256 is not None and _fits(member, limit):
            blobs.append(Blob(key, escape_path(member.path), member.sha256, member.size or 0))
        else:
            items.append(_item(key, member, said, altered=key in altered))
    if isinstance(source, TreeSource):
        items.insert(0, _listing(source, members, said))
    elif not items and not blobs:
        items.append(Evidence(source.key, " ".join(source.paths), reason=_why_none(said)))
    return Tree(tuple(items), tuple(blobs), contents, frozenset(altered))


def _fits(member: _Member, limit: int) -> bool:
    return member.size is None or member.size <= limit


def _why_none(said: _Said) -> Reason:
    """Nothing is there only if the shell itself found nothing, and could look everywhere."""
    if said.closed:
        return Reason.DENIED
    return Reason.NOT_COLLECTED if said.count else Reason.NOT_PRESENT


def _item(key: str, member: _Member, said: _Said, *, altered: bool) -> Evidence:
    """A member whose content is here, or why it is not."""
    size = member.size or 0
    item = Evidence(key, escape_path(member.path), size=size)
    if altered:
        return msgspec.structs.replace(item, stderr=b"changed while it was read", reason=Reason.NOT_COLLECTED)
    if member.content is None:
        own = b"\n".join(line for line in said.stderr.split(b"\n") if member.path in line)
        return msgspec.structs.replace(item, stderr=own, reason=_why_unread(member, own, said.limit))
    if len(member.content) > said.limit:
        kept = member.content[: said.limit]
        return msgspec.structs.replace(item, content=kept, size=max(size, len(kept)), reason=Reason.TRUNCATED)
    return msgspec.structs.replace(item, content=member.content, size=len(member.content))


def _why_unread(member: _Member, stderr: bytes, limit: int) -> Reason:
    if member.unreadable:
        return Reason.DENIED
    if member.sha256 is not None and not _fits(member, limit):
        return Reason.TRUNCATED
    return reason_of_file(1, stderr)


def _listing(source: TreeSource, members: Sequence[_Member], said: _Said) -> Evidence:
    reason = None
    if not members or said.closed:
        reason = _why_none(said)
    elif said.too_many:
        reason = Reason.TRUNCATED
    elif len(members) < said.count:
        reason = Reason.NOT_COLLECTED
    content = format_listing(_entry(member) for member in sorted(members, key=lambda member: member.path))
    return Evidence(source.key, " ".join(source.patterns), content, size=len(content), reason=reason)


def _entry(member: _Member) -> TreeEntry:
    kind = "o"
    if member.mode is not None:
        names = ((stat.S_ISREG, "f"), (stat.S_ISDIR, "d"), (stat.S_ISLNK, "l"))
        kind = next((name for test, name in names if test(member.mode)), "o")
    sha256 = member.sha256
    if kind == "f" and sha256 is None and member.content is not None:
        sha256 = hashlib.sha256(member.content).hexdigest()
    return TreeEntry(
        kind,
        escape_path(member.path),
        None if member.mode is None else stat.S_IMODE(member.mode),
        member.uid,
        member.gid,
        member.size if kind == "f" else None,
        sha256,
        None if member.target is None else escape_path(member.target),
    )


def _members(parts: Sequence[Part], limit: int) -> list[_Member]:
    """The members by path, each once, with all that the parts say of them."""
    found: dict[bytes, _Member] = {}
    summed: list[_Member] = []
    alone: _Member | None = None
    for part in parts:
        body = part.body
        if part.verb == "s":
            for line in body.split(b"\n"):
                _take_stat(found, line)
        elif part.verb == "h":
            summed = _take_sums(found, body)
        elif part.verb == "d":
            _share_out(summed, body, limit)
        elif part.verb == "w":
            for path in filter(None, body.split(b"\n")):
                found.setdefault(path, _Member(path)).unreadable = True
        elif part.verb == "p" and body:
            alone = found.setdefault(body, _Member(body))
        elif alone is not None:
            _take_alone(alone, part)
    return list(found.values())


def _take_alone(member: _Member, part: Part) -> None:
    body = part.body
    if part.verb == "o":
        match = _STAT.fullmatch(body.rstrip(b"\n"))
        if match is not None:
            member.mode, member.uid = int(match[1], 16), int(match[2])
            member.gid, member.size = int(match[3]), int(match[4])
    elif part.verb == "l":
        member.target = body.removesuffix(b"\n")
    elif part.verb == "g" and len(part.words) == 1 and re.fullmatch("[0-9a-f]{64}", part.words[0]):
        member.sha256 = part.words[0]
    elif part.verb == "m":
        member.content = body
    elif part.verb == "r" and part.words != ("0",):
        member.content = None
    elif part.verb == "u":
        member.unreadable = True


def _take_stat(found: dict[bytes, _Member], line: bytes) -> None:
    match = _STAT.fullmatch(line)
    if match is None or match[5] is None:
        return
    member = found.setdefault(match[5], _Member(match[5]))
    member.mode, member.uid = int(match[1], 16), int(match[2])
    member.gid, member.size = int(match[3]), int(match[4])


def _take_sums(found: dict[bytes, _Member], body: bytes) -> list[_Member]:
    """Members with a digest, in the order in which their contents will follow."""
    summed = []
    for line in body.split(b"\n"):
        match = _SUM.fullmatch(line)
        member = None if match is None else found.get(match[2])
        if match is not None and member is not None and member.sha256 is None:
            member.sha256 = match[1].decode("ascii")
            summed.append(member)
    return summed


def _share_out(summed: Sequence[_Member], body: bytes, limit: int) -> None:
    """Cut the joined contents at the sizes that stat(1) gave; the digests prove each piece."""
    at = 0
    for member in summed:
        length = min(member.size or 0, limit + 1)
        if at + length > len(body):
            return
        member.content = body[at : at + length]
        at += length
