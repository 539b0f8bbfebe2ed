"""The single rules behind an answer, conditional ones with their block, found by key or by search."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cached_property
from itertools import chain

from msgspec import Struct

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
from hardcheck.selinux.rows import ACCESS_KINDS_END, LaidOut, pack_wanted
from hardcheck.selinux.statements import Condition, Statements

_WITHOUT_ENABLED = ~(ENABLED << KIND_SHIFT)
_VECTOR = 0xFFFFFFFF


class FoundRule(Struct, frozen=True):
    """A rule by its key (without the ENABLED bit); ``condition`` is None for an unconditional one."""

    key: int
    data: int
    condition: Condition | None = None
    extended: ExtendedRule | None = None

    @property
    def permissions(self) -> int:
        """The permissions it names; dontaudit rules store the others."""
        inverted = self.key >> KIND_SHIFT == RuleKind.DONTAUDIT
        return ~self.data & _VECTOR if inverted else self.data

    def text(self, statements: Statements) -> str:
        """Return the rule in the policy language, without its condition."""
        if self.extended is not None:
            return statements.extended(self.extended)
        return statements.rule(self.key, self.data)


class RuleIndex:
    """Finds rules by key, the conditional ones too; a search looks through all of them."""

    def __init__(self, policydb: PolicyDb, laid_out: LaidOut) -> None:
        self._policydb = policydb
        self._laid_out = laid_out

    def at(
        self,
        sources: tuple[int, ...],
        targets: Collection[int],
        class_: int,
        kind: RuleKind,
        permissions: int = _VECTOR,
    ) -> Iterator[FoundRule]:
        """Yield the access or type rules of one kind for any of these sources and targets; of access rules
        those that name one of the permissions."""
        plain = self._policydb.rules.plain
        if kind > RuleKind.DONTAUDIT or not self._laid_out.worthwhile():
            keys = [key_of(source, target, class_, kind) for source in sources for target in targets]
            found = chain(
                (FoundRule(key, plain[key]) for key in keys if key in plain),
                *(self._conditional.get(key, ()) for key in keys if kind > RuleKind.DONTAUDIT),
                self._walk_conditional(frozenset(keys)) if kind <= RuleKind.DONTAUDIT else (),
            )
            yield from (rule for rule in found if kind > RuleKind.DONTAUDIT or rule.permissions & permissions)
            return
        for source, target in self._laid_out.pairs(sources, targets, class_, pack_wanted(kind, permissions)):
            key = key_of(source, target, class_, int(kind))
            if key in plain:
                yield FoundRule(key, plain[key])
        for source, target, (block, when, of_kind, data) in self._laid_out.grants(sources, targets, class_):
            if of_kind == kind and (~data if kind == RuleKind.DONTAUDIT else data) & permissions:
                condition = Condition(self._policydb.conditionals[block], when)
                yield FoundRule(key_of(source, target, class_, of_kind), data, condition)

    @cached_property
    def _conditional(self) -> dict[int, list[FoundRule]]:
        """The conditional rules by key, but for the access rules, of which there are tens of thousands."""
        found: dict[int, list[FoundRule]] = {}
        for block in self._policydb.conditionals:
            for when, rules in ((True, block.when_true), (False, block.when_false)):
                condition = Condition(block, when)
                for key, data in rules.plain:
                    key &= _WITHOUT_ENABLED
                    if key >= ACCESS_KINDS_END:
                        found.setdefault(key, []).append(FoundRule(key, data, condition))
                for extended in rules.extended:
                    key = extended.key & _WITHOUT_ENABLED
                    found.setdefault(key, []).append(FoundRule(key, 0, condition, extended))
        return found

    def _walk_conditional(self, keys: frozenset[int] | None = None) -> Iterator[FoundRule]:
        """Yield the conditional rules with some keys (None: all), in file order."""
        for block in self._policydb.conditionals:
            for when, rules in ((True, block.when_true), (False, block.when_false)):
                condition = Condition(block, when)
                for key, data in rules.plain:
                    if keys is None or key & _WITHOUT_ENABLED in keys:
                        yield FoundRule(key & _WITHOUT_ENABLED, data, condition)
                for extended in rules.extended:
                    if keys is None or extended.key & _WITHOUT_ENABLED in keys:
                        yield FoundRule(extended.key & _WITHOUT_ENABLED, 0, condition, extended)

    def walk(self) -> Iterator[FoundRule]:
        """Yield every rule: unconditional, extended, then the conditional blocks in file order."""
        for key, data in self._policydb.rules.plain.items():
            yield FoundRule(key, data)
        for extended in self._policydb.rules.extended:
            yield FoundRule(extended.key, 0, None, extended)
        yield from self._walk_conditional()

    def search(
        self,
        kinds: Collection[RuleKind],
        sources: Collection[int] | None = None,
        targets: Collection[int] | None = None,
        classes: Collection[int] | None = None,
        permissions: int = _VECTOR,
    ) -> Iterator[FoundRule]:
        """Yield rules of some kinds whose parts are in the given sets (None: any).

        Sets are of values as rules have them: for "any rule about httpd_t" give the type's
        attributes and itself. ``permissions`` selects access rules that name one of them.
        """
        chosen = {int(kind) for kind in kinds}
        rules = self._policydb.rules
        for key, data in rules.plain.items():
            if key >> KIND_SHIFT in chosen and _fits(key, sources, targets, classes):
                found = FoundRule(key, data)
                if key >> KIND_SHIFT > RuleKind.DONTAUDIT or found.permissions & permissions:
                    yield found
        for extended in rules.extended:
            if extended.key >> KIND_SHIFT in chosen and _fits(extended.key, sources, targets, classes):
                yield FoundRule(extended.key, 0, None, extended)
        for found in self._walk_conditional():
            kind = found.key >> KIND_SHIFT
            if (
                kind in chosen
                and _fits(found.key, sources, targets, classes)
                and (kind > RuleKind.DONTAUDIT or found.permissions & permissions)
            ):
                yield found


def _fits(
    key: int,
    sources: Collection[int] | None,
    targets: Collection[int] | None,
    classes: Collection[int] | None,
) -> bool:
    return (
        (sources is None or key & FIELD in sources)
        and (targets is None or key >> TARGET_SHIFT & FIELD in targets)
        and (classes is None or key >> CLASS_SHIFT & FIELD in classes)
    )
