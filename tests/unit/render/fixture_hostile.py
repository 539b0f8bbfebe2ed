"""The realistic report as hostile hosts would write it: an attack in every text field."""

from __future__ import annotations

import zlib
from typing import Any

import msgspec

from hardcheck.findings import Report
from tests.unit.render.fixtures import realistic_report

HOSTILE = (
    "<script>document.title='owned'</script>",
    '"><img src=x onerror="document.title=\'owned\'">',
    "javascript:document.title='owned'",
    "file:///etc/passwd",
    "' onmouseover='document.title=1' x='",
    "\x1b[2J\x1b]0;owned\x07\x1b]52;c;b3duZWQ=\x07",
    "\u202egnp.exe\u202c \u2066isolate\u2069",
    "nul\x00byte \x9b31m c1 \x7f del",
    '=HYPERLINK("http://evil.example","x")',
    "+cmd|' /C calc'!A0",
    "{{ 7*7 }} {% raw %} ${7*7} </style></script>-->]]>",
    "lone \udcff surrogate",
    "zero\u200bwidth \ufeff mark \U000e0041 tag",
    "line\nfeed\r\nreturn\ttab",
    '<a href="javascript:alert(1)">x</a><iframe src=file:///etc/shadow></iframe><svg onload=alert(1)>',
    "@import url(http://evil.example/x.css); background:url(file:///etc/passwd)",
)


def hostile_report() -> Report:
    """The realistic report with a hostile string in every text field, references still holding."""
    return poisoned(realistic_report())


def poisoned(report: Report) -> Report:
    """Any report with a hostile string in every text field."""
    return msgspec.convert(_poison(msgspec.to_builtins(report)), Report)


_CLOSED = {
    "status", "framework", "reason", "failure_reason", "severity", "coverage", "origin", "literal", "counts",
    "sides", "format_version", "sha256", "bundle_sha256", "standing", "standings",
    "literal_hosts", "says", "term",
}  # fmt: skip


def _poison(value: Any, name: str = "") -> Any:
    """The same text always gets the same hostile string, so that ids still refer to each other."""
    if name == "waiver" and value == "":
        return value  # a reference, to nothing
    if isinstance(value, str) and name not in _CLOSED:
        return f"{value} {HOSTILE[zlib.crc32(value.encode()) % len(HOSTILE)]}"
    if isinstance(value, list | tuple):
        return [_poison(item, "" if isinstance(item, dict) else name) for item in value]
    if isinstance(value, dict) and (name in ("hosts", "literal_hosts") or _by_host(value, name)):
        return {_poison(key): item for key, item in value.items()}  # host -> status
    if isinstance(value, dict) and name in ("variables", "attributes"):
        return {_poison(key): _poison(item) for key, item in value.items()}
    if isinstance(value, dict) and {"kind", "verdict"} <= set(value):  # here they are closed sets of words
        closed = {key: value[key] for key in ("kind", "verdict")}
        return {key: _poison(item, key) for key, item in value.items()} | closed
    if isinstance(value, dict) and name != "counts":
        return {key: _poison(item, key) for key, item in value.items()}
    return value


def _by_host(value: Any, name: str) -> bool:
    """The standings of a control are by host; those of a profile are counts."""
    return name == "standings" and all(isinstance(each, str) for each in value.values())
