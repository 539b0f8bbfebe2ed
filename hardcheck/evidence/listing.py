r"""The listing of a tree: what matched its patterns, one entry a line.

``TYPE MODE UID GID SIZE SHA256 PATH`` and `` -> TARGET`` for a link, for example::

    f 0644 0 0 2355 1f0c...9a /etc/sysctl.d/90-site.conf
    l 0777 0 0 14 - /etc/sysctl.d/99-sysctl.conf -> ../sysctl.conf

TYPE is ``f``, ``d``, ``l`` or ``o`` (a socket, pipe or device). ``-`` stands for what does not apply or
could not be read. Paths are UTF-8; control characters, bytes that are not UTF-8, backslashes and the ``>``
of an arrow inside a name are written ``\xNN``, so that a line is a line and an arrow is an arrow.
The key of a member, ``KEY:PATH``, has the path in the same form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from hardcheck.errors import ParseError
from hardcheck.evidence.model import Evidence

_LINE = re.compile(
    r"(?P<kind>[fdlo]) (?P<mode>[0-7]{4}|-) (?P<uid>[0-9]{1,10}|-) (?P<gid>[0-9]{1,10}|-)"
    r" (?P<size>[0-9]{1,19}|-) (?P<sha256>[0-9a-f]{64}|-) (?P<path>.*?)(?: -> (?P<target>.*))?",
    re.DOTALL,
)
_PLAIN = re.compile(rb"[ -=?-\[\]-~]*")  # what most paths are made of, and what needs no second look
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\\\ud800-\udfff]|(?<= -)>(?= )")


class TreeEntry(msgspec.Struct, frozen=True):
    """One entry. ``mode`` is the permission bits with setuid, setgid and sticky; None is ``-``."""

    kind: str
    path: str
    mode: int | None = None
    uid: int | None = None
    gid: int | None = None
    size: int | None = None
    sha256: str | None = None
    target: str | None = None


def escape_path(path: bytes) -> str:
    """Return a path in the listing's form; two paths never have the same one."""
    if _PLAIN.fullmatch(path):
        return path.decode("ascii")
    return _UNSAFE.sub(_escaped, path.decode("utf-8", "surrogateescape"))


def unescape_path(text: str) -> bytes:
    """Return the path's bytes as they are on the host."""
    raw = text.encode("utf-8", "surrogateescape")
    return re.sub(rb"\\x([0-9a-f]{2})", lambda match: bytes([int(match[1], 16)]), raw)


def format_listing(entries: Iterable[TreeEntry]) -> bytes:
    """Return the listing in the order of ``entries``; paths are already in the listing's form."""
    lines = []
    for entry in entries:
        mode = "-" if entry.mode is None else f"{entry.mode:04o}"
        numbers = " ".join("-" if n is None else str(n) for n in (entry.uid, entry.gid, entry.size))
        arrow = "" if entry.target is None else f" -> {entry.target}"
        lines.append(f"{entry.kind} {mode} {numbers} {entry.sha256 or '-'} {entry.path}{arrow}\n")
    return "".join(lines).encode("utf-8", "backslashreplace")


def parse_listing(evidence: Evidence) -> tuple[TreeEntry, ...]:
    """Return the entries in the listing's order.

    Raises:
        ParseError: a line of another form.
    """
    entries = []
    for where, line in evidence.lines():
        match = _LINE.fullmatch(line)
        if match is None:
            raise ParseError(where, "'TYPE MODE UID GID SIZE SHA256 PATH'", repr(line[:80]))
        entries.append(
            TreeEntry(
                kind=match["kind"],
                path=match["path"],
                mode=None if match["mode"] == "-" else int(match["mode"], 8),
                uid=_number(match["uid"]),
                gid=_number(match["gid"]),
                size=_number(match["size"]),
                sha256=None if match["sha256"] == "-" else match["sha256"],
                target=match["target"],
            )
        )
    return tuple(entries)


def _number(text: str) -> int | None:
    return None if text == "-" else int(text)


def _escaped(match: re.Match[str]) -> str:
    raw = match[0].encode("utf-8", "surrogateescape")
    return "".join(f"\\x{byte:02x}" for byte in raw)
