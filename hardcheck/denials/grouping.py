"""Groups refusals by cause as they are read, in bounded memory.

Logs repeat themselves, so decoding is done once for each shape of event: its bytes without ids, process
numbers and inodes. A shape that was seen before is counted without decoding anything; what it stands for
is the same by construction, as all that a group keeps of it is a function of the shape.
"""

from __future__ import annotations

from collections.abc import Callable
from posixpath import dirname

import msgspec

from hardcheck.denials.causes import Cause, cause_of
from hardcheck.denials.decode import Decoded, decode_event, make_records
from hardcheck.denials.joining import RawEvent, RawRecord
from hardcheck.denials.kinds import Use
from hardcheck.denials.model import Denial, Group, Where
from hardcheck.denials.tally import Budget, Tally

MAX_GROUPS = 5_000
_FOLD = 16  # names of one directory; with more, they are one group
_COARSE = 3_000  # groups; beyond, a new name counts under the first two parts of its path
_SHAPES = 20_000
_SHAPE_BYTES = 24 << 20
_KEPT = 96 << 20  # characters of all values and examples
_NO_INODES: list[bytes] = []


class _Shape:
    """A shape's group, and what each event of it adds there; None for a record that is no refusal."""

    __slots__ = ("comm", "count", "exe", "host", "pair", "path", "succeeded", "tally")

    def __init__(self, tally: Tally | None, denial: Denial | None) -> None:
        self.tally = tally
        self.count = 0
        self.comm = self.exe = self.path = self.pair = self.host = ""
        self.succeeded = False
        if denial is not None:
            self.comm, self.exe, self.host = denial.process.comm, denial.process.exe, denial.host
            self.path = _object_of(denial)
            self.pair = f"{denial.selinux.source} {denial.selinux.target}" if denial.selinux else ""
            self.succeeded = denial.syscall is not None and denial.syscall.success is True


class Grouper:
    """Takes events; `groups` is the result. ``on_decoded`` gets what else an event said."""

    def __init__(self, on_decoded: Callable[[RawEvent, Decoded], None]) -> None:
        self._on_decoded = on_decoded
        self._tallies: dict[Cause, Tally] = {}
        self._names: dict[tuple[Cause, str], list[Tally]] = {}
        self._shapes: dict[bytes, _Shape] = {}
        self._shape_bytes = 0
        self._budget = Budget(_KEPT)
        self.denials = self.ungrouped = self.decoded = 0

    def add(self, event: RawEvent, place: Callable[[int], Where]) -> None:
        """Count the refusals of one event."""
        records = event.records
        around, caller, inodes = _shape_around(records) if len(records) > 1 else (b"", b"", _NO_INODES)
        keys = []
        known = True
        for record in records:
            use = record[1]
            if use & 1:
                key = _shape(record, around, caller, inodes, event.node)
                keys.append(key)
                known = known and key in self._shapes
            elif use & 2:
                known = False
                keys.append(b"")
            else:
                keys.append(b"")
        if not known:
            self._decode(event, keys, place)
            return
        for number, key in enumerate(keys):
            if key:
                shape = self._shapes[key]
                if shape.tally is not None:
                    self._count(shape, event.at_s, records[number][3])

    def _decode(self, event: RawEvent, keys: list[bytes], place: Callable[[int], Where]) -> None:
        self.decoded += 1
        found = decode_event(make_records(event, place))
        if found.changes or found.units or found.damages or found.lost:
            self._on_decoded(event, found)
        told = {number for number, _ in found.damages}
        denials = dict(found.denials)
        for number, key in enumerate(keys):
            if not key:
                continue
            denial = denials.get(number)
            if denial is None:
                if number not in told and not found.changes:
                    self._remember(key, _Shape(None, None))
                continue
            shape = self._shapes.get(key)
            if shape is None:
                tally = self._tally(denial)
                if tally is None:
                    self.denials += 1
                    self.ungrouped += 1
                    continue
                shape = _Shape(tally, denial)
                self._remember(key, shape)
            self._count(shape, event.at_s, event.records[number][3])

    def _count(self, shape: _Shape, at_s: float | None, body: bytes) -> None:
        tally = shape.tally
        assert tally is not None
        while tally.into is not None:
            tally = shape.tally = tally.into
        self.denials += 1
        shape.count += 1
        tally.count_at(at_s)
        start = body.find(b" pid=") + 5
        if start > 4 or body.startswith(b"pid="):
            start = max(start, 4)
            end = body.find(b" ", start)
            pid = body[start : end if end > 0 else len(body)].decode("ascii", "replace")
            values = tally.pids.values
            if pid in values:
                values[pid] += 1
            else:
                tally.pids.add(pid[:20], 1, self._budget)

    def _tally(self, denial: Denial) -> Tally | None:
        """The group of a refusal; None when there are too many groups."""
        cause, wanted = cause_of(denial)
        cause = _short(cause)
        if cause.framework == "apparmor" and cause.object.startswith("/"):
            cause = self._folded(cause)
        tally = self._tallies.get(cause)
        if tally is None:
            if len(self._tallies) >= MAX_GROUPS:
                return None
            tally = self._tallies[cause] = Tally(cause)
            self._note_name(cause, tally)
        tally.keep(denial, wanted, self._budget)
        return tally

    def _folded(self, cause: Cause) -> Cause:
        """The cause, or the one of its directory where that was folded."""
        folded = _renamed(cause, f"{dirname(cause.object)}/*")
        if folded in self._tallies:
            return folded
        if len(self._tallies) >= _COARSE and cause not in self._tallies:
            return _renamed(cause, "/".join(cause.object.split("/")[:3]) + "/**")
        return cause

    def _note_name(self, cause: Cause, tally: Tally) -> None:
        """Fold a directory once it has many names."""
        if cause.framework != "apparmor" or not cause.object.startswith("/") or cause.object.endswith("*"):
            return
        parent = dirname(cause.object)
        key = (_renamed(cause, ""), parent)
        names = self._names.setdefault(key, [])
        names.append(tally)
        if len(names) <= _FOLD or parent in ("", "/"):
            return
        folded = Tally(_renamed(cause, f"{parent}/*"))
        for one in names:
            folded.take_over(one, self._budget)
            del self._tallies[one.cause]
        self._tallies[folded.cause] = folded
        del self._names[key]

    def _remember(self, key: bytes, shape: _Shape) -> None:
        if len(self._shapes) >= _SHAPES or self._shape_bytes > _SHAPE_BYTES:
            self._flush()
        self._shapes[key] = shape
        self._shape_bytes += len(key)

    def _flush(self) -> None:
        """Hand what the shapes counted to their groups, and forget them."""
        budget = self._budget
        for shape in self._shapes.values():
            tally, count = shape.tally, shape.count
            if tally is None:
                continue
            while tally.into is not None:
                tally = tally.into
            tally.comms.add(shape.comm, count, budget)
            tally.exes.add(shape.exe, count, budget)
            tally.paths.add(shape.path, count, budget)
            tally.pairs.add(shape.pair, count, budget)
            tally.hosts.add(shape.host, count, budget)
            tally.succeeded += count * shape.succeeded
        self._shapes.clear()
        self._shape_bytes = 0

    def groups(self) -> tuple[Group, ...]:
        """All groups, those with the most lines first."""
        self._flush()
        found = [tally.group() for tally in self._tallies.values()]
        found.sort(key=lambda one: (-one.count, one.source, one.target, one.class_, one.object, one.outcome))
        return tuple(found)


