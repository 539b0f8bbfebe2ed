"""The rules in force for one setting of the booleans."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from itertools import chain

from hardcheck.access.remembered import Remembered
from hardcheck.selinux.avtab import KIND_SHIFT, ExtendedRule, RuleKind, key_of
from hardcheck.selinux.policydb import PolicyDb
from hardcheck.selinux.rows import (
    ABOUT,
    ACCESS_KINDS_END,
    KIND_BITS,
    LaidOut,
    Row,
    Rows,
    pack,
    with_grants,
    with_rules,
)


class EnabledRules:
    """All rules in force with one setting of the booleans.

    The first few questions are answered from the rules as they were read; later ones from `LaidOut`,
    which all settings have in common, so that another setting costs nothing before it is asked.
    ``holds`` says of each conditional block whether its condition does.
    """

    def __init__(self, policydb: PolicyDb, laid_out: LaidOut, states: Mapping[int, bool]) -> None:
        self._policydb = policydb
        self._laid_out = laid_out
        self.states = states
        self._rows_by_source: dict[int, Rows] = {}
        self._about: Remembered[tuple[tuple[int, ...], int], list[Row]] = Remembered(ABOUT)
        self._packed: Remembered[tuple[tuple[int, ...], tuple[int, ...], int], int] = Remembered(ABOUT)
        self.holds = tuple(block.holds(states) for block in policydb.conditionals)
        self._active = tuple(
            block.when_true if holds else block.when_false
            for block, holds in zip(policydb.conditionals, self.holds, strict=True)
        )

    def rows(self, source: int) -> Rows:
        """Return the access rules of one source as rows by class; not to be changed, some are shared."""
        known = self._rows_by_source.get(source)
        if known is None:
            laid_out = self._laid_out
            known = with_grants(laid_out.unconditional(source), laid_out.conditional(source), self.holds)
            self._rows_by_source[source] = known
        return known

    @cached_property
    def _rows_by_class(self) -> dict[int, list[tuple[int, Row]]]:
        active = chain.from_iterable(rules.plain for rules in self._active)
        self._rows_by_source = with_rules(self._laid_out.every, active)
        found: dict[int, list[tuple[int, Row]]] = {}
        for source, rows in self._rows_by_source.items():
            for class_, row in rows.items():
                found.setdefault(class_, []).append((source, row))
        return found

    def rows_of(self, class_: int) -> list[tuple[int, Row]]:
        """Return (source, row) for each source with rules about a class."""
        return self._rows_by_class.get(class_, [])

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

    def packed(self, sources: tuple[int, ...], targets: tuple[int, ...], class_: int) -> int:
        """Return the packed permissions of any of the sources on any of the targets."""
        if not self._laid_out.worthwhile():
            return self._packed_from_rules(sources, targets, class_)
        key = (sources, targets, class_)
        known = self._packed.get(key)
        if known is None:
            known = 0
            for row in self._rows_about(sources, class_):
                for target in targets:
                    if target in row:
                        known |= row[target]
            self._packed.put(key, known)
        return known

    def _rows_about(self, sources: tuple[int, ...], class_: int) -> list[Row]:
        key = (sources, class_)
        known = self._about.get(key)
        if known is None:
            rows = (self.rows(source).get(class_) for source in sources)
            known = self._about.put(key, [row for row in rows if row])
        return known

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
