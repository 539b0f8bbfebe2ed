"""Constraints of a class: expressions over two contexts (three in validatetrans).

Layout of one: u32 mask of permissions; u32 nodes; then the nodes in reverse Polish order, each
u32 kind, u32 attribute, u32 operator and, for names, ebitmap names and (version 29 up) the set
that the author wrote: ebitmap types, ebitmap excluded types, u32 flags.
The kernel decides by ``names``, which has attributes expanded; the written set is kept to show
the rule as its author knows it.
Source: libsepol policydb.c ``read_cons_helper``; constraint.h.
"""

from __future__ import annotations

import struct
from enum import IntEnum, IntFlag

from msgspec import Struct

from hardcheck.selinux.cursor import Cursor, Writer
from hardcheck.selinux.ebitmap import read_ebitmap, write_ebitmap

WRITTEN_NAMES_VERSION = 29
MAX_DEPTH = 5  # of the evaluation stack, as in the kernel (CEXPR_MAXDEPTH)

_HEAD = struct.Struct("<II")
_NODE = struct.Struct("<III")


class NodeKind(IntEnum):
    """What a node of a constraint expression is."""

    NOT = 1
    AND = 2
    OR = 3
    ATTRIBUTES = 4
    NAMES = 5


class Operator(IntEnum):
    """How two attributes, or an attribute and a set of names, are compared."""

    EQUAL = 1
    DIFFERENT = 2
    DOMINATES = 3
    DOMINATED = 4
    INCOMPARABLE = 5


class Operand(IntFlag):
    """Which attributes of which contexts are compared."""

    USER = 1
    ROLE = 2
    TYPE = 4
    TARGET = 8  # with USER, ROLE, TYPE in a comparison with names: the second context
    THIRD = 16  # the process, in validatetrans
    LOW_LOW = 32
    LOW_HIGH = 64
    HIGH_LOW = 128
    HIGH_HIGH = 256
    SOURCE_RANGE = 512  # the source's low against its high level
    TARGET_RANGE = 1024


_LEVELS = frozenset(
    {
        Operand.LOW_LOW,
        Operand.LOW_HIGH,
        Operand.HIGH_LOW,
        Operand.HIGH_HIGH,
        Operand.SOURCE_RANGE,
        Operand.TARGET_RANGE,
    }
)
_IDENTITIES = frozenset({Operand.USER, Operand.ROLE, Operand.TYPE})
# What a node takes from the evaluation stack, and by how much the stack grows.
_STACK = {
    NodeKind.NOT: (1, 0),
    NodeKind.AND: (2, -1),
    NodeKind.OR: (2, -1),
    NodeKind.ATTRIBUTES: (0, 1),
    NodeKind.NAMES: (0, 1),
}


class WrittenNames(Struct, frozen=True):
    """The set of types as its author wrote it; flag 1 is ``*``, flag 2 is ``~``."""

    types: int
    excluded: int
    flags: int


class ConstraintNode(Struct, frozen=True):
    """One node; ``names`` is 0 and ``written`` None where the kind is not NAMES."""

    kind: NodeKind
    operand: int
    operator: int
    names: int = 0
    written: WrittenNames | None = None

    @property
    def about_levels(self) -> bool:
        """Whether the node compares levels, which makes its rule an MLS rule."""
        return self.kind is NodeKind.ATTRIBUTES and self.operand in _LEVELS


class Constraint(Struct, frozen=True):
    """The permissions that need the expression to hold; no permission at all in validatetrans."""

    permissions: int
    nodes: tuple[ConstraintNode, ...]

    @property
    def about_levels(self) -> bool:
        """Whether policy language calls it ``mlsconstrain`` or ``mlsvalidatetrans``."""
        return any(node.about_levels for node in self.nodes)


def read_constraint(cursor: Cursor, version: int, *, third: bool) -> Constraint:
    """Read one constraint, or with ``third`` one validatetrans rule.

    Raises:
        PolicyError: an unknown kind, operand or operator, an expression that does not end
            with one value or needs a deeper stack than the kernel has, a short file.
    """
    permissions = cursor.u32()
    start = cursor.position
    count = cursor.count(_NODE.size, "expression nodes")
    nodes = []
    depth = 0
    for _ in range(count):
        at = cursor.position
        node = _read_node(cursor, version, third=third)
        operands, change = _STACK[node.kind]
        if depth < operands or depth + change > MAX_DEPTH:
            cursor.fail(f"an expression with 1 to {MAX_DEPTH} values in hand", str(depth), at)
        depth += change
        nodes.append(node)
    if depth != 1:
        cursor.fail("an expression that gives one value", str(depth), start)
    return Constraint(permissions, tuple(nodes))


def _read_node(cursor: Cursor, version: int, *, third: bool) -> ConstraintNode:
    start = cursor.position
    kind, operand, operator = cursor.take(_NODE)
    if kind in (NodeKind.NOT, NodeKind.AND, NodeKind.OR):
        return ConstraintNode(NodeKind(kind), operand, operator)
    if kind == NodeKind.ATTRIBUTES:
        _check_attributes(cursor, operand, operator, start)
        return ConstraintNode(NodeKind.ATTRIBUTES, operand, operator)
    if kind != NodeKind.NAMES:
        cursor.fail("an expression node of kind 1 to 5", str(kind), start)
    side = operand & (Operand.TARGET | Operand.THIRD)
    allowed_sides = (0, Operand.TARGET, Operand.THIRD) if third else (0, Operand.TARGET)
    if operand & ~side not in _IDENTITIES or side not in allowed_sides:
        cursor.fail("the user, role or type of one context", hex(operand), start + 4)
    if operator not in (Operator.EQUAL, Operator.DIFFERENT):
        cursor.fail("a comparison == or != with names", str(operator), start + 8)
    names = read_ebitmap(cursor)
    written = None
    if version >= WRITTEN_NAMES_VERSION:
        written = WrittenNames(read_ebitmap(cursor), read_ebitmap(cursor), cursor.u32())
    return ConstraintNode(NodeKind.NAMES, operand, operator, names, written)


def _check_attributes(cursor: Cursor, operand: int, operator: int, start: int) -> None:
    if operand not in _LEVELS and operand not in _IDENTITIES:
        cursor.fail("one pair of attributes", hex(operand), start + 4)
    ordered = operand in _LEVELS or operand == Operand.ROLE
    if not 1 <= operator <= (Operator.INCOMPARABLE if ordered else Operator.DIFFERENT):
        cursor.fail("an operator that these attributes have", str(operator), start + 8)


def write_constraint(out: Writer, constraint: Constraint) -> None:
    """Write what `read_constraint` reads."""
    out.put(_HEAD, constraint.permissions, len(constraint.nodes))
    for node in constraint.nodes:
        out.put(_NODE, node.kind, node.operand, node.operator)
        if node.kind is NodeKind.NAMES:
            write_ebitmap(out, node.names)
            if node.written is not None:
                write_ebitmap(out, node.written.types)
                write_ebitmap(out, node.written.excluded)
                out.u32(node.written.flags)