def _object_of(denial: Denial) -> str:
    """What is shown as the object: the full path, else the name as recorded, else a port."""
    if denial.path:
        return denial.path
    if denial.selinux is not None:
        extra = denial.selinux.extra
        name = extra.get("path") or extra.get("name", "")
        ports = (f"{key}={extra[key]}" for key in ("dest", "src", "capability") if key in extra)
        return name or next(ports, "")
    assert denial.apparmor is not None
    return denial.apparmor.name


def _renamed(cause: Cause, name: str) -> Cause:
    return msgspec.structs.replace(cause, object=name)


def _short(cause: Cause) -> Cause:
    """No part longer than a path may be: hostile records have room for more."""
    if len(cause.source) + len(cause.target) + len(cause.object) + len(cause.class_) + len(cause.info) < 4096:
        return cause
    cut = {name: getattr(cause, name)[:1024] for name in ("source", "target", "class_", "object", "info")}
    return msgspec.structs.replace(cause, **cut)


def _shape(record: RawRecord, around: bytes, caller: bytes, inodes: list[bytes], node: bytes) -> bytes:
    """A refusal's bytes without process ids and inode; whether the process is the caller of the joined call,
    and which path record has the same inode, is part of it."""
    type_, use, _, body = record
    if use & Use.USER:
        if b"cmdline=" not in body:
            start = body.find(b" spid=")
            end = body.find(b" scontext=", start)
            if 0 < start < end:
                body = body[:start] + body[end:]
    else:
        start = body.find(b" pid=")
        if start >= 0:
            end = body.find(b" ", start + 5)
            if caller and body[start:end] != caller:
                type_ = "!" + type_
            body = body[:start] + body[end:] if end > 0 else body[:start]
        start = body.find(b" ino=")
        if start >= 0:
            end = body.find(b" ", start + 5)
            end = end if end > 0 else len(body)
            inode = body[start + 5 : end]
            same = b" ino#%d" % inodes.index(inode) if inode in inodes else b""
            body = body[:start] + same + body[end:]
    return b"\0".join((type_.encode(), body, around, node))


def _shape_around(records: list[RawRecord]) -> tuple[bytes, bytes, list[bytes]]:
    """What the joined records add to a shape, `` pid=N`` of the call, and the inodes of the path records,
    which are left out of the shape."""
    parts = []
    caller = b""
    inodes: list[bytes] = []
    for type_, use, _, body in records:
        if not use & 4:
            continue
        if type_ == "SYSCALL":
            start = body.find(b" success=")
            end = body.find(b" a0=", start)
            parts.append(body[start:end])
            start = body.find(b" pid=")
            end = body.find(b" auid=", start)
            caller = body[start:end]
            parts.append(body[end:])
        elif type_ == "PATH":
            start = body.rfind(b" inode=")
            end = body.find(b" ", start + 7) if start >= 0 else -1
            if end > 0:
                inodes.append(body[start + 7 : end])
                body = body[:start] + body[end:]
            parts.append(body)
        elif type_ in ("CWD", "AVC_PATH"):
            parts.append(body)
    return b"\1".join(parts), caller, inodes
