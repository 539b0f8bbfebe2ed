"""Lines that do not begin with ``type=``: node names, syslog, dmesg, the journal's text, several records
on one line, and what the kernel and the log daemons say about lost records.

A line is looked at closely only when it has a mark of what matters. A record inside the text of a program
(`kinds.Use.USER`), or behind the name of a program that does not decide access, is no record: any user
can have such a line written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from hardcheck.denials import notes
from hardcheck.denials.fields import decode
from hardcheck.denials.joining import Joiner, Other, RawEvent
from hardcheck.denials.kinds import USES, Use
from hardcheck.denials.model import Damage, Lost, StateChange, Where
from hardcheck.denials.prefixes import Prefix, read_prefix

_RECORD = re.compile(
    rb"(?:(?<![^\s:])(?:node|host)=([^\s=]{1,255}+) )?(?<![\w\"'])type=([A-Z_0-9\[\]]{1,40}+)"
    rb" (?:msg=)?audit\(([^()]{1,64}+)\) ?:?"
)
# Kernels before 2.6.25 wrote the id first, and for SELinux no type.
_OLD = re.compile(rb"(?<![\w\"'=])audit\(([^()]{1,64}+)\): (?:type=(1[45][0-9]{2}) |(?=avc: ))")
_BROKEN = re.compile(
    rb"avc: {1,8}(?:denied|granted)|apparmor=\"|type=(?:AVC|APPARMOR|SELINUX_ERR|USER_AVC|150[1-7]) "
)
_MARK = re.compile(rb"audit[\[(:]|avc: |apparmor=\"|AVC |" + notes.MARK.pattern)
_JOURNAL = re.compile(rb"(?:UNKNOWN\[\d{4}\]|[A-Z][A-Z_]{2,30})(?= )")
_LIMIT_DAMAGES = 50
_SAMPLE = 200


class Loose(Other):
    """Reads such lines; keeps what it could not read and what they say about the log."""

    mark = _MARK

    def __init__(self, place: Callable[[int], Where]) -> None:
        self.place = place
        self.reference: datetime | None = None  # what a time without a year lies before
        self.damaged = self.foreign = self.lost_more = 0
        self.damages: list[Damage] = []
        self.lost: list[Lost] = []
        self.changes: list[StateChange] = []
        self._journal_event = (b"", 0, b"")  # its id, the last line, the last type

    def take(self, line: bytes, number: int, joiner: Joiner) -> Iterable[RawEvent]:
        """The events of one line that stand alone; other records are given to the joiner."""
        if line[:1] in (b" ", b"\t"):
            joiner.lengthen(number, line)
        if _MARK.search(line) is None:
            return ()
        line = line.strip(b"\0\r")
        first = _RECORD.search(line)
        old = _OLD.search(line) if first is None else None
        if old is not None:
            return self._old(line, number, joiner, old)
        if first is None:
            return self._without_id(line, number, joiner)
        prefix = read_prefix(line, first.start(), self.reference)
        if first.start() and not prefix.by_kernel:
            self._note_foreign(line, number)
            return ()
        return self._records(line, number, joiner, first, prefix)

    def _records(
        self, line: bytes, number: int, joiner: Joiner, first: re.Match[bytes], prefix: Prefix
    ) -> Iterator[RawEvent]:
        """Each record of a line, up to the first that a program wrote: what follows is its text."""
        mark: re.Match[bytes] | None = first
        channel = b"syslog" if prefix.by_daemon else b"kernel" if first.start() else b""
        node = b""
        while mark is not None:
            known = USES.get(mark[2])
            use, name = known or (Use.NOTHING, "")
            node = mark[1] or node
            host = node or prefix.host
            ident = host + b"\0" + channel + b"\0" + mark[3] if host or channel else mark[3]
            following = None if use & Use.USER or not use else _RECORD.search(line, mark.end())
            body = line[mark.end() : following.start() if following else len(line)]
            if following is None and _RECORD.search(body):
                self._note_foreign(line, number)
            elif known is None and _BROKEN.search(body):
                if mark[2].isdigit() or mark[2].startswith(b"UNKNOWN"):
                    self.note_damage(line, number, f"a record of the unknown type {decode(mark[2])}")
                else:
                    self._note_foreign(line, number)
            if use:
                yield from joiner.add(ident, (name, use, number, body))
            mark = following

    def _old(self, line: bytes, number: int, joiner: Joiner, mark: re.Match[bytes]) -> Iterator[RawEvent]:
        prefix = read_prefix(line, mark.start(), self.reference)
        use, name = USES.get(mark[2] or b"AVC", (Use.NOTHING, ""))
        if mark.start() and not prefix.by_kernel:
            self._note_foreign(line, number)
        elif use:
            ident = prefix.host + b"\0kernel\0" + mark[1]
            yield from joiner.add(ident, (name, use, number, line[mark.end() :]))

    def _without_id(self, line: bytes, number: int, joiner: Joiner) -> Iterable[RawEvent]:
        refusal = _BROKEN.search(line)
        prefix = read_prefix(line, refusal.start() if refusal else len(line), self.reference)
        text = line[prefix.end :].lstrip()
        if prefix.program == b"audit":
            return self._journal(text, number, joiner, prefix)
        if refusal is None:
            if notes.MARK.search(line):
                self._note(line, number, prefix)
            return ()
        if prefix.by_manager:
            return (self._lone("USER_AVC", Use.REFUSAL | Use.USER, number, text, prefix),)
        if line[:5] == b"type=" or prefix.program == b"kernel" or not prefix.program:
            typed = _JOURNAL.match(text)
            if typed is not None and typed[0] in USES and not prefix.program:
                return self._journal(text, number, joiner, prefix)
            if b'apparmor="' in text and not line.startswith(b"type=") and not prefix.program:
                return (self._lone("AVC", Use.REFUSAL, number, text, prefix),)
            if b"Kernel command line" in line or b"Command line:" in line:
                return ()
            self.note_damage(line, number, "no id, or one of an unknown form")
            return ()
        self._note_foreign(line, number)
        return ()

    def _lone(self, name: str, use: int, number: int, text: bytes, prefix: Prefix) -> RawEvent:
        at_s = prefix.at.timestamp() if prefix.at else None
        return RawEvent([(name, use, number, text)], b"", at_s, prefix.host, b"program")

    def _journal(self, text: bytes, number: int, joiner: Joiner, prefix: Prefix) -> Iterator[RawEvent]:
        """``audit[PID]: TYPE fields``: the journal's text has no ids. Records that follow each other are
        taken as one event until its PROCTITLE; `decode` joins a call only where the process fits."""
        typed = _JOURNAL.match(text)
        use, name = USES.get(typed[0], (Use.NOTHING, "")) if typed else (Use.NOTHING, "")
        if typed is None or not use:
            if notes.MARK.search(text):
                self._note(text, number, prefix)
            elif typed is None and _BROKEN.search(text):
                self.note_damage(text, number, "no id, and no type")
            return
        at = b"%d" % int(prefix.at.timestamp() * 1000) if prefix.at else b""
        ident, last_line, last_type = self._journal_event
        goes_on = ident.startswith(b"~" + at + b"/") and number == last_line + 1 and last_type != b"PROCTITLE"
        if not goes_on or use & Use.USER:
            ident = b"~" + at + b"/%d" % number
        self._journal_event = (ident, number, typed[0])
        key = prefix.host + b"\0journal\0" + ident
        yield from joiner.add(key, (name, use, number, text[typed.end() :]))

    def _note(self, text: bytes, number: int, prefix: Prefix) -> None:
        where = self.place(number)
        lost = notes.read_lost(text, where, prefix.at)
        if lost is not None:
            if len(self.lost) < 1000:
                self.lost.append(lost)
            else:
                self.lost_more += 1
            return
        change = notes.read_note(text, where, prefix.at, decode(prefix.host))
        if change is not None and (not prefix.program or prefix.by_kernel):
            self.changes.append(change)

    def _note_foreign(self, line: bytes, number: int) -> None:
        if _BROKEN.search(line):
            self.foreign += 1
            self._sample(line, number, "a record quoted in another program's message: not believed")

    def note_damage(self, line: bytes, number: int, why: str) -> None:
        """Count a line that speaks of MAC and could not be read; keep the first ones."""
        self.damaged += 1
        self._sample(line, number, why)

    def _sample(self, line: bytes, number: int, why: str) -> None:
        if len(self.damages) < _LIMIT_DAMAGES:
            self.damages.append(Damage(self.place(number), why, decode(line[:_SAMPLE])))
