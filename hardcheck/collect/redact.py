"""Secrets are taken out of evidence as it is decoded, before anything keeps it.

Every text a host gave passes here: files, command output, error output. What is fetched by digest
(policies, profiles) does not: it is kept byte for byte, so that its digest stays the host's own, and
it is not of a kind that holds secrets. A secret becomes ``[redacted]``; the words around it stay.
"""

from __future__ import annotations

import hashlib
import threading

import msgspec

from hardcheck.collect.secret_shapes import (
    AUDIT_HEX,
    AUDIT_TYPED,
    HARMLESS,
    HTPASSWD_LINE,
    LINE_SHAPES,
    PRIVATE_KEY_BEGIN,
    PRIVATE_KEY_END,
    WORDS,
)
from hardcheck.evidence.model import Evidence

MARK = b"[redacted]"

_BINARY = (
    b"\x8c\xff\x7c\xf9",  # SELinux policy
    b"\x8d\xff\x7c\xf9",  # SELinux module
    b"\x8f\xff\x7c\xf9",  # SELinux policy package
    b"\x1f\x8b",  # gzip
    b"BZh",
    b"\xfd7zXZ\0",
    b"\x28\xb5\x2f\xfd",  # zstd
    b"\x7fELF",
    b"PK\x03\x04",
)


class Redactor:
    """Redacts items, and remembers by digest which contents had nothing to redact.

    In a fleet most files are the same on many hosts; each is looked at once. Threads may share one.
    """

    def __init__(self, max_known: int = 65536) -> None:
        self._max_known = max_known
        self._clean: set[bytes] = set()
        self._lock = threading.Lock()

    def redacted(self, item: Evidence) -> Evidence:
        """Return the item without secrets, with their number added to ``redactions``."""
        content, in_content = self._redact(item.content)
        stderr, in_stderr = self._redact(item.stderr)
        if not in_content + in_stderr:
            return item
        count = item.redactions + in_content + in_stderr
        return msgspec.structs.replace(item, content=content, stderr=stderr, redactions=count)

    def _redact(self, content: bytes) -> tuple[bytes, int]:
        if len(content) < 8:
            return content, 0
        digest = hashlib.sha256(content).digest()
        if digest in self._clean:
            return content, 0
        found, count = redact(content)
        if not count:
            with self._lock:
                if len(self._clean) >= self._max_known:
                    self._clean.clear()
                self._clean.add(digest)
        return found, count


def redact(content: bytes) -> tuple[bytes, int]:
    """Return ``content`` with every secret of a known shape replaced, and how many those were.

    Never raises; takes time in proportion to the bytes. Binary formats come back as they are.
    """
    if not content or content.startswith(_BINARY):
        return content, 0
    spans = _private_keys(content) + _whole_file(content) + _in_lines(content)
    if b"type=" in content:
        spans += [match.span(1) for match in AUDIT_TYPED.finditer(content)]
    content, count = _replace(content, spans)
    if b"proctitle=" in content or b"cmd=" in content:
        content, more = _in_hex(content)
        count += more
    return content, count


def _private_keys(content: bytes) -> list[tuple[int, int]]:
    """From behind each BEGIN line to its END line, or to the end of what there is."""
    spans = []
    begin = PRIVATE_KEY_BEGIN.search(content)
    while begin is not None:
        end = PRIVATE_KEY_END.search(content, begin.end())
        stop = len(content) if end is None else end.start()
        if content[begin.end() : stop].strip() not in (b"", MARK):
            spans.append((begin.end(), stop))
        begin = PRIVATE_KEY_BEGIN.search(content, stop)
    return spans


def _whole_file(content: bytes) -> list[tuple[int, int]]:
    """The hashes of a file that has nothing but NAME:HASH lines."""
    spans = []
    start = 0
    for line in content.split(b"\n"):
        if line.strip():
            match = HTPASSWD_LINE.fullmatch(line.rstrip(b"\r"))
            if match is None:
                return []
            spans.append((start + match.start(1), start + match.end(1)))
        start += len(line) + 1
    return spans


def _in_lines(content: bytes) -> list[tuple[int, int]]:
    """Where the secrets of all shapes are; a shape looks once at each line that has one of its words."""
    lowered = content.lower()
    lines = {word: _lines_with(lowered, word) for word in WORDS if word in lowered}
    spans = []
    for shape in LINE_SHAPES:
        for start, end in sorted({line for word in shape.words for line in lines.get(word, ())}):
            for match in shape.pattern.finditer(content, start, end):
                span = match.span(match.lastindex or 0)
                if not HARMLESS.fullmatch(content, *span):
                    spans.append(span)
    return spans


def _lines_with(lowered: bytes, word: bytes) -> list[tuple[int, int]]:
    lines = []
    at = lowered.find(word)
    while at >= 0:
        start = lowered.rfind(b"\n", 0, at) + 1
        end = lowered.find(b"\n", at)
        if end < 0:
            end = len(lowered)
        lines.append((start, end))
        at = lowered.find(word, end)
    return lines


def _replace(content: bytes, spans: list[tuple[int, int]]) -> tuple[bytes, int]:
    """Put the mark in place of the spans; those that overlap count once."""
    pieces = []
    at = count = 0
    for start, end in sorted(spans):
        if end <= at:
            continue
        if start >= at:
            pieces += [content[at:start], MARK]
            count += 1
        at = end
    pieces.append(content[at:])
    return b"".join(pieces), count


def _in_hex(content: bytes) -> tuple[bytes, int]:
    """Command lines that the audit system wrote in hexadecimal: decoded, redacted, encoded again."""
    spans = []
    replacements = []
    total = 0
    for match in AUDIT_HEX.finditer(content):
        if len(match[1]) % 2:
            continue
        plain = bytes.fromhex(match[1].decode("ascii"))
        spaced, count = redact(plain.replace(b"\0", b" "))
        if count:
            total += count
            spans.append(match.span(1))
            replacements.append(spaced.hex().upper().encode("ascii"))
    pieces = []
    at = 0
    for (start, end), new in zip(spans, replacements, strict=True):
        pieces += [content[at:start], new]
        at = end
    pieces.append(content[at:])
    return b"".join(pieces), total
