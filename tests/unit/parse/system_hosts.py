"""Hosts made of a few items of evidence, for the parsers of the system's facts.

A sample is ``tests/data/FACT/NAME.in``, the bytes of the fact's first evidence key, or ``NAME.tree``, the
files of a tree: a line ``== PATH`` before each content, ``== PATH -> TARGET`` for a link. What the parser
makes of it stands beside it in ``NAME.json``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from hardcheck.evidence import Evidence, HostEvidence, HostIdentity, Privilege, Reason
from hardcheck.evidence.listing import TreeEntry, format_listing

DATA = Path(__file__).resolve().parents[2] / "data"


def host(items: Mapping[str, bytes | str | Reason | Evidence]) -> HostEvidence:
    """A host with these items; a Reason is an item that could not be had."""
    made = {}
    for key, value in items.items():
        if isinstance(value, Evidence):
            made[key] = value
        elif isinstance(value, Reason):
            made[key] = Evidence(key, "", reason=value)
        else:
            content = value.encode() if isinstance(value, str) else value
            made[key] = Evidence(key, "", content)
    return HostEvidence(HostIdentity("h"), "", "", "0", "", Privilege.ROOT, made)


def tree(key: str, files: Mapping[str, str | bytes | Reason]) -> dict[str, bytes | str | Reason | Evidence]:
    """The items of a tree: text for a file, ``-> TARGET`` for a link, a Reason for an unreadable file."""
    entries = []
    items: dict[str, bytes | str | Reason | Evidence] = {}
    for path, content in sorted(files.items()):
        if isinstance(content, str) and content.startswith("-> "):
            entries.append(TreeEntry("l", path, 0o777, 0, 0, target=content[3:]))
            continue
        entries.append(TreeEntry("f", path, 0o644, 0, 0, 1))
        items[f"{key}:{path}"] = content
    listing = format_listing(entries)
    items[key] = Evidence(key, "", listing, reason=None if entries else Reason.NOT_PRESENT)
    return items


def tree_of_text(key: str, text: str) -> dict[str, bytes | str | Reason | Evidence]:
    """The items of a ``.tree`` sample."""
    files: dict[str, str | bytes | Reason] = {}
    for part in re.split(r"^== ", text, flags=re.MULTILINE)[1:]:
        heading, _, content = part.partition("\n")
        path, arrow, target = heading.partition(" -> ")
        files[path] = f"-> {target}" if arrow else content
    return tree(key, files)
