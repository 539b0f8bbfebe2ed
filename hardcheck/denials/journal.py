"""The journal's export format and its JSON, as lines of the same form that syslog has.

Export: ``NAME=VALUE`` lines, or ``NAME``, eight bytes length (little-endian), the value and LF; an empty
line ends an entry. JSON: one object a line, or spread over lines (``-o json-pretty``); a MESSAGE that is
no UTF-8 is a list of bytes, one that was too long is null.

Here the transport tells who wrote an entry, which no user can forge: ``audit`` and ``kernel`` are the
kernel's; anything else counts only as a program that decides access (D-Bus, systemd), told by the path
of its executable. Source: systemd's Journal Export Formats; systemd.journal-fields(7).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import msgspec

from hardcheck.denials.lines import LIMIT, LineReader
from hardcheck.denials.prefixes import DAEMONS, MANAGERS

_WANTED_JSON = re.compile(
    rb'"_TRANSPORT" ?: ?"(?:audit|kernel)"|apparmor=|avc: |DBUS_BROKER_POLICY|uppressed|audit'
)
_EXPORT = re.compile(rb"(?:__CURSOR|__REALTIME_TIMESTAMP|_[A-Z_]{2,60}|[A-Z][A-Z0-9_]{1,60})(?:=|\n)")
_BROKER = "DBUS_BROKER_"
_PRETTY_LIMIT = 1 << 20
_MODE = re.compile(r" \((enforce|complain|kill|unconfined|mixed|prompt)\)$")


class Entry(msgspec.Struct):
    """The fields of one entry that matter; ``message`` is bytes as they were logged."""

    message: str | list[int] | None = msgspec.field(name="MESSAGE", default=None)
    transport: str = msgspec.field(name="_TRANSPORT", default="")
    identifier: str = msgspec.field(name="SYSLOG_IDENTIFIER", default="")
    host: str = msgspec.field(name="_HOSTNAME", default="")
    exe: str = msgspec.field(name="_EXE", default="")
    uid: str = msgspec.field(name="_UID", default="")
    pid: str = msgspec.field(name="_PID", default="")
    type_name: str = msgspec.field(name="_AUDIT_TYPE_NAME", default="")
    audit_id: str = msgspec.field(name="_AUDIT_ID", default="")
    source_us: str = msgspec.field(name="_SOURCE_REALTIME_TIMESTAMP", default="")
    received_us: str = msgspec.field(name="__REALTIME_TIMESTAMP", default="")
    policy: str = msgspec.field(name="DBUS_BROKER_POLICY_TYPE", default="")
    action: str = msgspec.field(name="DBUS_BROKER_TRANSMIT_ACTION", default="")
    sender: str = msgspec.field(name="DBUS_BROKER_SENDER_SECURITY_LABEL", default="")
    receiver: str = msgspec.field(name="DBUS_BROKER_RECEIVER_SECURITY_LABEL", default="")
    kind: str = msgspec.field(name="DBUS_BROKER_MESSAGE_TYPE", default="")
    destination: str = msgspec.field(name="DBUS_BROKER_MESSAGE_DESTINATION", default="")
    path: str = msgspec.field(name="DBUS_BROKER_MESSAGE_PATH", default="")
    interface: str = msgspec.field(name="DBUS_BROKER_MESSAGE_INTERFACE", default="")
    member: str = msgspec.field(name="DBUS_BROKER_MESSAGE_MEMBER", default="")


_NAMES = {field.encode_name.encode(): field.name for field in msgspec.structs.fields(Entry)}


def looks_like_export(start: bytes) -> bool:
    """Whether a file begins as the export format does."""
    return _EXPORT.match(start) is not None and b"=" in start.split(b"\n", 1)[0][:80]


def entry_line(entry: Entry) -> bytes:
    """One entry as a line of syslog's form; empty for one that cannot matter."""
    message = _message(entry)
    program = _program(entry)
    if entry.policy and program in MANAGERS:
        message = _broker(entry)
    if not message:
        return b""
    head = _time(entry) + b" " + (_word(entry.host) or b"localhost") + b" "
    if entry.transport == "audit":
        return head + b"auditd: " + _audit(entry, message)
    return head + program + b": " + message


