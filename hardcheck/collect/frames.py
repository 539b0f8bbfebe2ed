"""The outer form of the probe's output: parts between marker lines, on both streams alike.

Each stream begins, behind whatever a login prints, with a line ``@hardcheck 1 NONCE SECRET EUID BUILD``. From
there every marker is a line break and ``@SECRET VERB WORDS`` up to the next line break; what follows is
the part's body, to the byte, up to the next marker. SECRET is made of random bits on the host that
are nowhere but in the probe's shell, so neither content nor another account can write a marker.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

_LONGEST_HEADER = 512
_FIRST_LINE = re.compile(rb"([0-9a-f-]{16,80}) ([0-9]{1,10}|-) ([0-9a-f]{16})\n")  # behind the nonce


class Beginning(msgspec.Struct, frozen=True):
    """The first line: who ran which probe. ``euid`` is None where ``id`` gave no answer."""

    secret: bytes
    euid: int | None
    build: str
    end: int  # offset of the first byte behind the line


class Part(msgspec.Struct, frozen=True):
    """One marker and its body. ``last`` tells that nothing follows: the body may have been cut."""

    verb: str
    words: tuple[str, ...]
    body: bytes
    last: bool


def find_beginning(stream: bytes, nonce: str) -> Beginning | None:
    """Find the probe's first line behind any amount of banners and noise; None if there is none."""
    named = b"@hardcheck 1 %b " % nonce.encode("ascii", "replace")
    at = stream.find(named)
    while at >= 0:
        match = _FIRST_LINE.match(stream, at + len(named))
        if match is not None and (at == 0 or stream[at - 1] == 0x0A):
            euid = None if match[2] == b"-" else int(match[2])
            return Beginning(match[1], euid, match[3].decode("ascii"), match.end())
        at = stream.find(named, at + 1)
    return None


def parts(stream: bytes, beginning: Beginning) -> Iterator[Part]:
    """Yield the parts in their order. A marker that was cut itself is left out."""
    marker = b"\n@" + beginning.secret + b" "
    at = stream.find(marker, beginning.end)
    while at >= 0:
        start = at + len(marker)
        following = stream.find(marker, start)
        end = len(stream) if following < 0 else following
        header_end = stream.find(b"\n", start, min(end, start + _LONGEST_HEADER))
        if header_end >= 0:
            words = stream[start:header_end].decode("ascii", "replace").split(" ")
            yield Part(words[0], tuple(words[1:]), stream[header_end + 1 : end], following < 0)
        at = following
