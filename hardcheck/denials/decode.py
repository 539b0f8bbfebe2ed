"""From the raw lines of one event to its records, and from them to refusals and changes of state."""

from __future__ import annotations

import re
from collections.abc import Callable

from hardcheck.denials.apparmor_records import OUTCOMES, read_apparmor, verdict_of
from hardcheck.denials.changes import UNIT_TYPES, is_notice, read_change
from hardcheck.denials.fields import decode, plain_part, read_fields, read_interpreted
from hardcheck.denials.joined import Joined, join
from hardcheck.denials.joining import RawEvent, RawRecord
from hardcheck.denials.kinds import USES, Use
from hardcheck.denials.model import Damage, Denial, Event, EventId, Lost, Record, StateChange, Where
from hardcheck.denials.notes import read_lost
from hardcheck.denials.selinux_records import NOT_A_REFUSAL, read_avc, read_error

_AVC = re.compile(rb"avc: {1,8}(denied|granted) {0,8}\{([^{}]{0,4096})\}")
_TEXT_LIMIT = 2_000  # characters of a record's own text that are kept


class Decoded:
    """What one event says: refusals and granted accesses, changes, starts and stops, damage."""

    __slots__ = ("changes", "damages", "denials", "lost", "units")

    def __init__(self) -> None:
        self.denials: list[tuple[int, Denial]] = []  # with the place of its record in the event
        self.changes: list[StateChange] = []
        self.lost: list[Lost] = []
        self.units: list[tuple[str, bool, bool]] = []  # unit, started (or stopped), well
        self.damages: list[tuple[int, Damage]] = []


def make_records(raw: RawEvent, place: Callable[[int], Where]) -> Event:
    """Decode the records of an event; ``place`` tells the file and line of a line's number."""
    records = tuple(_record(one, raw.interpreted, place) for one in raw.records)
    stamp, node = raw.stamp, decode(raw.node)
    return Event(EventId(node, *stamp) if stamp is not None else None, raw.at, records, node)


def _record(raw: RawRecord, interpreted: bool, place: Callable[[int], Where]) -> Record:
    """The fields of one record. Those of a program's record that stand before its ``msg='...'`` tell of
    that program; they are named ``outer.pid`` and so on."""
    type_, use, number, text = raw
    body = text if interpreted else plain_part(text)
    avc = None if use & Use.PART else _AVC.search(body)
    start = body.find(b"msg='") if use & Use.USER else -1
    inner = _inner(body, start) if start >= 0 else body
    fields = read_interpreted(inner) if interpreted else read_fields(inner, use)
    if start >= 0:
        outer = read_fields(body[:start])
        fields |= {f"outer.{name}": value for name, value in outer.items()}
    return Record(
        type=type_,
        fields=fields,
        where=place(number),
        verdict=decode(avc[1]) if avc else "",
        permissions=tuple(decode(avc[2]).split()) if avc else (),
        text=decode(body[:_TEXT_LIMIT]),
    )


def _inner(body: bytes, start: int) -> bytes:
    """What a program wrote: the text in ``msg='...'``; the closing quote may be cut off."""
    end = body.rfind(b"'")
    return body[start + 5 : end if end > start + 5 else len(body)]


def decode_event(event: Event) -> Decoded:
    """Everything that the records of an event say about mandatory access control."""
    found = Decoded()
    whole = join(event.records)
    for place, record in enumerate(event.records):
        use = USES.get(record.type.encode(), (Use.NOTHING, ""))[0]
        if use & Use.REFUSAL:
            _read_refusal(place, record, event, found, _joined_with(record, event, whole))
        elif record.type in UNIT_TYPES:
            _read_unit(record, found)
        elif record.type == "KERNEL" and (lost := read_lost(record.text.encode(), record.where, event.at)):
            found.lost.append(lost)
        elif use & Use.CHANGE:
            change = read_change(record, event, whole)
            if change is not None:
                found.changes.append(change)
    return found


def _joined_with(record: Record, event: Event, whole: Joined) -> Joined:
    """The parts of the event that belong to a record: scrubbed logs have one id for many events, and the
    journal's text has none, so a call by another process is not this record's."""
    pid = record.fields.get("pid", "")
    caller = whole.caller
    if caller is None or not pid or record.type.startswith("USER_") or caller.fields.get("pid", pid) == pid:
        return whole
    same = [one for one in event.records if one.type == "SYSCALL" and one.fields.get("pid") == pid]
    return join(same[:1]) if same else Joined()


def _read_refusal(place: int, record: Record, event: Event, found: Decoded, joined: Joined) -> None:
    verdict = verdict_of(record)
    denial: Denial | None = None
    if verdict in OUTCOMES:
        denial = read_apparmor(record, event, joined)
    elif verdict:
        change = read_change(record, event, joined)
        if change is not None:
            found.changes.append(change)
            return
    elif record.type.endswith("SELINUX_ERR"):
        denial = read_error(record, event, joined)
    elif record.verdict:
        denial = read_avc(record, event, joined, record.type.startswith("USER_"))
    elif is_notice(record) or NOT_A_REFUSAL.search(record.text):
        return
    if denial is not None:
        found.denials.append((place, denial))
    else:
        damage = Damage(record.where, _what_is_missing(record), record.text[:200])
        found.damages.append((place, damage))


def _what_is_missing(record: Record) -> str:
    if verdict_of(record):
        return f"no operation, or the verdict {verdict_of(record)!r} is not known"
    if record.verdict:
        missing = [name for name in ("scontext", "tcontext", "tclass") if not record.fields.get(name)]
        return f"cut: no {', '.join(missing)}"
    return f"a {record.type} of no known form"


def _read_unit(record: Record, found: Decoded) -> None:
    unit = record.fields.get("unit", "")
    if unit:
        found.units.append((unit, record.type == "SERVICE_START", record.fields.get("res") == "success"))
