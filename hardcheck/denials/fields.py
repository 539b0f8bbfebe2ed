"""Fields of a record: ``name=value``, read by name and never by place.

A value is bare, in double quotes, or bare hexadecimal in upper case where the kernel did not trust the
text (audit_log_untrustedstring). ``ausearch -i`` writes values decoded, without quotes, so that they may
hold blanks: there a value ends where the next ``name=`` begins. Source: kernel audit.c; auparse.
"""

from __future__ import annotations

import re

from hardcheck.denials.kinds import Use

LIMIT = 16_384
"""Characters of one value that are kept: four times the longest path."""

# The look-behind lets a name begin only once in a run of its characters: no text makes this quadratic.
_FIELD = re.compile(rb'(?<![\w.\[\]-])([A-Za-z_][\w.\[\]-]*+)=(?:"([^"]*+)"?|([^\s\x00"\']*+))')
_INTERPRETED = re.compile(rb"(?:(?<=\s)|^)([a-z_][a-z0-9_\[\]-]*+)=")
# What auditd adds in the enriched format stands behind 0x1d; copying a log through a terminal loses it.
_ENRICHED = re.compile(rb'\x1d|(?<=[0-9)\'"?a-z ])(?=(?:[A-Z]{0,4}[UG]ID|ARCH|SYSCALL|SADDR|ID)=["{])')
_ENRICHED_MARKS = (b"\x1d", b"ID=", b"ARCH=", b"SYSCALL=", b"SADDR=")
_HEX = re.compile(rb"(?:[0-9A-F]{2})+")
_UNTRUSTED = frozenset(
    b"comm exe name path cwd proctitle key dir watch cmd acct vm device file ocomm cgroup sw root_dir "
    b"dev kmod key_desc profile label target peer namespace srcname fs_type info name2 peer_profile "
    b"peer_label data".split()
)
_LAST_WINS = (b"scontext", b"tcontext", b"tclass", b"permissive")


def decode(value: bytes) -> str:
    """Bytes as text; what is not UTF-8 becomes ``\\xNN``."""
    return value[:LIMIT].decode("utf-8", "backslashreplace")


def unhex(value: bytes) -> bytes:
    """The bytes of upper-case hexadecimal of even length; any other value as it is."""
    return bytes.fromhex(value.decode("ascii")) if _HEX.fullmatch(value) else value


def plain_part(text: bytes) -> bytes:
    """A record without what the enriched format adds behind it."""
    if not any(mark in text for mark in _ENRICHED_MARKS):  # most have none, and this is quicker to see
        return text
    return _ENRICHED.split(text, maxsplit=1)[0]


def read_fields(text: bytes, use: int = Use.NOTHING) -> dict[str, str]:
    """Fields of a plain record; the first of a name wins.

    In a record that a program wrote (`Use.USER`) the last context, class and ``permissive`` win instead:
    such programs put the caller's command line before them, and its text could look like a field.
    """
    fields: dict[str, str] = {}
    for name, quoted, bare in _FIELD.findall(text):
        key = name.decode("ascii", "replace")
        if bare:
            value = bare.rstrip(b",)") if bare[-1:] in b",)" and b"(" not in bare else bare
            if name in _UNTRUSTED:
                value = unhex(value)
        else:
            value = quoted
        if key not in fields or (use & Use.USER and name in _LAST_WINS):
            fields[key] = decode(value)
    return fields


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
        if key not in fields or mark[1] in _LAST_WINS:
            fields[key] = decode(value)
    return fields


def number(text: str) -> int | None:
    """A decimal number, also one with a sign; None for anything else, and for more than 20 digits."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 20):
        return None
    return int(text)


def owner(text: str) -> int | None:
    """A user or group id; ``root`` as interpreted. None for unset (4294967295, -1) and other names."""
    if text == "root":
        return 0
    found = number(text)
    return found if found is not None and 0 <= found < 4294967295 else None
