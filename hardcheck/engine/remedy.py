"""Remedies: read from a rule file, and filled with a host's own values, quoted.

``{item}`` makes one line of each item, ``{items}`` puts all into one line. In steps, verify and
rollback an item is a shell word; in an Ansible text it is a quoted YAML scalar (``{items}`` a list).
An item comes from an audited host: one with control or format characters is left out, with a
comment that says so, and one with a leading dash where the line has no ``--`` before its place.
"""

from __future__ import annotations

import json
import re
import shlex
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

import msgspec

from hardcheck.engine.yaml_source import Value
from hardcheck.findings import Framework, Remedy

FAMILIES = ("debian", "rhel", "suse", "arch", "alpine")
MAX_FILLED = 200
"""Items that one remedy is filled with; more than that is a job for a loop of the reader's own."""

_MOST_COMMANDS = 1 << 13
_PLACE = re.compile(r"(?<![{$])\{items?\}(?!\})")
_ANSIBLE_PLACE = re.compile(r"(?:[:\-,\[]\s+|\[)\{items?\}\s*(?:[,\]]|$)")
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_KEYS = ("steps", "verify", "rollback", "may_break", "ansible", "reboot", "families")
_REQUIRED = ("steps", "verify", "rollback", "may_break")


def read_remedies(at: Value | None, framework: Framework) -> tuple[Remedy, ...]:
    """One remedy or a list of them. Raises ConfigError."""
    if at is None:
        return ()
    return tuple(_read(each, framework) for each in (at.items() if isinstance(at.data, list) else [at]))


def _read(at: Value, framework: Framework) -> Remedy:
    entries = at.fields(_KEYS, _REQUIRED)
    for name in ("steps", "verify", "rollback"):
        for line in entries[name].items("a list of commands, or sentences that begin with #"):
            _check_shell(line)
    ansible = (
        entries["ansible"].text("Ansible tasks as text (a block that begins with |)")
        if ("ansible" in entries)
        else ""
    )
    if ansible:
        _check_ansible(entries["ansible"], ansible)
    families = entries["families"].items() if "families" in entries else []
    return Remedy(
        framework=framework,
        steps=entries["steps"].texts(),
        verify=entries["verify"].texts(),
        rollback=entries["rollback"].texts(),
        may_break=entries["may_break"].text("what may break, in words"),
        reboot=entries["reboot"].flag() if "reboot" in entries else False,
        ansible=ansible,
        families=tuple(each.word(FAMILIES) for each in families),
    )


def _check_shell(at: Value) -> None:
    """Refuse a place inside quotes or a here-document, where the shell word would not hold."""
    text = at.text("a command")
    places = list(_PLACE.finditer(text))
    if places and "<<" in text:
        raise at.fault("{item} outside of a here-document")
    for place in places:
        line_start = text.rfind("\n", 0, place.start()) + 1
        if not text[line_start:].startswith("#") and _in_quotes(text[line_start : place.start()]):
            raise at.fault("{item} outside of quotes (it is quoted when it is filled in)")


def _in_quotes(before: str) -> bool:
    quote, escaped = "", False
    for char in before:
        if escaped:
            escaped = False
        elif char == "\\" and quote != "'":
            escaped = True
        elif quote:
            quote = "" if char == quote else quote
        elif char in "'\"`":
            quote = char
    return bool(quote) or escaped


def _check_ansible(at: Value, text: str) -> None:
    for line in text.split("\n"):
        for place in _PLACE.finditer(line):
            around = _ANSIBLE_PLACE.search(line, max(0, place.start() - 2))
            if around is None or not around.start() < place.start() < around.end():
                raise at.fault("{item} or {items} as a whole value of its own", repr(line.strip()[:80]))


def has_places(remedies: Iterable[Remedy]) -> bool:
    """Whether any remedy has a place for items."""
    return any(
        _lines(text)
        for remedy in remedies
        for text in (*remedy.steps, *remedy.verify, *remedy.rollback, remedy.ansible)
    )


