"""The access rules in force for one setting of the booleans, laid out for questions.

Rules are grouped in *rows*, one per (source, class): target -> *packed* permissions, an integer
with the allowed ones in bits 0-31, those logged when allowed (auditallow) in 32-63 and those
that are silent when denied (dontaudit) in 64-95. One OR over the rows of the source's attributes
and the target's gives all three answers at once.
Source: kernel security/selinux/ss/services.c ``context_struct_compute_av``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property
from itertools import chain

from hardcheck.selinux.avtab import (
    CLASS_SHIFT,
    ENABLED,
    FIELD,
    KIND_SHIFT,
    TARGET_SHIFT,
    ExtendedRule,
    RuleKind,
    key_of,
)
from hardcheck.selinux.policydb import PolicyDb

VECTOR = 0xFFFFFFFF
AUDITALLOW_SHIFT = 32
DONTAUDIT_SHIFT = 64

Row = dict[int, int]
Rows = dict[int, Row]

_QUESTIONS_WITHOUT_ROWS = 24
_NO_ROW: Row = {}
_KIND_BITS = ~(ENABLED << KIND_SHIFT)
_ACCESS_KINDS_END = (RuleKind.DONTAUDIT + 1) << KIND_SHIFT


def row_key(source: int, class_: int) -> int:
    """Return the key of a row."""
    return class_ << 16 | source


def build_rows(policydb: PolicyDb) -> Rows:
    """Lay out the unconditional access rules."""
    rows: Rows = {}
    _add(rows, policydb.rules.plain.items(), None)
    return rows


def _add(rows: Rows, rules: Iterable[tuple[int, int]], owned: set[int] | None) -> None:
    """Add rules to rows. A row that is not ``owned`` is shared with another setting of the
    booleans and copied first; None: all rows are owned."""
    for key, data in rules:
        key &= _KIND_BITS
        if key >= _ACCESS_KINDS_END:
            continue
        place = row_key(key & FIELD, key >> CLASS_SHIFT & FIELD)
        row = rows.get(place)
        if row is None or (owned is not None and place not in owned):
            row = rows[place] = dict(row or ())
            if owned is not None:
                owned.add(place)
        target = key >> TARGET_SHIFT & FIELD
        row[target] = row.get(target, 0) | _pack(key >> KIND_SHIFT, data)


def _pack(kind: int, data: int) -> int:
    if kind == RuleKind.ALLOW:
        return data
    if kind == RuleKind.AUDITALLOW:
        return data << AUDITALLOW_SHIFT
    return (data ^ VECTOR) << DONTAUDIT_SHIFT


class EnabledRules:
    """All rules in force with one setting of the booleans.

    The first few questions are answered from the rules as they were read. Only when more come
    are the rows laid out, which takes as long as reading the file did.
    """

    def __init__(self, policydb: PolicyDb, shared: Callable[[], Rows], states: Mapping[int, bool]) -> None:
        """``shared`` gives the rows of the unconditional rules, which all settings have in common."""
        self._policydb = policydb
        self._shared = shared
        self._active = tuple(conditional.active(states) for conditional in policydb.conditionals)
        self._asked = 0

    @cached_property
    def rows(self) -> Rows:
        """The access rules as rows; not to be changed, some are shared with other settings."""
        rows = dict(self._shared())
        owned: set[int] = set()
        for rules in self._active:
            _add(rows, rules.plain, owned)
        return rows

    @cached_property
    def _rows_of(self) -> dict[int, list[tuple[int, Row]]]:
        found: dict[int, list[tuple[int, Row]]] = {}
        for key, row in self.rows.items():
            found.setdefault(key >> 16, []).append((key & FIELD, row))
        return found

    def rows_of(self, class_: int) -> list[tuple[int, Row]]:
        """Return (source, row) for each source with rules about a class."""
        return self._rows_of.get(class_, [])

    def row(self, source: int, class_: int) -> Row:
        """Return one row; empty where the source has no rules about the class."""
        return self.rows.get(row_key(source, class_), _NO_ROW)

    @cached_property
    def new_types(self) -> dict[int, int]:
        """New types of the conditional type rules by key; the unconditional ones come first."""
        found: dict[int, int] = {}
        for rules in self._active:
            for key, data in rules.plain:
                if key & _KIND_BITS >= _ACCESS_KINDS_END:
                    found.setdefault(key & _KIND_BITS, data)
        return found

    @cached_property
    def extended(self) -> dict[int, list[ExtendedRule]]:
        """Extended rules by the key of (source, target, class) without kind."""
        found: dict[int, list[ExtendedRule]] = {}
        conditional = chain.from_iterable(rules.extended for rules in self._active)
        for rule in chain(self._policydb.rules.extended, conditional):
            found.setdefault(rule.key & (1 << KIND_SHIFT) - 1, []).append(rule)
        return found

    def packed(self, sources: Collection[int], targets: Collection[int], class_: int) -> int:
        """Return the packed permissions of any of the sources on any of the targets."""
        if self._asked < _QUESTIONS_WITHOUT_ROWS:
            self._asked += 1
            return self._packed_from_rules(sources, targets, class_)
        rows = self.rows
        base = class_ << 16
        found = 0
        for source in sources:
            row = rows.get(base | source)
            if row is not None:
                for target in targets:
                    if target in row:
                        found |= row[target]
        return found

    def _packed_from_rules(self, sources: Collection[int], targets: Collection[int], class_: int) -> int:
        plain = self._policydb.rules.plain
        wanted = {
            key_of(source, target, class_, kind)
            for source in sources
            for target in targets
            for kind in (RuleKind.ALLOW, RuleKind.AUDITALLOW, RuleKind.DONTAUDIT)
        }
        found = 0
        for key in wanted:
            if key in plain:
                found |= _pack(key >> KIND_SHIFT, plain[key])
        for rules in self._active:
            for key, data in rules.plain:
                if key & _KIND_BITS in wanted:
                    found |= _pack((key & _KIND_BITS) >> KIND_SHIFT, data)
        return found

    def extended_rules(
        self, sources: Iterable[int], targets: Collection[int], class_: int
    ) -> list[ExtendedRule]:
        """Return the extended rules of any of the sources on any of the targets."""
        if not self.extended:
            return []
        return [
            rule
            for source in sources
            for target in targets
            for rule in self.extended.get(key_of(source, target, class_, 0), ())
        ]
