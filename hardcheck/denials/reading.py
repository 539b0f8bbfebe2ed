"""Reading logs: the functions that the rest of the program calls.

Memory does not grow with the log: events are open in a bounded window, groups and all that they keep are
bounded, and what a bound left out is counted. Several logs are read side by side in the order of time, so
that an event that stands in two of them (audit.log and the journal) is seen twice within a short window
and counted once; a second record of the same log is never taken for a double.
"""

from __future__ import annotations

import heapq
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from hardcheck.denials.decode import decode_event, make_records
from hardcheck.denials.fields import plain_part
from hardcheck.denials.joining import RawEvent
from hardcheck.denials.model import Denial, Event, LogSummary
from hardcheck.denials.streams import LogFile, Stream
from hardcheck.denials.summary import Summary

__all__ = ["LogFile", "read_denials", "read_events", "read_logs"]

_RECENT = 16_384  # records among which a double is looked for


def read_logs(logs: Iterable[Sequence[LogFile]], since: datetime | None = None) -> LogSummary:
    """Read logs, each with its rotations from the oldest on, and group what they say.

    ``since`` leaves out events before it; those without a time are kept.
    """
    streams = [Stream(files) for files in logs]
    summary = Summary()
    since_s = since.timestamp() if since is not None else None
    doubles = _Doubles()
    for stream, event in _side_by_side(streams):
        if since_s is not None and event.at_s is not None and event.at_s < since_s:
            continue
        if event.damaged:
            _note_broken_id(stream, event)
            continue
        if event.channel or len(streams) > 1:
            event.records = doubles.remove(event, streams.index(stream))
        summary.note_time(event)
        summary.grouper.add(event, stream.where)
    summary.doubles = doubles.count
    return summary.result(streams, since)


def read_events(files: Sequence[LogFile]) -> Iterator[Event]:
    """Every event of one log that holds a refusal or a change, decoded."""
    stream = Stream(files)
    for event in stream.events():
        if not event.damaged:
            yield make_records(event, stream.where)


def read_denials(files: Sequence[LogFile]) -> Iterator[Denial]:
    """Every refusal of one log, decoded, one by one."""
    for event in read_events(files):
        for _, denial in decode_event(event).denials:
            yield denial


def _note_broken_id(stream: Stream, event: RawEvent) -> None:
    for _, use, number, body in event.records:
        if use & 3:
            stream.loose.note_damage(body, number, "the id is not SECONDS.MILLISECONDS:SERIAL")


def _side_by_side(streams: list[Stream]) -> Iterator[tuple[Stream, RawEvent]]:
    """Events of all streams by time; one without a time stays behind the one before it."""
    if len(streams) == 1:
        for event in streams[0].events():
            yield streams[0], event
        return
    for _, _, _, stream, event in heapq.merge(*(_timed(stream, n) for n, stream in enumerate(streams))):
        yield stream, event


def _timed(stream: Stream, place: int) -> Iterator[tuple[float, int, int, Stream, RawEvent]]:
    last = 0.0
    for number, event in enumerate(stream.events()):
        last = max(last, event.at_s or 0.0)
        yield last, place, number, stream, event


class _Doubles:
    """Recognises a record that came by another way before: by its id and its bytes, and where one of the
    two has no id (the journal's text) by its bytes alone, one for one."""

    def __init__(self) -> None:
        self.count = 0
        self._by_id: OrderedDict[tuple[tuple[int, int, int], bytes], tuple[int, bytes]] = OrderedDict()
        self._bodies: OrderedDict[tuple[bytes, bool], int] = OrderedDict()

    def remove(self, event: RawEvent, place: int) -> list[tuple[str, int, int, bytes]]:
        """The records of an event without those that are doubles."""
        way = (place, event.channel)
        kept = [
            record
            for record in event.records
            if not record[1] & 3 or not self._is_double(event, plain_part(record[3]).strip(b": \r\0"), way)
        ]
        self.count += len(event.records) - len(kept)
        return kept if any(record[1] & 3 for record in kept) else []

    def _is_double(self, event: RawEvent, body: bytes, way: tuple[int, bytes]) -> bool:
        stamp = event.stamp
        if stamp is not None:
            earlier = self._by_id.get((stamp, body))
            if earlier is not None:
                return earlier != way
            self._by_id[stamp, body] = way
            if len(self._by_id) > _RECENT:
                self._by_id.popitem(last=False)
        return self._pair(body, stamp is not None)

    def _pair(self, body: bytes, has_id: bool) -> bool:
        other = (body, not has_id)
        waiting = self._bodies.get(other, 0)
        if waiting:
            self._bodies[other] = waiting - 1
            return True
        own = (body, has_id)
        self._bodies[own] = self._bodies.get(own, 0) + 1
        if len(self._bodies) > _RECENT:
            self._bodies.popitem(last=False)
        return False
