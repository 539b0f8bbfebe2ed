"""Constraints put to use: as a test of two contexts, and as a set of types at once.

Source: kernel security/selinux/ss/services.c ``constraint_expr_eval``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hardcheck.selinux.constraints import Constraint, ConstraintNode, NodeKind, Operand, Operator
from hardcheck.selinux.contexts import SecurityContext
from hardcheck.selinux.mls import MlsLevel

Predicate = Callable[[SecurityContext, SecurityContext, SecurityContext | None], bool]
Dominated = Mapping[int, int]  # role -> bitmap of the roles it dominates

_LEVELS: dict[int, Callable[[SecurityContext, SecurityContext], tuple[MlsLevel, MlsLevel]]] = {
    Operand.LOW_LOW: lambda s, t: (s.range.low, t.range.low),
    Operand.LOW_HIGH: lambda s, t: (s.range.low, t.range.high),
    Operand.HIGH_LOW: lambda s, t: (s.range.high, t.range.low),
    Operand.HIGH_HIGH: lambda s, t: (s.range.high, t.range.high),
    Operand.SOURCE_RANGE: lambda s, t: (s.range.low, s.range.high),
    Operand.TARGET_RANGE: lambda s, t: (t.range.low, t.range.high),
}
_LEVEL_TESTS: dict[int, Callable[[MlsLevel, MlsLevel], bool]] = {
    Operator.EQUAL: lambda a, b: a == b,
    Operator.DIFFERENT: lambda a, b: a != b,
    Operator.DOMINATES: lambda a, b: a.dominates(b),
    Operator.DOMINATED: lambda a, b: b.dominates(a),
    Operator.INCOMPARABLE: lambda a, b: not a.dominates(b) and not b.dominates(a),
}
_VALUES: dict[int, Callable[[SecurityContext], int]] = {
    Operand.USER: lambda context: context.user,
    Operand.ROLE: lambda context: context.role,
    Operand.TYPE: lambda context: context.type,
}


def compile_constraint(constraint: Constraint, dominated: Dominated) -> Predicate:
    """Return the test that a constraint makes of source, target and (validatetrans) process."""
    stack: list[Predicate] = []
    for node in constraint.nodes:
        if node.kind is NodeKind.NOT:
            stack.append(_negated(stack.pop()))
        elif node.kind in (NodeKind.AND, NodeKind.OR):
            right, left = stack.pop(), stack.pop()
            stack.append(_both(left, right) if node.kind is NodeKind.AND else _either(left, right))
        else:
            stack.append(_leaf(node, dominated))
    return stack[0]


def _negated(inner: Predicate) -> Predicate:
    return lambda s, t, x: not inner(s, t, x)


def _both(left: Predicate, right: Predicate) -> Predicate:
    return lambda s, t, x: left(s, t, x) and right(s, t, x)


def _either(left: Predicate, right: Predicate) -> Predicate:
    return lambda s, t, x: left(s, t, x) or right(s, t, x)


def _leaf(node: ConstraintNode, dominated: Dominated) -> Predicate:
    if node.kind is NodeKind.NAMES:
        return _names_test(node)
    if node.operand in _LEVELS:
        pick, test = _LEVELS[node.operand], _LEVEL_TESTS[node.operator]
        return lambda s, t, x: test(*pick(s, t))
    value = _VALUES[node.operand]
    if node.operator == Operator.EQUAL:
        return lambda s, t, x: value(s) == value(t)
    if node.operator == Operator.DIFFERENT:
        return lambda s, t, x: value(s) != value(t)
    return _role_test(node.operator, dominated)


def _names_test(node: ConstraintNode) -> Predicate:
    side = node.operand & (Operand.TARGET | Operand.THIRD)
    value = _VALUES[node.operand & ~side]
    names, wanted = node.names << 1, node.operator == Operator.EQUAL
    if side == Operand.TARGET:
        return lambda s, t, x: (names >> value(t) & 1) == wanted
    if side == Operand.THIRD:
        return lambda s, t, x: x is not None and (names >> value(x) & 1) == wanted
    return lambda s, t, x: (names >> value(s) & 1) == wanted


def _role_test(operator: int, dominated: Dominated) -> Predicate:
    def dominates(a: int, b: int) -> bool:
        return bool(dominated.get(a, 0) >> (b - 1) & 1)

    if operator == Operator.DOMINATES:
        return lambda s, t, x: dominates(s.role, t.role)
    if operator == Operator.DOMINATED:
        return lambda s, t, x: dominates(t.role, s.role)
    return lambda s, t, x: not dominates(s.role, t.role) and not dominates(t.role, s.role)


class TypeSetTest:
    """A constraint asked about many types at once.

    One of the two contexts keeps its user, role and range but may have any type; the answer is
    the bitmap of the types for which the constraint holds.
    """

    __slots__ = ("_nodes",)

    def __init__(self, nodes: tuple[ConstraintNode, ...], dominated: Dominated) -> None:
        leaves = (NodeKind.ATTRIBUTES, NodeKind.NAMES)
        self._nodes = [(node, _leaf(node, dominated) if node.kind in leaves else None) for node in nodes]

    def targets(self, source: SecurityContext, target: SecurityContext, universe: int) -> int:
        """Return the target types in ``universe`` for which the constraint holds."""
        return self._evaluate(source, target, universe, Operand.TARGET, source.type)

    def sources(self, source: SecurityContext, target: SecurityContext, universe: int) -> int:
        """Return the source types in ``universe`` for which the constraint holds."""
        return self._evaluate(source, target, universe, 0, target.type)

    def _evaluate(
        self, source: SecurityContext, target: SecurityContext, universe: int, open_side: int, fixed: int
    ) -> int:
        """Walk the expression; ``open_side`` is the side whose type may be any, ``fixed`` the
        type of the other side."""
        stack: list[int] = []
        for node, holds in self._nodes:
            if holds is None:
                last = stack.pop()
                if node.kind is NodeKind.NOT:
                    stack.append(universe & ~last)
                else:
                    stack[-1] = stack[-1] & last if node.kind is NodeKind.AND else stack[-1] | last
            elif node.kind is NodeKind.NAMES and node.operand == Operand.TYPE | open_side:
                stack.append(universe & (node.names if node.operator == Operator.EQUAL else ~node.names))
            elif node.kind is NodeKind.ATTRIBUTES and node.operand == Operand.TYPE:
                same = universe & 1 << (fixed - 1)
                stack.append(same if node.operator == Operator.EQUAL else universe & ~same)
            else:
                stack.append(universe if holds(source, target, None) else 0)
        return stack[0]
