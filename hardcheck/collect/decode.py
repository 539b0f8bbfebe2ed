"""From the probe's two byte streams to evidence, item by item.

Verbs on standard output (``frames.py`` has the outer form):

=============================  =======================================================================
``n KEY REASON``               not collected, and why
``f KEY``                      body: a file's bytes
``c KEY``                      body: a command's output
``t KEY``                      begins a tree or a blob; its parts follow
``s``                          body: ``MODE_HEX UID GID SIZE PATH`` a line, for plain names
``h``                          body: ``sha256sum`` of those that are regular and readable
``d``                          body: their contents one after the other, each cut at the byte limit
``p``                          body: the path of one member that comes by itself
``o`` ``l`` ``m`` ``g SHA256``  its ``MODE_HEX UID GID SIZE``, target of a link, content, digest
``r STATUS``                   how reading that content ended
``u``                          the account may not read it
``w``                          body: the paths with plain names that the account may not read
``e STATUS START END``         ends the item; STATUS of the last reader; centiseconds of uptime
``e CUT START END SHUT COUNT``  ends a tree: CUT 1 is too many files, SHUT 1 a directory that could not be
                               searched, COUNT how many members there are
``v``                          body: ``SIZE PATH`` of the files, for those that were cut
``z``                          the end of the run
=============================  =======================================================================

Standard error has ``f``, ``c`` and ``t`` with the item's own text as body; ``x STATUS`` ends a command's.
What is not of this form, or follows a cut, is left out and never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from hardcheck.collect.base import CommandSource, FileSource, ShellSource, Source
from hardcheck.collect.frames import Beginning, Part, find_beginning, parts
from hardcheck.collect.redact import Redactor
from hardcheck.collect.refusal import reason_of_command, reason_of_file
from hardcheck.collect.trees import Blob, read_tree
from hardcheck.evidence.model import Evidence
from hardcheck.reasons import Reason

_LONGEST_STDERR = 16384


class Decoded(msgspec.Struct, frozen=True):
    """One run of the probe. ``problem`` is empty when it began and ended as it should.

    ``blobs`` are the contents that the host has and this run named by digest; ``contents`` those it
    sent, each verified, by sha256. ``altered`` are keys whose bytes did not have their digest.
    """

    items: dict[str, Evidence]
    blobs: tuple[Blob, ...] = ()
    contents: dict[str, bytes] = {}
    altered: frozenset[str] = frozenset()
    euid: int | None = None
    build: str = ""
    problem: str = ""


def decode(
    stdout: bytes,
    stderr: bytes,
    nonce: str,
    sources: Iterable[Source],
    redactor: Redactor,
    byte_limit: int | None = None,
) -> Decoded:
    """Read both streams of one run. Never raises; takes time in proportion to the bytes.

    Args:
        nonce: the one the probe was started with.
        sources: those the probe was built from; items with other keys are ignored.
        redactor: every item passes through it.
        byte_limit: the ``b=`` argument, if there was one.
    """
    beginning = find_beginning(stdout, nonce)
    if beginning is None:
        return Decoded({}, problem=_noise(stdout, stderr))
    known = {source.key: source for source in sources}
    reader = _Reader(known, beginning, _read_errors(stderr, nonce), redactor, byte_limit)
    for part in parts(stdout, beginning):
        reader.take(part)
    return reader.finish()


class _Errors(msgspec.Struct):
    """What standard error had for each key, and the exit statuses of commands."""

    texts: dict[str, bytes] = {}
    statuses: dict[str, int] = {}


def _read_errors(stderr: bytes, nonce: str) -> _Errors:
    errors = _Errors({}, {})
    beginning = find_beginning(stderr, nonce)
    if beginning is None:
        return errors
    key = ""
    for part in parts(stderr, beginning):
        if part.verb in ("f", "c", "t") and len(part.words) == 1:
            key = part.words[0]
            errors.texts.setdefault(key, part.body[-_LONGEST_STDERR:])
        elif part.verb == "x" and key and len(part.words) == 1 and _is_number(part.words[0], 3):
            errors.statuses.setdefault(key, int(part.words[0]))
    return errors


class _Reader:
    """Takes the parts of standard output in order and builds the items."""

    def __init__(
        self,
        known: dict[str, Source],
        beginning: Beginning,
        errors: _Errors,
        redactor: Redactor,
        byte_limit: int | None,
    ) -> None:
        self._known, self._beginning, self._errors = known, beginning, errors
        self._redacted, self._byte_limit = redactor.redacted, byte_limit
        self._items: dict[str, Evidence] = {}
        self._cut_files: dict[str, str] = {}  # path -> key
        self._blobs: list[Blob] = []
        self._contents: dict[str, bytes] = {}
        self._altered: set[str] = set()
        self._open: list[Part] = []
        self._ended = False

    def take(self, part: Part) -> None:
        """One more part."""
        if self._ended:
            return
        if part.verb == "z" and not part.words:
            self._ended = True
        elif part.verb == "n" and len(part.words) == 2:
            self._absent(*part.words)
        elif part.verb in ("f", "c", "t"):
            self._open = [part]
        elif part.verb == "v":
            self._open = []
            self._true_sizes(part)
        elif part.verb == "e":
            if self._open:
                self._close(part)
            self._open = []
        elif self._open:
            self._open.append(part)

    def finish(self) -> Decoded:
        """All that was taken."""
        return Decoded(
            self._items,
            tuple(self._blobs),
            self._contents,
            frozenset(self._altered),
            self._beginning.euid,
            self._beginning.build,
            "" if self._ended else "the probe's output ends in the middle",
        )

    def _absent(self, key: str, word: str) -> None:
        source = self._known.get(key)
        if source is None or key in self._items or word not in set(Reason):
            return
        self._items[key] = Evidence(key, origin_of(source), euid=self._beginning.euid, reason=Reason(word))

    def _close(self, end: Part) -> None:
        first = self._open[0]
        numbers = end.words
        if len(first.words) != 1 or len(numbers) < 3 or not all(_is_number(word, 15) for word in numbers):
            return
        key = first.words[0]
        source = self._known.get(key)
        if source is None or key in self._items:
            return
        start, stop = int(numbers[1]), int(numbers[2])
        duration_ms = max(0, stop - start) * 10
        if first.verb == "t":
            self._close_tree(source, numbers, duration_ms)
        elif first.verb == "f" and isinstance(source, FileSource):
            self._close_file(source, first.body, int(numbers[0]), duration_ms)
        elif first.verb == "c" and isinstance(source, CommandSource | ShellSource):
            self._close_command(source, first.body, duration_ms, clock=stop > 0, whole=numbers[0] == "0")

    def _limit(self, source: Source) -> int:
        return source.max_bytes if self._byte_limit is None else min(source.max_bytes, self._byte_limit)

    def _close_file(self, source: FileSource, body: bytes, status: int, duration_ms: int) -> None:
        limit = self._limit(source)
        stderr = self._errors.texts.get(source.key, b"")
        reason = None
        if len(body) > limit:
            reason = Reason.TRUNCATED
            self._cut_files[source.path] = source.key
        elif status != 0:
            reason = reason_of_file(status, stderr)
        self._items[source.key] = self._redacted(
            Evidence(
                source.key,
                source.path,
                body[:limit],
                stderr,
                euid=self._beginning.euid,
                duration_ms=duration_ms,
                size=min(len(body), limit),
                reason=reason,
            )
        )

    def _close_command(
        self, source: CommandSource | ShellSource, body: bytes, duration_ms: int, *, clock: bool, whole: bool
    ) -> None:
        limit = self._limit(source)
        stderr = self._errors.texts.get(source.key, b"")
        status = self._errors.statuses.get(source.key) if whole else None
        reason: Reason | None = Reason.TRUNCATED
        if len(body) <= limit:
            waited_ms = duration_ms if clock else None
            reason = reason_of_command(source, status, body, stderr, waited_ms)
        self._items[source.key] = self._redacted(
            Evidence(
                source.key,
                origin_of(source),
                body[:limit],
                stderr,
                status,
                self._beginning.euid,
                duration_ms,
                min(len(body), limit),
                reason,
            )
        )

    def _close_tree(self, source: Source, numbers: tuple[str, ...], duration_ms: int) -> None:
        if isinstance(source, FileSource | CommandSource | ShellSource) or len(numbers) != 5:
            return
        stderr = self._errors.texts.get(source.key, b"")
        tree = read_tree(
            source,
            self._open[1:],
            self._limit(source),
            stderr,
            too_many=numbers[0] == "1",
            closed=numbers[3] == "1",
            count=int(numbers[4]),
        )
        for item in tree.items:
            whole = msgspec.structs.replace(item, euid=self._beginning.euid)
            if item.key == source.key:
                whole = msgspec.structs.replace(whole, stderr=stderr, duration_ms=duration_ms)
            self._items.setdefault(item.key, self._redacted(whole))
        self._blobs.extend(tree.blobs)
        self._contents.update(tree.contents)
        self._altered.update(tree.altered)

    def _true_sizes(self, part: Part) -> None:
        """Sizes on the host of files that were cut."""
        for line in part.body.decode("utf-8", "replace").split("\n"):
            size, _, path = line.partition(" ")
            key = self._cut_files.get(path)
            if key is not None and _is_number(size, 19):
                item = self._items[key]
                self._items[key] = msgspec.structs.replace(item, size=max(item.size, int(size)))


def origin_of(source: Source) -> str:
    """The path, patterns or command line of a source, for people and for the bundle."""
    if isinstance(source, FileSource):
        return source.path
    if isinstance(source, CommandSource):
        return " ".join(source.argv)
    if isinstance(source, ShellSource):
        return source.body
    return " ".join(source.patterns if hasattr(source, "patterns") else source.paths)


def _is_number(word: str, digits: int) -> bool:
    return len(word) <= digits and word.isascii() and word.isdigit()


def _noise(stdout: bytes, stderr: bytes) -> str:
    """What a host said instead of running the probe, short and printable."""
    said = stderr.strip() or stdout.strip()
    if not said:
        return "the host gave no output of the probe"
    last = said[-400:].decode("utf-8", "replace").split("\n")[-1].strip()
    text = "".join(letter if letter.isprintable() else "?" for letter in last)
    return f"the host gave no output of the probe; it said: {text[-200:]}"
