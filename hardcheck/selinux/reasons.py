"""Why a decision came out as it did: what grants, what would grant, what refuses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hardcheck.selinux.avtab import RuleKind
from hardcheck.selinux.contexts import SecurityContext
from hardcheck.selinux.decision import Decider, Refusal, Taken
from hardcheck.selinux.names import ClassNames, Names
from hardcheck.selinux.rules import FoundRule, RuleIndex
from hardcheck.selinux.statements import Statements, braced

# Rules quoted per sort; the rest is counted. Hundreds can grant one permission.
_MOST_RULES = 12


class Reasons:
    """Puts the grounds of one decision into the policy language."""

    def __init__(self, names: Names, index: RuleIndex, statements: Statements, decider: Decider) -> None:
        self._names = names
        self._index = index
        self._statements = statements
        self._decider = decider

    def grounds(
        self,
        source: SecurityContext,
        target: SecurityContext,
        class_: ClassNames,
        permission: int,
        refusals: tuple[Refusal, ...],
        states: Mapping[int, bool],
    ) -> tuple[str, ...]:
        """Return one line for each ground.

        First the allow rules in force; where one exists, what takes the permission away again.
        Without any, the sentence that no rule allows it and the rules that other booleans would
        bring. Last the auditallow or dontaudit rules that decide about the log.
        """
        allows = list(self._rules(RuleKind.ALLOW, source, target, class_, permission))
        active = [rule for rule in allows if in_force(rule, states)]
        lines = self._texts(active, states)
        if active:
            lines += self.refused(source, target, class_, permission, refusals)
        else:
            lines = [self._no_rule(source, target, class_, permission)]
            lines += [f"not in force: {text}" for text in self._texts(allows, states)]
        denied = not active or any(refusal.permissions & permission for refusal in refusals)
        about_log = RuleKind.DONTAUDIT if denied else RuleKind.AUDITALLOW
        logged = self._rules(about_log, source, target, class_, permission)
        return (*lines, *self._texts([rule for rule in logged if in_force(rule, states)], states))

    def refused(
        self,
        source: SecurityContext,
        target: SecurityContext,
        class_: ClassNames,
        permission: int,
        refusals: tuple[Refusal, ...],
    ) -> tuple[str, ...]:
        """Return one line for each refusal that takes the permission away."""
        taken = (refusal for refusal in refusals if refusal.permissions & permission)
        return tuple(self._refusal(refusal, source, target, class_, permission) for refusal in taken)

    def _rules(
        self,
        kind: RuleKind,
        source: SecurityContext,
        target: SecurityContext,
        class_: ClassNames,
        permission: int,
    ) -> Iterator[FoundRule]:
        attributes = self._decider.attributes
        return self._index.at(
            attributes(source.type), attributes(target.type), class_.value, kind, permission
        )

    def _texts(self, rules: list[FoundRule], states: Mapping[int, bool]) -> list[str]:
        texts = list(
            dict.fromkeys(
                self._statements.conditional(rule.text(self._statements), rule.condition, states)
                for rule in rules
            )
        )
        if len(texts) > _MOST_RULES:
            texts[_MOST_RULES:] = [f"and {len(texts) - _MOST_RULES} more rules"]
        return texts

    def _no_rule(
        self, source: SecurityContext, target: SecurityContext, class_: ClassNames, permission: int
    ) -> str:
        type_name = self._names.type_name
        wanted = braced(class_.permissions(permission))
        pair = f"{type_name(source.type)} {type_name(target.type)}"
        return f"no rule in force: allow {pair}:{class_.name} {wanted};"

    def _refusal(
        self,
        refusal: Refusal,
        source: SecurityContext,
        target: SecurityContext,
        class_: ClassNames,
        permission: int,
    ) -> str:
        if refusal.by is Taken.CONSTRAINT and refusal.constraint is not None:
            return f"refused by {self._statements.constraint(class_, refusal.constraint)}"
        if refusal.by is Taken.ROLE:
            roles = self._names.role_names
            return f"refused: no rule allow {roles[source.role]} {roles[target.role]};"
        bounds = self._names.type_name(refusal.bounds)
        wanted = braced(class_.permissions(permission))
        return (
            f"refused by typebounds {bounds} {self._names.type_name(source.type)}; "
            f"{bounds} itself lacks {class_.name} {wanted}"
        )


def in_force(rule: FoundRule, states: Mapping[int, bool]) -> bool:
    """Whether a rule holds with these states of the booleans."""
    return rule.condition is None or rule.condition.block.holds(states) == rule.condition.when
