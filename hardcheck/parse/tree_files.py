"""The files of a tree by the path they are found under, with links followed inside of it.

A link that leads to another member of the tree has that member's content; one to /dev/null is an empty
file, which is how systemd and others mask a file of the same name.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

import msgspec

from hardcheck.evidence import Evidence, HostEvidence, Reason
from hardcheck.evidence.listing import TreeEntry, parse_listing
from hardcheck.facts import Absent
from hardcheck.parse.base import absent

_MAX_LINKS = 8


class TreeFile(msgspec.Struct, frozen=True):
    """One file or link. ``content`` is the evidence of what it leads to, or why there is none; ``mode``,
    ``uid`` and ``gid`` are those of the entry itself."""

    path: str
    content: Evidence | Absent
    entry: TreeEntry


def tree_files(host: HostEvidence, key: str) -> tuple[TreeFile, ...] | Absent:
    """The files of tree ``key`` by path; empty when nothing matched its patterns.

    Absent when the listing is not whole: what could not be listed may hold anything.

    Raises:
        ParseError: the listing has another form.
    """
    listing = host.get(key)
    if listing.reason is Reason.NOT_PRESENT:
        return ()
    if listing.reason is not None:
        return absent(listing)
    entries = {entry.path: entry for entry in parse_listing(listing)}
    return tuple(
        TreeFile(path, _content(host, key, entries, path), entry)
        for path, entry in sorted(entries.items())
        if entry.kind in ("f", "l")
    )


def _content(host: HostEvidence, key: str, entries: Mapping[str, TreeEntry], path: str) -> Evidence | Absent:
    """Follow links from ``path`` to a file of the tree."""
    here = path
    for _ in range(_MAX_LINKS):
        if here == "/dev/null":
            return Evidence(f"{key}:{path}", path)
        entry = entries.get(here)
        if entry is None:
            detail = f"{path} is a link to {here}, which was not read"
            return Absent(Reason.NOT_COLLECTED, (key,), detail[:300])
        if entry.kind != "l" or entry.target is None:
            return _whole_text(host.get(f"{key}:{here}"))
        here = posixpath.normpath(posixpath.join(posixpath.dirname(here), entry.target))
    return Absent(Reason.UNPARSABLE, (key,), f"{path}: more than {_MAX_LINKS} links"[:300])


def _whole_text(item: Evidence) -> Evidence | Absent:
    """A text file with a NUL byte is damaged (a file system after a power failure, a broken read): what
    its readers make of it is not known."""
    if item.reason is not None:
        return absent(item)
    if b"\0" in item.content:
        return Absent(Reason.UNPARSABLE, (item.key,), f"{item.origin or item.key} has NUL bytes"[:300])
    return item
