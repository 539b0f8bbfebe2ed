"""Fields of a record: ``name=value``, read by name and never by place.

A value is bare, in double quotes, or bare hexadecimal in upper case where the kernel did not trust the
text (audit_log_untrustedstring). ``ausearch -i`` writes values decoded, without quotes, so that they may
hold blanks: there a value ends where the next ``name=`` begins. Source: kernel audit.c; auparse.
"""

from __future__ import annotations

import re
from functools import lru_cache

from hardcheck.denials.kinds import Use

LIMIT = 16_384
"""Characters of one value that are kept: four times the longest path."""

# The look-behind lets a name begin only once in a run of its characters: no text makes this quadratic.
# Text is bytes as latin-1, one character a byte; letters and blanks are those of ASCII.
_FIELD = re.compile(r'(?<![\w.\[\]-])([A-Za-z_][\w.\[\]-]*+)=(?:"([^"]*+)"?|([^\s\x00"\']*+))', re.ASCII)
_INTERPRETED = re.compile(rb"(?:(?<=\s)|^)([a-z_][a-z0-9_\[\]-]*+)=")
# What auditd adds in the enriched format stands behind 0x1d; copying a log through a terminal loses it.
_ENRICHED = re.compile(rb'\x1d|(?<=[0-9)\'"?a-z ])(?=(?:[A-Z]{0,4}[UG]ID|ARCH|SYSCALL|SADDR|ID)=["{])')
_HEX = re.compile(r"(?:[0-9A-F]{2})+")
_UNTRUSTED_NAMES = (
    "comm exe name path cwd proctitle key dir watch cmd acct vm device file ocomm cgroup sw root_dir "
    "dev kmod key_desc profile label target peer namespace srcname fs_type info name2 peer_profile "
    "peer_label data"
)
_UNTRUSTED = frozenset(_UNTRUSTED_NAMES.split())
_LAST_WINS = ("scontext", "tcontext", "tclass", "permissive")


def decode(value: bytes) -> str:
    """Bytes as text; what is not UTF-8 becomes ``\\xNN``."""
    return value[:LIMIT].decode("utf-8", "backslashreplace")


def plain_part(text: bytes) -> bytes:
    """A record without what the enriched format adds behind it."""
    # Most have none, and this is the quickest way to see it.
    if b"ID=" in text or b"\x1d" in text or b"ARCH=" in text or b"SYSCALL=" in text or b"SADDR=" in text:
        return _ENRICHED.split(text, maxsplit=1)[0]
    return text


def read_fields(text: bytes, use: int = Use.NOTHING) -> dict[str, str]:
    """Fields of a plain record; the first of a name wins.

    In a record that a program wrote (`Use.USER`) the last context, class and ``permissive`` win instead:
    such programs put the caller's command line before them, and its text could look like a field.
    """
    found = _FIELD.findall(text.decode("latin-1"))
    if len(text) > LIMIT or use & Use.USER or not text.isascii():
        return _read_with_care(found, use)
    fields: dict[str, str] = {}  # nearly every record: nothing to cut, to decode or to take back
    for name, quoted, bare in found:
        if name in fields:
            continue
        value = bare or quoted
        if bare:
            if bare[-1] in ",)":
                value = _trimmed(bare)
            if name in _UNTRUSTED and (text_of_hex := _hexed(name, value)) is not None:
                value = text_of_hex
        fields[name] = value
    return fields


def _read_with_care(found: list[tuple[str, str, str]], use: int) -> dict[str, str]:
    """The same for records of programs, with bytes beyond ASCII, or longer than a value may be."""
    last_wins = _LAST_WINS if use & Use.USER else ()
    fields: dict[str, str] = {}
    for name, quoted, bare in found:
        if name not in fields or name in last_wins:
            hexed = _hexed(name, _trimmed(bare)) if bare else None
            text = _trimmed(bare) if bare else quoted
            fields[name] = hexed if hexed is not None else decode(text.encode("latin-1"))
    return fields


def _trimmed(value: str) -> str:
    """A value without quotes and without the sign that ends a list or a bracket behind it."""
    return value.rstrip(",)") if value[-1] in ",)" and "(" not in value else value


def _hexed(name: str, value: str) -> str | None:
    """The text of a value in hexadecimal, where the kernel writes one so; None for any other."""
    return decode(bytes.fromhex(value)) if name in _UNTRUSTED and _HEX.fullmatch(value) else None


def read_interpreted(text: bytes) -> dict[str, str]:
    """Fields as ``ausearch -i`` writes them. Nothing marks the end of a value there, so a hostile name
    could hold a field: of the contexts, the class and ``permissive``, which end a record, the last wins."""
    fields: dict[str, str] = {}
    marks = list(_INTERPRETED.finditer(text))
    for number, mark in enumerate(marks):
        end = marks[number + 1].start() if number + 1 < len(marks) else len(text)
        value = text[mark.end() : end].strip()
        if len(value) > 1 and value[:1] == value[-1:] == b'"':
            value = value[1:-1]
        key = decode(mark[1])
        if key not in fields or key in _LAST_WINS:
            fields[key] = decode(value)
    return fields


def number(text: str) -> int | None:
    """A decimal number, also one with a sign; None for anything else, and for more than 20 digits."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 20):
        return None
    return int(text)


@lru_cache(maxsize=256)  # a host has few users, and every record names nine of them
def owner(text: str) -> int | None:
    """A user or group id; ``root`` as interpreted. None for unset (4294967295, -1) and other names."""
    if text == "root":
        return 0
    found = number(text)
    return found if found is not None and 0 <= found < 4294967295 else None
