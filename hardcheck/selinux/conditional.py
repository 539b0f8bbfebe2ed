"""Conditional blocks: rules that hold while an expression over booleans is true, or false.

Layout of a block: u32 state when written; u32 nodes; nodes of u32 operator and u32 boolean in
reverse Polish order; the rules for true; the rules for false.
The stored state is what the writer computed. Answers are computed from the expression, because
the booleans of a running host change without the file being written again.
Source: libsepol conditional.c ``cond_read_node``; policydb/conditional.h.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from enum import IntEnum

from msgspec import Struct

from hardcheck.selinux.avtab import RuleList, UsedValues, read_rule_list, write_rules
from hardcheck.selinux.cursor import Cursor, Writer

MAX_DEPTH = 10  # of the evaluation stack, as in the kernel (COND_EXPR_MAXDEPTH)

_NODE = struct.Struct("<II")
_SMALLEST = 4 + 4 + _NODE.size + 4 + 4


class BoolOperator(IntEnum):
    """An operator of a condition."""

    BOOLEAN = 1
    NOT = 2
    OR = 3
    AND = 4
    XOR = 5
    EQUAL = 6
    DIFFERENT = 7


class Conditional(Struct, frozen=True):
    """One block; ``expression`` holds (operator, value of the boolean or 0)."""

    state: int
    expression: tuple[tuple[BoolOperator, int], ...]
    when_true: RuleList
    when_false: RuleList

    def holds(self, states: Mapping[int, bool]) -> bool:
        """Evaluate the expression with the states of booleans by value."""
        stack: list[bool] = []
        for operator, boolean in self.expression:
            if operator is BoolOperator.BOOLEAN:
                stack.append(states[boolean])
            elif operator is BoolOperator.NOT:
                stack.append(not stack.pop())
            else:
                right, left = stack.pop(), stack.pop()
                stack.append(_combine(operator, left, right))
        return stack[0]

    @property
    def booleans(self) -> frozenset[int]:
        """Values of the booleans in the expression."""
        return frozenset(boolean for operator, boolean in self.expression if operator is BoolOperator.BOOLEAN)


def _combine(operator: BoolOperator, left: bool, right: bool) -> bool:
    if operator is BoolOperator.OR:
        return left or right
    if operator is BoolOperator.AND:
        return left and right
    if operator is BoolOperator.EQUAL:
        return left == right
    return left != right  # XOR and DIFFERENT are the same


def read_conditionals(cursor: Cursor, version: int, used: UsedValues) -> tuple[Conditional, ...]:
    """Read the list of conditional blocks; the values that rules name are added to ``used``.

    Raises:
        PolicyError: an unknown operator, an expression that does not end with one value or
            needs a deeper stack than the kernel has, damaged rules, a short file.
    """
    count = cursor.count(_SMALLEST, "conditional blocks")
    return tuple(_read_conditional(cursor, version, used) for _ in range(count))


def _read_conditional(cursor: Cursor, version: int, used: UsedValues) -> Conditional:
    state = cursor.u32()
    start = cursor.position
    count = cursor.count(_NODE.size, "expression nodes")
    expression = []
    depth = 0
    for _ in range(count):
        at = cursor.position
        operator, boolean = cursor.take(_NODE)
        if not 1 <= operator <= BoolOperator.DIFFERENT:
            cursor.fail("a boolean operator of 1 to 7", str(operator), at)
        operands = 0 if operator == BoolOperator.BOOLEAN else 1 if operator == BoolOperator.NOT else 2
        if depth < operands or depth - operands + 1 > MAX_DEPTH:
            cursor.fail(f"a condition with 1 to {MAX_DEPTH} values in hand", str(depth), at)
        depth += 1 - operands
        expression.append((BoolOperator(operator), boolean))
    if depth != 1:
        cursor.fail("a condition that gives one value", str(depth), start)
    lists = (read_rule_list(cursor, version, used) for _ in range(2))
    return Conditional(state, tuple(expression), *lists)


def write_conditionals(out: Writer, conditionals: tuple[Conditional, ...]) -> None:
    """Write the list of conditional blocks."""
    out.u32(len(conditionals))
    for conditional in conditionals:
        out.u32(conditional.state, len(conditional.expression))
        for node in conditional.expression:
            out.put(_NODE, *node)
        write_rules(out, conditional.when_true)
        write_rules(out, conditional.when_false)
