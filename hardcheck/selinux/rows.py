"""The access rules of a policy laid out for questions, whatever its booleans are set to.

Rules are grouped in *rows*, one per (source, class): target -> *packed* permissions, an integer
with the allowed ones in bits 0-31, those logged when allowed (auditallow) in 32-63 and those
that are silent when denied (dontaudit) in 64-95. One OR over the rows of the source's attributes
and the target's gives all three answers at once.
Source: kernel security/selinux/ss/services.c ``context_struct_compute_av``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property

from hardcheck.selinux.avtab import CLASS_SHIFT, ENABLED, FIELD, KIND_SHIFT, TARGET_SHIFT, RuleKind
from hardcheck.selinux.policydb import PolicyDb

VECTOR = 0xFFFFFFFF
AUDITALLOW_SHIFT = 32
DONTAUDIT_SHIFT = 64
KIND_BITS = ~(ENABLED << KIND_SHIFT)
ACCESS_KINDS_END = (RuleKind.DONTAUDIT + 1) << KIND_SHIFT

Row = dict[int, int]
Rows = dict[int, Row]
Grant = tuple[int, bool, int]
"""A conditional rule: its block by number, the side of the block it stands on, the packed permissions."""

_QUESTIONS_WITHOUT_ROWS = 24


class LaidOut:
    """The rows of one policy: what all settings of its booleans have in common.

    Laying them out takes as long as reading the file did, so the first few questions go without.
    """

    def __init__(self, policydb: PolicyDb) -> None:
        self._policydb = policydb
        self._asked = 0

    def worthwhile(self) -> bool:
        """Count one more question; whether it should use the rows."""
        self._asked += 1
        return self._asked > _QUESTIONS_WITHOUT_ROWS

    @cached_property
    def unconditional(self) -> Rows:
        """The rules outside of conditional blocks; not to be changed."""
        rows: Rows = {}
        add_rules(rows, self._policydb.rules.plain.items(), None)
        return rows

    @cached_property
    def conditional(self) -> dict[int, dict[int, list[Grant]]]:
        """The rules of all conditional blocks by row and target; not to be changed."""
        found: dict[int, dict[int, list[Grant]]] = {}
        for number, block in enumerate(self._policydb.conditionals):
            for when, rules in ((True, block.when_true), (False, block.when_false)):
                for key, data in rules.plain:
                    key &= KIND_BITS
                    if key < ACCESS_KINDS_END:
                        row = found.setdefault(row_of(key), {})
                        target = key >> TARGET_SHIFT & FIELD
                        row.setdefault(target, []).append((number, when, pack(key >> KIND_SHIFT, data)))
        return found

    def pairs(
        self, sources: Iterable[int], targets: Collection[int], class_: int
    ) -> Iterator[tuple[int, int]]:
        """Yield each (source, target) of these that an unconditional access rule about the class names."""
        return _pairs(self.unconditional, sources, targets, class_)

    def conditional_pairs(
        self, sources: Iterable[int], targets: Collection[int], class_: int
    ) -> Iterator[tuple[int, int]]:
        """The same of the rules in conditional blocks."""
        return _pairs(self.conditional, sources, targets, class_)


def _pairs(
    rows: Mapping[int, Mapping[int, object]], sources: Iterable[int], targets: Collection[int], class_: int
) -> Iterator[tuple[int, int]]:
    for source in sources:
        row = rows.get(row_key(source, class_))
        if row is not None:
            yield from ((source, target) for target in targets if target in row)


def row_key(source: int, class_: int) -> int:
    """Return the key of a row."""
    return class_ << 16 | source


def row_of(key: int) -> int:
    """Return the key of the row that a rule stands in."""
    return row_key(key & FIELD, key >> CLASS_SHIFT & FIELD)


def add_rules(rows: Rows, rules: Iterable[tuple[int, int]], owned: set[int] | None) -> None:
    """Add rules to rows. A row that is not ``owned`` is shared with another setting of the
    booleans and copied first; None: all rows are owned."""
    for key, data in rules:
        key &= KIND_BITS
        if key >= ACCESS_KINDS_END:
            continue
        place = row_of(key)
        row = rows.get(place)
        if row is None or (owned is not None and place not in owned):
            row = rows[place] = dict(row or ())
            if owned is not None:
                owned.add(place)
        target = key >> TARGET_SHIFT & FIELD
        row[target] = row.get(target, 0) | pack(key >> KIND_SHIFT, data)


def pack(kind: int, data: int) -> int:
    """Return the permissions of a rule at the place of its kind."""
    if kind == RuleKind.ALLOW:
        return data
    if kind == RuleKind.AUDITALLOW:
        return data << AUDITALLOW_SHIFT
    return (data ^ VECTOR) << DONTAUDIT_SHIFT
