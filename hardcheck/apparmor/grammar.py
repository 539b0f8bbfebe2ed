"""Read one file of policy into a `Unit`; one function per production.

A fault ends the statement it stands in and no more: reading goes on behind it, so that every fault
of a file is found at once. Nothing is raised for bad text; the Unit carries the faults.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from hardcheck.apparmor.faults import MAX_FAULTS, Fault, FaultFound, SourceText
from hardcheck.apparmor.heads import hat_name, profile_head, profile_name
from hardcheck.apparmor.preamble import (
    parse_abi,
    parse_alias,
    parse_bool_assignment,
    parse_expression,
    parse_include,
    parse_set_assignment,
)
from hardcheck.apparmor.rules.all import parse_all
from hardcheck.apparmor.rules.capability import parse_capability
from hardcheck.apparmor.rules.change_profile import parse_change_profile
from hardcheck.apparmor.rules.dbus import parse_dbus
from hardcheck.apparmor.rules.file import (
    PERMISSIONS,
    PLAIN,
    parse_file_keyword,
    parse_file_rule,
    parse_link,
    parse_plain,
)
from hardcheck.apparmor.rules.io_uring import parse_io_uring
from hardcheck.apparmor.rules.mount import parse_mount, parse_pivot_root, parse_remount, parse_umount
from hardcheck.apparmor.rules.mqueue import parse_mqueue
from hardcheck.apparmor.rules.network import parse_network
from hardcheck.apparmor.rules.ptrace import parse_ptrace
from hardcheck.apparmor.rules.rlimit import parse_set_rlimit
from hardcheck.apparmor.rules.signal import parse_signal
from hardcheck.apparmor.rules.unix import parse_unix
from hardcheck.apparmor.rules.userns import parse_userns
from hardcheck.apparmor.syntax import (
    NO_PREFIX,
    Block,
    Conditional,
    Expression,
    Item,
    Mode,
    Owner,
    Prefix,
    ProfileBlock,
    ProfileHead,
    Rule,
    Run,
    Unit,
)
from hardcheck.apparmor.tokenizer import NAME, SET_VARIABLE, Cursor

MAX_DEPTH = 110  # blocks within blocks; each takes five frames of the stack
MAX_RULES = 200_000  # in one file
MAX_PRIORITY = 1000

RuleReader = Callable[[Cursor, int, Prefix], Rule]


def _parse_safety(word: str) -> RuleReader:
    def read(cursor: Cursor, at: int, prefix: Prefix) -> Rule:
        cursor.skip()
        return parse_file_rule(cursor, at, prefix, word)

    return read


_RULES: dict[str, RuleReader] = {
    "file": parse_file_keyword,
    "safe": _parse_safety("safe"),
    "unsafe": _parse_safety("unsafe"),
    "link": parse_link,
    "capability": parse_capability,
    "network": parse_network,
    "unix": parse_unix,
    "signal": parse_signal,
    "ptrace": parse_ptrace,
    "dbus": parse_dbus,
    "mount": parse_mount,
    "remount": parse_remount,
    "umount": parse_umount,
    "unmount": parse_umount,
    "pivot_root": parse_pivot_root,
    "change_profile": parse_change_profile,
    "set": parse_set_rlimit,
    "userns": parse_userns,
    "mqueue": parse_mqueue,
    "io_uring": parse_io_uring,
    "all": parse_all,
}
_PREFIX_WORDS = frozenset(("audit", "quiet", "allow", "deny", "prompt", "owner", "user", "other"))
_PRIORITY = re.compile(r"priority[ \t]*=[ \t]*([+-]?[0-9]{1,9})")
_OWNER = re.compile(r"(owner[ \t]+)?")
_INCLUDE = re.compile(r"#?include\b")
_PREFIXES: dict[tuple[int, bool, Mode, Owner], Prefix] = {}


def parse_unit(source: SourceText) -> Unit:
    """Read one file; faults and what could be read stand side by side in the Unit."""
    return _Reader(source).unit()


class _Reader:
    """Reads one file; keeps the faults and the depth of blocks."""

    def __init__(self, source: SourceText) -> None:
        self.source = source
        self.cursor = Cursor(source)
        self.faults: list[Fault] = []
        self.depth = 0
        self.rules = 0

    def unit(self) -> Unit:
        """``unit: { statement }`` up to the end of the file."""
        items: list[Item] = []
        while len(self.faults) < MAX_FAULTS:
            try:
                self._items(items, top=True)
            except RecursionError:  # the caller stood deep in its own stack already
                self._note(FaultFound(self.cursor.pos, "nested too deep"))
                break
            here = self.cursor.skip()
            if not here:
                break
            self._note(FaultFound(self.cursor.pos, "'}' without an open '{'"))
            self.cursor.pos += 1
        return Unit(self.source, tuple(items), tuple(self.faults))

    def _items(self, items: list[Item], top: bool) -> None:
        """``{ statement }`` up to a closing brace or the end; the brace is not taken."""
        run: dict[str, list[Rule]] = {}
        cursor, text = self.cursor, self.cursor.text
        while len(self.faults) < MAX_FAULTS:
            here = cursor.skip()
            if not here or here == "}":
                break
            at = cursor.pos
            try:
                owner = _OWNER.match(text, at)
                assert owner is not None
                plain = PLAIN.match(text, owner.end())
                if plain is not None and not top:
                    cursor.pos = plain.end()
                    rule: Rule = parse_plain(plain, cursor, at, _OWNED if owner[1] else NO_PREFIX)
                    self._add(run, rule)
                    continue
                statement = self._statement(here, at, top)
                if isinstance(statement, Rule):
                    self._add(run, statement)
                    continue
                if run:
                    items.append(Run(run))
                    run = {}
                items.append(statement)
            except FaultFound as found:
                self._note(found)
                self._recover(max(at, found.offset))
        if run:
            items.append(Run(run))

    def _add(self, run: dict[str, list[Rule]], rule: Rule) -> None:
        self.rules += 1
        if self.rules > MAX_RULES:
            self.cursor.pos = len(self.cursor.text)
            raise FaultFound(rule.at, f"more than {MAX_RULES} rules in one file")
        run.setdefault(rule.kind, []).append(rule)

    def _statement(self, here: str, at: int, top: bool) -> Rule | Item:
        """One statement of any kind, the cursor at its first character."""
        cursor = self.cursor
        if here == "#" or (here == "i" and _INCLUDE.match(cursor.text, at)):
            return parse_include(cursor, at)
        if here == "^":
            cursor.pos += 1
            return self._profile(at, "hat", hat_name(cursor))
        match = NAME.match(cursor.text, at)
        word = match[0] if match is not None else ""
        if word == "abi":
            cursor.pos = at + 3
            return parse_abi(cursor, at)
        if word in ("profile", "hat") and cursor.text[at + len(word) : at + len(word) + 1] in (" ", "\t"):
            cursor.pos = at + len(word)
            return self._profile(at, word, profile_name(cursor))
        if top:
            return self._top_statement(here, word, at)
        if word == "if":
            cursor.pos = at + 2
            return self._conditional(at)
        prefix, prefixed = self._prefix()
        return self._rule_or_block(prefix, prefixed, at)

    def _top_statement(self, here: str, word: str, at: int) -> Item | Rule:
        """What may stand outside of profiles, and rules: a file that is included holds those."""
        cursor = self.cursor
        if word in ("alias", "rewrite"):
            cursor.pos = at + len(word)
            return parse_alias(cursor, at)
        if here == "@" and (match := SET_VARIABLE.match(cursor.text, at)):
            assignment = parse_set_assignment(cursor, match, at)
            if assignment is not None:
                return assignment
        if here == "$":
            return parse_bool_assignment(cursor, at)
        if word == "if":
            cursor.pos = at + 2
            return self._conditional(at)
        if here in '/@":' and (head := profile_head(cursor, "")) is not None:
            return self._body(at, head)
        prefix, prefixed = self._prefix()
        return self._rule_or_block(prefix, prefixed, at)

    def _prefix(self) -> tuple[Prefix, bool]:
        """``[priority=N] [audit] [allow|deny|prompt] [owner|other]``, each at most once, in this order."""
        cursor = self.cursor
        priority, audit, mode, owner, stage = 0, False, Mode.UNSPECIFIED, Owner.ANY, 0
        match = _PRIORITY.match(cursor.text, cursor.pos)
        if match is not None:
            priority, stage = int(match[1]), 1
            if abs(priority) > MAX_PRIORITY:
                cursor.fail(f"a priority is from -{MAX_PRIORITY} to {MAX_PRIORITY}", match.start(1))
            cursor.pos = match.end()
            cursor.skip()
        while (word := NAME.match(cursor.text, cursor.pos)) is not None and word[0] in _PREFIX_WORDS:
            now = 2 if word[0] in ("audit", "quiet") else 3 if word[0] in ("allow", "deny", "prompt") else 4
            if now <= stage:
                cursor.fail(f"'{word[0]}' is out of order: priority, audit, allow or deny, owner")
            stage = now
            if now == 2:
                audit = word[0] == "audit"
            elif now == 3:
                mode = Mode(word[0])
            else:
                owner = Owner.OTHER if word[0] == "other" else Owner.OWNER
            cursor.pos = word.end()
            cursor.skip()
        key = (priority, audit, mode, owner)
        return _PREFIXES.setdefault(key, Prefix(*key)), stage > 0

    def _rule_or_block(self, prefix: Prefix, prefixed: bool, at: int) -> Rule | Item:
        cursor = self.cursor
        here = cursor.text[cursor.pos : cursor.pos + 1]
        if here == "{":
            if prefix.priority:
                cursor.fail("priority is not allowed on blocks", at)
            cursor.pos += 1
            return Block(prefix, self._block(), at)
        match = NAME.match(cursor.text, cursor.pos)
        if match is not None:
            reader = _RULES.get(match[0])
            if reader is not None:
                cursor.pos = match.end()
                return reader(cursor, at, prefix)
            if PERMISSIONS.match(cursor.text, cursor.pos) is None:
                if prefixed:
                    cursor.fail(f"expected a rule after its qualifiers, found {cursor.peek()}")
                cursor.fail(f"unknown keyword {cursor.peek()}")
        return parse_file_rule(cursor, at, prefix)

    def _block(self) -> tuple[Item, ...]:
        """``{ statement } "}"`` behind an opening brace."""
        if self.depth >= MAX_DEPTH:
            self.cursor.pos = len(self.cursor.text)
            self.cursor.fail(f"blocks nested more than {MAX_DEPTH} deep")
        opened = self.cursor.pos - 1
        self.depth += 1
        items: list[Item] = []
        self._items(items, top=False)
        self.depth -= 1
        if self.cursor.skip() != "}":
            if len(self.faults) < MAX_FAULTS:
                self._note(FaultFound(opened, "'{' that is never closed"))
        else:
            self.cursor.pos += 1
        return tuple(items)

    def _profile(self, at: int, keyword: str, name: str) -> ProfileBlock:
        head = profile_head(self.cursor, keyword, name)
        assert head is not None
        return self._body(at, head)

    def _body(self, at: int, head: ProfileHead) -> ProfileBlock:
        return ProfileBlock(head, self._block(), at)

    def _conditional(self, at: int) -> Conditional:
        """``if EXPR { } [else if EXPR { }] [else { }]``; the word ``if`` is taken."""
        cursor = self.cursor
        branches: list[tuple[Expression | None, tuple[Item, ...]]] = []
        while True:
            condition = parse_expression(cursor)
            cursor.expect("{", "a condition")
            branches.append((condition, self._block()))
            cursor.skip()
            match = NAME.match(cursor.text, cursor.pos)
            if match is None or match[0] != "else":
                return Conditional(tuple(branches), at)
            cursor.pos = match.end()
            cursor.skip()
            match = NAME.match(cursor.text, cursor.pos)
            if match is not None and match[0] == "if":
                cursor.pos = match.end()
                continue
            cursor.expect("{", "'else'")
            branches.append((None, self._block()))
            return Conditional(tuple(branches), at)

    def _note(self, found: FaultFound) -> None:
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(self.source.fault(found.offset, found.message))

    def _recover(self, offset: int) -> None:
        """Go on behind the faulty statement: behind the next line that ends a rule or opens a block."""
        text = self.cursor.text
        position = max(offset, self.cursor.pos)
        if position > offset and text[position - 1] == ",":  # found wrong after it was read to its end
            return
        while True:
            end = text.find("\n", position)
            if end < 0:
                end = len(text)
            line = text[position:end].split(" #", 1)[0].rstrip()
            if line.endswith("{"):
                self.cursor.pos = position + len(line) - 1
                return
            if line.endswith("}"):
                self.cursor.pos = position + len(line) - 1
                return
            if line.endswith(",") or end >= len(text):
                self.cursor.pos = end
                return
            position = end + 1


_OWNED = _PREFIXES.setdefault((0, False, Mode.UNSPECIFIED, Owner.OWNER), Prefix(owner=Owner.OWNER))
