"""The rules in force for one setting of the booleans."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from itertools import chain

from hardcheck.selinux.avtab import FIELD, KIND_SHIFT, ExtendedRule, RuleKind, key_of
from hardcheck.selinux.policydb import PolicyDb
from hardcheck.selinux.rows import ACCESS_KINDS_END, KIND_BITS, LaidOut, Row, Rows, add_rules, pack, row_key

_NO_ROW: Row = {}


class EnabledRules:
    """All rules in force with one setting of the booleans.

    The first few questions are answered from the rules as they were read; later ones from `LaidOut`,
    which all settings have in common, so that another setting costs nothing before it is asked.
    """

    def __init__(self, policydb: PolicyDb, laid_out: LaidOut, states: Mapping[int, bool]) -> None:
        self._policydb = policydb
        self._laid_out = laid_out
        self.states = states
        self._holds = tuple(block.holds(states) for block in policydb.conditionals)
        self._active = tuple(
            block.when_true if holds else block.when_false
            for block, holds in zip(policydb.conditionals, self._holds, strict=True)
        )

    @cached_property
    def rows(self) -> Rows:
        """The access rules as rows; not to be changed, some are shared with other settings."""
        rows = dict(self._laid_out.unconditional)
        owned: set[int] = set()
        for rules in self._active:
            add_rules(rows, rules.plain, owned)
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
                if key & KIND_BITS >= ACCESS_KINDS_END:
                    found.setdefault(key & KIND_BITS, data)
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
        if not self._laid_out.worthwhile():
            return self._packed_from_rules(sources, targets, class_)
        rows, conditional, holds = self._laid_out.unconditional, self._laid_out.conditional, self._holds
        base = row_key(0, class_)
        found = 0
        for source in sources:
            row = rows.get(base | source)
            if row is not None:
                for target in targets:
                    if target in row:
                        found |= row[target]
            grants = conditional.get(base | source)
            if grants is not None:
                for target in targets:
                    for number, when, packed in grants.get(target, ()):
                        if holds[number] is when:
                            found |= packed
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
                found |= pack(key >> KIND_SHIFT, plain[key])
        for rules in self._active:
            for key, data in rules.plain:
                if key & KIND_BITS in wanted:
                    found |= pack((key & KIND_BITS) >> KIND_SHIFT, data)
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
