"""A host as one word: ``[user@]host[:port]``, with an IPv6 address in brackets when a port follows."""

from __future__ import annotations

import re

import msgspec

from hardcheck.errors import UsageError

_USER = r"(?P<user>[A-Za-z0-9_][A-Za-z0-9_.\\+-]{0,63}\$?)@"
_NAME = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252})"
_V6 = r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:%[A-Za-z0-9_.-]+)?"
_WORD = re.compile(
    rf"(?:{_USER})?(?:(?P<host>{_NAME})(?::(?P<port>\d{{1,5}}))?|\[(?P<v6>{_V6})\](?::(?P<port6>\d{{1,5}}))?|(?P<bare>{_V6}))",
    re.ASCII,
)


class HostWord(msgspec.Struct, frozen=True):
    """The parts of the word; ``user`` "" and ``port`` 0 when it has none."""

    host: str
    user: str = ""
    port: int = 0


def parse_host_word(word: str) -> HostWord:
    """Split a word into its parts.

    Raises:
        UsageError: it has another form, or its port is not 1 to 65535.
    """
    match = _WORD.fullmatch(word)
    if match is None:
        raise UsageError(f"{word!r} is not a host: expected [user@]host[:port]")
    host = match["host"] or match["v6"] or match["bare"]
    port = int(match["port"] or match["port6"] or 0)
    if port > 65535 or (port == 0 and (match["port"] or match["port6"])):
        raise UsageError(f"{word!r}: a port is a number from 1 to 65535")
    return HostWord(host, match["user"] or "", port)
