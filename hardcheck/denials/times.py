"""Times of log lines: syslog's and the journal's date forms, and the dates of ``ausearch -i``.

::

    Nov 21 03:49:50 host ...                            no year, no zone
    2026-11-21T03:49:50.123456+01:00 host ...           also with a blank for the T, without a zone
    Sat 2026-11-21 03:49:50 UTC host ...                journalctl -o short-full
    1795232978.076123 host ...                          journalctl -o short-unix
    03/19/2019 15:40:06.141:235                         ausearch -i: the date by the locale, local time

A time without a zone is taken as UTC, one without a year gets the year that puts it last before the
reference time.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_NAMES = b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"
_MONTHS = {name: number for number, name in enumerate(_NAMES.split(), start=1)}
_ISO = re.compile(
    rb"(?:[A-Z][a-z]{2} )?(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?"
    rb"(?: ?(Z|UTC|[+-]\d\d:?\d\d))?(?= |$)"
)
_CLASSIC = re.compile(
    rb"([A-Z][a-z]{2}) +(\d{1,2}) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)?(?= |$)"
)
_UNIX = re.compile(rb"(\d{9,11})\.(\d{1,9})(?= |$)")
_ID = re.compile(rb"audit\(([0-9]{1,11})\.[0-9]{1,3}:[0-9]{1,15}\)")
_AUSEARCH = re.compile(
    rb"(\d{1,4})([/.-])(\d{1,2})[/.-](\d{1,4})\.? (\d\d):(\d\d):(\d\d)(?: [AP]M)?\.(\d{1,3}):(\d{1,12})"
)


def log_time(line: bytes, reference: datetime | None) -> tuple[datetime | None, int]:
    """The time that begins a line, and where the text behind it begins; None and 0 for no time."""
    found = _ISO.match(line)
    if found:
        date = (int(found[1]), int(found[2]), int(found[3]))
        return _time(date, found[4], found[5], found[6], found[7], found[8]), found.end()
    found = _CLASSIC.match(line)
    if found and found[1] in _MONTHS:
        return _without_year(found, reference), found.end()
    found = _UNIX.match(line)
    if found:
        whole = datetime.fromtimestamp(int(found[1]), UTC)
        return whole.replace(microsecond=_micro(found[2])), found.end()
    return None, 0


def line_time(line: bytes, reference: datetime | None) -> datetime | None:
    """The time of a log line: of its audit record, or the one that the line begins with."""
    found = _ID.search(line)
    if found is not None:
        seconds = int(found[1])
        return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < 1 << 35 else None
    return log_time(line, reference)[0]


def ausearch_time(ident: bytes) -> tuple[datetime, int, int] | None:
    """Time, milliseconds and serial of an interpreted id; None for another form.

    ``19.03.2019`` and ``2019-03-19`` tell their order; of ``03/04/2019`` the month comes first, as
    ausearch writes in the C and en_US locales, unless that is no month.
    """
    found = _AUSEARCH.fullmatch(ident)
    if found is None:
        return None
    first, middle, last = int(found[1]), int(found[3]), int(found[4])
    if len(found[1]) == 4:
        date = (first, middle, last)
    else:
        year = last + 2000 if len(found[4]) <= 2 else last
        day_first = found[2] == b"." or first > 12
        date = (year, middle, first) if day_first else (year, first, middle)
    at = _time(date, found[5], found[6], found[7], None, None)
    return (at, int(found[8].ljust(3, b"0")), int(found[9])) if at is not None else None


def _without_year(found: re.Match[bytes], reference: datetime | None) -> datetime | None:
    if reference is None:
        return None
    month, day = _MONTHS[found[1]], int(found[2])
    # A day of slack: the log's host may be ahead of the reference in zone or clock.
    for year in (reference.year, reference.year - 1):
        at = _time((year, month, day), found[3], found[4], found[5], found[6], found[7])
        if at is not None and at <= reference + timedelta(days=1):
            return at
    return None


def _time(
    date: tuple[int, int, int],
    hour: bytes,
    minute: bytes,
    second: bytes,
    fraction: bytes | None,
    zone: bytes | None,
) -> datetime | None:
    micro = _micro(fraction) if fraction else 0
    try:
        at = datetime(*date, int(hour), int(minute), int(second), micro, tzinfo=UTC)
        return at - _offset(zone) if zone else at
    except (ValueError, OverflowError):
        return None


def _micro(fraction: bytes) -> int:
    return int(fraction[:6].ljust(6, b"0"))


def _offset(zone: bytes) -> timedelta:
    if zone in (b"Z", b"UTC"):
        return timedelta()
    digits = zone[1:].replace(b":", b"")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -offset if zone[:1] == b"-" else offset