def _audit(entry: Entry, message: bytes) -> bytes:
    """``AVC avc: denied ...`` with the id that stands in fields of its own."""
    type_, _, rest = message.partition(b" ")
    if not (entry.audit_id.isdecimal() and entry.source_us.isdecimal() and len(entry.source_us) < 20):
        return message
    micro = int(entry.source_us)
    ident = b"%d.%03d:%d" % (micro // 1_000_000, micro // 1000 % 1000, int(entry.audit_id[:15]))
    return b"type=%s msg=audit(%s): %s" % (type_, ident, rest)


def _program(entry: Entry) -> bytes:
    """Who wrote it: the transport's word for the kernel, else the program behind its executable's path."""
    if entry.transport in ("kernel", "audit"):
        return entry.transport.encode()
    claimed = _word(entry.identifier) or b"unnamed"
    believed = not entry.exe or entry.uid == "0" or _word(entry.exe.rpartition("/")[2]) in MANAGERS | DAEMONS
    if claimed in MANAGERS and believed:
        return claimed
    return claimed if claimed in DAEMONS and entry.uid == "0" else b"program-" + claimed


def _broker(entry: Entry) -> bytes:
    """dbus-broker's refusal, which it logs in fields, in the form that dbus-daemon writes."""
    if entry.policy != "apparmor":
        return _message(entry)
    receiving = entry.action == "receive"
    own, peer = (entry.receiver, entry.sender) if receiving else (entry.sender, entry.receiver)
    mode = _MODE.search(own)
    verdict = "ALLOWED" if mode is not None and mode[1] == "complain" else "DENIED"
    values = {
        "apparmor": verdict,
        "operation": "dbus_signal" if entry.kind == "signal" else "dbus_method_call",
        "path": entry.path,
        "interface": entry.interface,
        "member": entry.member,
        "mask": entry.action,
        "name": entry.destination,
        "label": _MODE.sub("", own),
        "peer_label": _MODE.sub("", peer),
    }
    text = " ".join(
        '{}="{}"'.format(name, value.replace('"', "?")) for name, value in values.items() if value
    )
    return text.encode("utf-8", "backslashreplace").replace(b"\n", b" ")


def _message(entry: Entry) -> bytes:
    raw = entry.message
    if isinstance(raw, list):
        return bytes(byte & 0xFF for byte in raw[:LIMIT]).replace(b"\n", b" ")
    return raw.encode("utf-8", "surrogateescape").replace(b"\n", b" ") if raw else b""


def _time(entry: Entry) -> bytes:
    text = entry.source_us or entry.received_us
    if not (text.isdecimal() and len(text) < 18):
        return b"-"
    try:
        return datetime.fromtimestamp(int(text) / 1_000_000, UTC).isoformat().encode()
    except (ValueError, OverflowError, OSError):
        return b"-"


def _word(text: str) -> bytes:
    """A name without what would end it in a line."""
    return re.sub(r"[^\w.@-]", "_", text[:64]).encode("utf-8", "backslashreplace")


class JsonEntries:
    """JSON, one object a line or over several. An empty line stands for each line that gives none, so
    that numbers of lines are the file's; ``damaged`` holds the numbers of lines that are no JSON."""

    def __init__(self) -> None:
        self.damaged: list[int] = []
        self.bad = 0
        self._decoder = msgspec.json.Decoder(Entry)

    def batches(self, batches: Iterable[list[bytes]]) -> Iterator[list[bytes]]:
        """Lists of lines, as many as came."""
        pretty: list[bytes] = []
        number = size = 0
        for lines in batches:
            out: list[bytes] = []
            for line in lines:
                number += 1
                text = line.strip(b" \r\x1e\t,")
                if text == b"{":
                    pretty, size = [text], 1
                elif pretty:
                    pretty.append(text + b"," * line.rstrip().endswith(b","))
                    size += len(line)
                    if text == b"}" or size > _PRETTY_LIMIT:
                        out.append(self._line(b"\n".join(pretty), number))
                        pretty, size = [], 0
                        continue
                else:
                    out.append(self._line(text.removeprefix(b"data: "), number))
                    continue
                out.append(b"")
            yield out

    def _line(self, text: bytes, number: int) -> bytes:
        if not text or text in (b"[", b"]") or _WANTED_JSON.search(text) is None:
            return b""
        try:
            return entry_line(self._decoder.decode(text))
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            self.bad += 1
            if len(self.damaged) < 50:
                self.damaged.append(number)
            return b""


class ExportEntries:
    """The export format. Numbers of lines are those of entries; ``bad`` counts places where the stream
    did not follow its format, after which reading goes on at the next empty line."""

    def __init__(self) -> None:
        self.bad = 0
        self.size = 0

    def batches(self, blocks: Iterable[bytes]) -> Iterator[list[bytes]]:
        """One list of lines for each block."""
        buffer = b""
        entry: dict[str, str | list[int]] = {}
        skip = 0  # bytes of a value that is left out
        for block in blocks:
            self.size += len(block)
            buffer += block
            if skip:
                cut = min(skip, len(buffer))
                buffer, skip = buffer[cut:], skip - cut
            out: list[bytes] = []
            start = 0
            while not skip:
                taken, skip = self._field(buffer, start, entry, out)
                if not taken:
                    break
                start += taken
            buffer = buffer[start:]
            yield out
        if entry:
            yield [self._finish(entry)]

    def _field(
        self, buffer: bytes, start: int, entry: dict[str, str | list[int]], out: list[bytes]
    ) -> tuple[int, int]:
        """Read the field at ``start``: bytes taken (0 when more are needed), bytes to skip behind."""
        end = buffer.find(b"\n", start)
        if end < 0:
            if len(buffer) - start <= LIMIT:
                return 0, 0
            self.bad += 1
            return len(buffer) - start, 0
        line = buffer[start:end]
        if not line:
            if entry:
                out.append(self._finish(entry))
            return 1, 0
        name, equals, value = line.partition(b"=")
        if equals:
            self._keep(entry, name, value)
            return end + 1 - start, 0
        length = int.from_bytes(buffer[end + 1 : end + 9], "little")
        if len(buffer) < end + 9:
            return 0, 0
        if length > LIMIT:
            if length > 1 << 30 or _EXPORT.match(line + b"=") is None:
                self.bad += 1
                return end + 1 - start, 0
            self._keep(entry, name, buffer[end + 9 : end + 9 + LIMIT])
            have = min(len(buffer) - end - 9, length)
            return end + 9 + have - start, length - have
        if len(buffer) < end + 9 + length:
            return 0, 0
        self._keep(entry, name, buffer[end + 9 : end + 9 + length])
        return end + 9 + length - start, 0

    @staticmethod
    def _keep(entry: dict[str, str | list[int]], name: bytes, value: bytes) -> None:
        known = _NAMES.get(name)
        if known is not None:
            entry[known] = value[:LIMIT].decode("utf-8", "surrogateescape")

    @staticmethod
    def _finish(entry: dict[str, str | list[int]]) -> bytes:
        fields = dict(entry)
        entry.clear()
        return entry_line(Entry(**fields))  # type: ignore[arg-type]


def line_reader() -> LineReader:
    """A reader for JSON, whose lines may be longer than those of other logs."""
    return LineReader(4 * LIMIT)