def fill(remedies: Iterable[Remedy], names: Sequence[str]) -> tuple[Remedy, ...]:
    """The remedies with the names of a finding's items in their places.

    Without names, a line with a place becomes a comment that shows it.
    """
    names = tuple(dict.fromkeys(names))
    return tuple(
        msgspec.structs.replace(
            remedy,
            steps=_fill_commands(remedy.steps, names),
            verify=_fill_commands(remedy.verify, names),
            rollback=_fill_commands(remedy.rollback, names),
            ansible=_fill_ansible(remedy.ansible, names),
        )
        for remedy in remedies
    )


def is_safe(name: str) -> bool:
    """Whether a value from a host may stand in a command: no control, format or line characters."""
    if name.isprintable():
        return bool(name)
    return not any(unicodedata.category(char) in _UNSAFE_CATEGORIES for char in name)


class _Line(msgspec.Struct, frozen=True):
    """A line of a command: its ``place``, empty where it has none, and whether a ``--`` stands before it."""

    text: str
    place: str
    dashed: bool


@lru_cache(maxsize=_MOST_COMMANDS)
def _lines(command: str) -> tuple[_Line, ...]:
    """The lines of a rule's command, read once; nothing where it has no place."""
    if not _PLACE.search(command):
        return ()
    lines = []
    for text in command.split("\n"):
        place = _PLACE.search(text)
        dashed = place is not None and re.search(r"(?:^|\s)--\s", text[: place.start()]) is not None
        lines.append(_Line(text, "" if place is None else place[0], dashed))
    return tuple(lines)


def _fill_commands(commands: tuple[str, ...], names: tuple[str, ...]) -> tuple[str, ...]:
    if not any(map(_lines, commands)):
        return commands
    return tuple(
        "\n".join(_fill_lines(lines, names)) if (lines := _lines(each)) else each for each in commands
    )


def _fill_lines(lines: Iterable[_Line], names: tuple[str, ...]) -> Iterable[str]:
    for line in lines:
        if not line.place:
            yield line.text
            continue
        if not names:
            yield "# for each one found: " + line.text.lstrip("# ")
            continue
        good = [name for name in names if is_safe(name) and (line.dashed or not name.startswith("-"))]
        words = [shlex.quote(name) for name in good[:MAX_FILLED]]
        if line.place == "{items}" and words:
            yield _put(line.text, " ".join(words))
        elif words:
            yield from (_put(line.text, word) for word in words)
        yield from _left_out(len(names) - len(good), max(0, len(good) - MAX_FILLED))


def _put(line: str, word: str) -> str:
    return _PLACE.sub(lambda _: word, line)


def _left_out(unsafe: int, beyond: int) -> Iterable[str]:
    if unsafe:
        yield f"# left out: {unsafe} whose name could be taken for something else by a shell"
    if beyond:
        yield f"# left out: {beyond} more, see the finding"


def _fill_ansible(text: str, names: tuple[str, ...]) -> str:
    if not _lines(text):
        return text
    good = [_yaml_word(name) for name in names if is_safe(name)]
    words = good[:MAX_FILLED]
    filled: list[str] = []
    for line in _lines(text):
        if not line.place:
            filled.append(line.text)
        elif line.place == "{items}":
            filled.append(_put(line.text, f"[{', '.join(words)}]"))
        elif words:
            filled.extend(_put(line.text, word) for word in words)
        else:
            filled.append("# for each one found: " + line.text.strip())
    filled[:0] = _left_out(len(names) - len(good), len(good) - len(words))
    return "\n".join(filled)


def _yaml_word(name: str) -> str:
    """A double-quoted YAML scalar; one that Jinja would read is marked so that Ansible does not."""
    quoted = json.dumps(name, ensure_ascii=False)
    return f"!unsafe {quoted}" if any(mark in name for mark in ("{{", "{%", "{#")) else quoted
