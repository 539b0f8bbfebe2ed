"""The access rules of a policy laid out for questions, whatever its booleans are set to.

Rules are grouped in *rows*, one per source and class: target -> *packed* permissions, an integer
with the allowed ones in bits 0-31, those logged when allowed (auditallow) in 32-63 and those
that are silent when denied (dontaudit) in 64-95. One OR over the rows of the source's attributes
and the target's gives all three answers at once.
Source: kernel security/selinux/ss/services.c ``context_struct_compute_av``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from hardcheck.access.remembered import Remembered
from hardcheck.selinux.avtab import CLASS_SHIFT, ENABLED, FIELD, KIND_SHIFT, TARGET_SHIFT, RuleKind
from hardcheck.selinux.policydb import PolicyDb

VECTOR = 0xFFFFFFFF
AUDITALLOW_SHIFT = 32
DONTAUDIT_SHIFT = 64
KIND_BITS = ~(ENABLED << KIND_SHIFT)
ACCESS_KINDS_END = (RuleKind.DONTAUDIT + 1) << KIND_SHIFT

Row = dict[int, int]
Rows = dict[int, Row]
"""The rows of one source by class."""
Grant = tuple[int, bool, int, int]
"""A conditional rule: its block by number, the side of the block it stands on, its kind and its data."""
Grants = dict[int, dict[int, list[Grant]]]
"""The conditional rules of one source by class and target."""

_NO_ROWS: Rows = {}
_NO_GRANTS: Grants = {}
_QUESTIONS_WITHOUT_ROWS = 6
ABOUT = 1 << 12
"""Sources with a class of which the rows are remembered together."""


class LaidOut:
    """The rows of one policy: what all settings of its booleans have in common.

    Sorting the rules by source takes a fifth of the time that reading the file did, so the first few
    questions go without. The rows of a source are made when it is first asked about: a question about a
    domain needs those of its attributes alone.
    """

    def __init__(self, policydb: PolicyDb) -> None:
        self._policydb = policydb
        self._asked = 0
        self._rows: dict[int, Rows] = {}
        self._complete = False
        self._grants: dict[int, Grants] = {}
        self._by_block: dict[tuple[int, bool], dict[int, list[tuple[int, int]]]] = {}
        self._about: Remembered[tuple[tuple[int, ...], int], list[tuple[int, Row]]] = Remembered(ABOUT)
        self._grants_by_class: Remembered[
            tuple[tuple[int, ...], int], list[tuple[int, dict[int, list[Grant]]]]
        ] = Remembered(ABOUT)

    def worthwhile(self) -> bool:
        """Count one more question; whether it should use the rows."""
        self._asked += 1
        return self._asked > _QUESTIONS_WITHOUT_ROWS

    @cached_property
    def _keys(self) -> dict[int, list[int]]:
        """The keys of the unconditional rules by source, in file order."""
        found: dict[int, list[int]] = {}
        for key in self._policydb.rules.plain:
            source = key & FIELD
            if source in found:
                found[source].append(key)
            else:
                found[source] = [key]
        return found

    @cached_property
    def _blocks(self) -> dict[int, list[tuple[int, bool]]]:
        """The blocks, by number and side, that have conditional access rules of a source, in file order."""
        found: dict[int, list[tuple[int, bool]]] = {}
        for number, block in enumerate(self._policydb.conditionals):
            for when, rules in ((True, block.when_true), (False, block.when_false)):
                own = {key & FIELD for key, _ in rules.plain if key & KIND_BITS < ACCESS_KINDS_END}
                for source in own:
                    found.setdefault(source, []).append((number, when))
        return found

    @cached_property
    def every(self) -> dict[int, Rows]:
        """The rows of all sources, made in one go; not to be changed."""
        self._rows, self._complete = _rows_by_source(self._policydb.rules.plain.items()), True
        return self._rows

    def unconditional(self, source: int) -> Rows:
        """The rows of the rules outside of conditional blocks; not to be changed."""
        known = self._rows.get(source)
        if known is None:
            keys = self._keys.get(source) if not self._complete else None
            plain = self._policydb.rules.plain
            rows = {} if keys is None else _rows_by_source((key, plain[key]) for key in keys)
            known = self._rows[source] = rows.get(source, _NO_ROWS)
        return known

    def conditional(self, source: int) -> Grants:
        """The rules of all conditional blocks; not to be changed."""
        known = self._grants.get(source)
        if known is None:
            known = {} if source in self._blocks else _NO_GRANTS
            for number, when in self._blocks.get(source, ()):
                for key, data in self._rules_of_block(number, when=when)[source]:
                    row = known.setdefault(key >> CLASS_SHIFT & FIELD, {})
                    grant = (number, when, key >> KIND_SHIFT, data)
                    row.setdefault(key >> TARGET_SHIFT & FIELD, []).append(grant)
            self._grants[source] = known
        return known

    def _rules_of_block(self, number: int, *, when: bool) -> dict[int, list[tuple[int, int]]]:
        """The access rules of one side of a block by source."""
        known = self._by_block.get((number, when))
        if known is None:
            known = self._by_block[number, when] = {}
            block = self._policydb.conditionals[number]
            for key, data in (block.when_true if when else block.when_false).plain:
                key &= KIND_BITS
                if key < ACCESS_KINDS_END:
                    known.setdefault(key & FIELD, []).append((key, data))
        return known

    def pairs(
        self, sources: tuple[int, ...], targets: Iterable[int], class_: int, wanted: int
    ) -> Iterator[tuple[int, int]]:
        """Yield each (source, target) of these that an unconditional access rule about the class names, and
        that has one of the ``wanted`` packed permissions."""
        for source, row in self._rows_about(sources, class_):
            for target in targets:
                if target in row and row[target] & wanted:
                    yield source, target

    def grants(
        self, sources: tuple[int, ...], targets: Iterable[int], class_: int
    ) -> Iterator[tuple[int, int, Grant]]:
        """Yield source, target and rule of each conditional access rule about the class and these."""
        for source, row in self._grants_about(sources, class_):
            for target in targets:
                for grant in row.get(target, ()):
                    yield source, target, grant

    def _rows_about(self, sources: tuple[int, ...], class_: int) -> list[tuple[int, Row]]:
        """Those of the sources that have unconditional rules about a class, with their row."""
        key = (sources, class_)
        known = self._about.get(key)
        if known is None:
            rows = ((source, self.unconditional(source).get(class_)) for source in sources)
            known = self._about.put(key, [(source, row) for source, row in rows if row])
        return known

    def _grants_about(
        self, sources: tuple[int, ...], class_: int
    ) -> list[tuple[int, dict[int, list[Grant]]]]:
        """The same with their conditional rules by target."""
        key = (sources, class_)
        known = self._grants_by_class.get(key)
        if known is None:
            rows = ((source, self.conditional(source).get(class_)) for source in sources)
            known = self._grants_by_class.put(key, [(source, row) for source, row in rows if row])
        return known


def _rows_by_source(rules: Iterable[tuple[int, int]]) -> dict[int, Rows]:
    found: dict[int, Rows] = {}
    for key, data in rules:
        if key >= ACCESS_KINDS_END:
            continue
        rows = found.get(key & FIELD)
        if rows is None:
            rows = found[key & FIELD] = {}
        class_ = key >> CLASS_SHIFT & FIELD
        row = rows.get(class_)
        if row is None:
            row = rows[class_] = {}
        target = key >> TARGET_SHIFT & FIELD
        row[target] = row.get(target, 0) | pack(key >> KIND_SHIFT, data)
    return found


def with_rules(every: dict[int, Rows], rules: Iterable[tuple[int, int]]) -> dict[int, Rows]:
    """The rows of all sources with more rules in them; what gains nothing is shared, not copied."""
    found = dict(every)
    copied: dict[int, set[int]] = {}
    for key, data in rules:
        key &= KIND_BITS
        if key >= ACCESS_KINDS_END:
            continue
        source, class_ = key & FIELD, key >> CLASS_SHIFT & FIELD
        own = copied.get(source)
        if own is None:
            own = copied[source] = set()
            found[source] = dict(found.get(source, ()))
        rows = found[source]
        if class_ not in own:
            own.add(class_)
            rows[class_] = dict(rows.get(class_, ()))
        row, target = rows[class_], key >> TARGET_SHIFT & FIELD
        row[target] = row.get(target, 0) | pack(key >> KIND_SHIFT, data)
    return found


def with_grants(rows: Rows, grants: Grants, holds: tuple[bool, ...]) -> Rows:
    """The rows of one source with those conditional rules in them whose side is in force.

    ``holds`` says of each block whether its condition does; what gains nothing is shared, not copied.
    """
    found = rows
    for class_, by_target in grants.items():
        gained: Mapping[int, int] = {
            target: packed
            for target, listed in by_target.items()
            if (packed := _in_force(listed, holds)) is not None
        }
        if not gained:
            continue
        if found is rows:
            found = dict(rows)
        row = found[class_] = dict(rows.get(class_, ()))
        for target, packed in gained.items():
            row[target] = row.get(target, 0) | packed
    return found


def _in_force(grants: list[Grant], holds: tuple[bool, ...]) -> int | None:
    """The packed permissions of those rules whose side is in force; None where none is."""
    found = None
    for number, when, kind, data in grants:
        if holds[number] is when:
            found = (found or 0) | pack(kind, data)
    return found


def pack_wanted(kind: int, permissions: int) -> int:
    """Return permissions at the place that rules of a kind have in a row."""
    if kind == RuleKind.ALLOW:
        return permissions
    return permissions << (AUDITALLOW_SHIFT if kind == RuleKind.AUDITALLOW else DONTAUDIT_SHIFT)


def pack(kind: int, data: int) -> int:
    """Return the permissions of a rule at the place of its kind."""
    if kind == RuleKind.ALLOW:
        return data
    if kind == RuleKind.AUDITALLOW:
        return data << AUDITALLOW_SHIFT
    return (data ^ VECTOR) << DONTAUDIT_SHIFT
