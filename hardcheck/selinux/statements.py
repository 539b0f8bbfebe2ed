"""Rules of a policy in the policy language, as their author or sesearch would write them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from hardcheck.selinux.avtab import ExtendedForm, ExtendedRule, RuleKind, parts_of
from hardcheck.selinux.conditional import BoolOperator, Conditional
from hardcheck.selinux.constraints import (
    Constraint,
    ConstraintNode,
    NodeKind,
    Operand,
    Operator,
    WrittenNames,
)
from hardcheck.selinux.ebitmap import values_of
from hardcheck.selinux.names import ClassNames, Names

_KEYWORDS = {
    RuleKind.ALLOW: "allow",
    RuleKind.AUDITALLOW: "auditallow",
    RuleKind.DONTAUDIT: "dontaudit",
    RuleKind.TYPE_TRANSITION: "type_transition",
    RuleKind.TYPE_MEMBER: "type_member",
    RuleKind.TYPE_CHANGE: "type_change",
    RuleKind.ALLOWXPERM: "allowxperm",
    RuleKind.AUDITALLOWXPERM: "auditallowxperm",
    RuleKind.DONTAUDITXPERM: "dontauditxperm",
}
_BOOLEAN_SIGNS = {
    BoolOperator.OR: "||",
    BoolOperator.AND: "&&",
    BoolOperator.XOR: "^",
    BoolOperator.EQUAL: "==",
    BoolOperator.DIFFERENT: "!=",
}
_SIGNS = {
    Operator.EQUAL: "==",
    Operator.DIFFERENT: "!=",
    Operator.DOMINATES: "dom",
    Operator.DOMINATED: "domby",
    Operator.INCOMPARABLE: "incomp",
}
_PAIRS = {
    Operand.USER: ("u1", "u2"),
    Operand.ROLE: ("r1", "r2"),
    Operand.TYPE: ("t1", "t2"),
    Operand.LOW_LOW: ("l1", "l2"),
    Operand.LOW_HIGH: ("l1", "h2"),
    Operand.HIGH_LOW: ("h1", "l2"),
    Operand.HIGH_HIGH: ("h1", "h2"),
    Operand.SOURCE_RANGE: ("l1", "h1"),
    Operand.TARGET_RANGE: ("l2", "h2"),
}
_LETTERS = {Operand.USER: "u", Operand.ROLE: "r", Operand.TYPE: "t"}
# More names than this in a set without an attribute are not read by anybody.
_MOST_NAMES = 40


class Condition(Struct, frozen=True):
    """The conditional block that a rule stands in, and on which side."""

    block: Conditional
    when: bool


class Statements:
    """Shows rules with the names of one policy."""

    def __init__(self, names: Names) -> None:
        self._names = names

    def rule(self, key: int, data: int) -> str:
        """Return an access or type rule."""
        source, target, class_value, kind = parts_of(key)
        class_ = self._names.classes_by_value[class_value]
        head = self._head(kind, source, target, class_)
        if kind & (RuleKind.TYPE_TRANSITION | RuleKind.TYPE_MEMBER | RuleKind.TYPE_CHANGE):
            return f"{head} {self._names.type_name(data)};"
        mask = ~data if kind == RuleKind.DONTAUDIT else data
        return f"{head} {braced(class_.permissions(mask & 0xFFFFFFFF))};"

    def _head(self, kind: int, source: int, target: int, class_: ClassNames) -> str:
        type_name = self._names.type_name
        return f"{_KEYWORDS[RuleKind(kind)]} {type_name(source)} {type_name(target)}:{class_.name}"

    def extended(self, rule: ExtendedRule) -> str:
        """Return a rule for ioctl commands or netlink messages, its numbers as hex ranges."""
        source, target, class_value, kind = parts_of(rule.key)
        head = self._head(kind, source, target, self._names.classes_by_value[class_value])
        runs = []
        for first, last in _runs(rule.permissions):
            if rule.form is ExtendedForm.IOCTL_DRIVERS:
                low, high = first << 8, last << 8 | 0xFF
            else:
                low, high = rule.driver << 8 | first, rule.driver << 8 | last
            runs.append(f"0x{low:04x}" if low == high else f"0x{low:04x}-0x{high:04x}")
        word = "nlmsg" if rule.form is ExtendedForm.NETLINK_MESSAGES else "ioctl"
        return f"{head} {word} {{ {' '.join(runs)} }};"

    def conditional(self, rule: str, condition: Condition | None, states: Mapping[int, bool]) -> str:
        """Return a rule inside its ``if``, with the states of the booleans as a comment."""
        if condition is None:
            return rule
        text = self.expression(condition.block)
        shown = ", ".join(
            f"{self._names.boolean_names[value]} is {'on' if states[value] else 'off'}"
            for value in sorted(condition.block.booleans)
        )
        test = text if condition.when else f"!({text})"
        return f"if ({test}) {{ {rule} }} # {shown}"

    def expression(self, block: Conditional) -> str:
        """Return the expression of a conditional block; parentheses wherever operators mix."""
        stack: list[tuple[str, str]] = []  # text and its outermost sign
        for operator, boolean in block.expression:
            if operator is BoolOperator.BOOLEAN:
                stack.append((self._names.boolean_names[boolean], ""))
            elif operator is BoolOperator.NOT:
                stack.append((f"!{_nested(stack.pop(), '')}", ""))
            else:
                right, left = stack.pop(), stack.pop()
                sign = _BOOLEAN_SIGNS[operator]
                stack.append((f"{_nested(left, sign)} {sign} {_nested(right, sign)}", sign))
        return stack[0][0]

    def constraint(self, class_: ClassNames, constraint: Constraint, *, third: bool = False) -> str:
        """Return a constraint, or with ``third`` a validatetrans rule, of a class."""
        stack: list[tuple[str, str]] = []
        for node in constraint.nodes:
            if node.kind is NodeKind.NOT:
                stack.append((f"not ({stack.pop()[0]})", ""))
            elif node.kind in (NodeKind.AND, NodeKind.OR):
                right, left = stack.pop(), stack.pop()
                sign = "and" if node.kind is NodeKind.AND else "or"
                stack.append((f"{_nested(left, sign)} {sign} {_nested(right, sign)}", sign))
            else:
                stack.append((self._leaf(node), ""))
        prefix = "mls" if constraint.about_levels else ""
        if third:
            return f"{prefix}validatetrans {class_.name} ({stack[0][0]});"
        permissions = braced(class_.permissions(constraint.permissions))
        return f"{prefix}constrain {class_.name} {permissions} ({stack[0][0]});"

    def _leaf(self, node: ConstraintNode) -> str:
        sign = _SIGNS[Operator(node.operator)]
        if node.kind is NodeKind.ATTRIBUTES:
            left, right = _PAIRS[Operand(node.operand)]
            return f"{left} {sign} {right}"
        side = node.operand & (Operand.TARGET | Operand.THIRD)
        what = Operand(node.operand & ~side)
        number = {0: 1, Operand.TARGET: 2, Operand.THIRD: 3}[side]
        return f"{_LETTERS[what]}{number} {sign} {self._set(node, what)}"

    def _set(self, node: ConstraintNode, what: Operand) -> str:
        tables = {
            Operand.USER: self._names.user_names,
            Operand.ROLE: self._names.role_names,
            Operand.TYPE: self._names.type_names,
        }
        if what is Operand.TYPE and node.written and (node.written.types or node.written.flags):
            return self._written(node.written)
        return _name_set(node.names, tables[what])

    def _written(self, written: WrittenNames) -> str:
        if written.flags & 1:
            return "*"
        text = _name_set(written.types, self._names.type_names, written.excluded)
        return f"~{text}" if written.flags & 2 else text


def braced(names: Iterable[str]) -> str:
    """Return sorted names, in braces unless there is exactly one."""
    ordered = sorted(names)
    return ordered[0] if len(ordered) == 1 else f"{{ {' '.join(ordered)} }}" if ordered else "{ }"


def _name_set(bits: int, table: Mapping[int, str], excluded: int = 0) -> str:
    names = sorted(table.get(value, f"#{value}") for value in values_of(bits))
    names += sorted(f"-{table.get(value, f'#{value}')}" for value in values_of(excluded))
    if len(names) == 1:
        return names[0]
    if len(names) > _MOST_NAMES:
        names = [*names[:_MOST_NAMES], f"... {len(names) - _MOST_NAMES} more"]
    return f"{{ {' '.join(names)} }}"


def _nested(part: tuple[str, str], sign: str) -> str:
    """Return an operand, in parentheses where its own sign differs from the one around it."""
    text, inner = part
    return f"({text})" if inner and inner != sign else text


def _runs(bits: int) -> Iterable[tuple[int, int]]:
    """Yield (first, last) of each run of set bits."""
    position = 0
    while bits:
        skip = (bits & -bits).bit_length() - 1
        bits >>= skip
        position += skip
        length = (~bits & bits + 1).bit_length() - 1
        yield position, position + length - 1
        bits >>= length
        position += length
