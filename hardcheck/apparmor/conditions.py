"""Whether the condition of an ``if`` holds, given the variables (apparmor.d(5), "Conditionals")."""

from __future__ import annotations

import re
from operator import ge, gt, le, lt

from hardcheck.apparmor.preamble import variable_name
from hardcheck.apparmor.syntax import Expression
from hardcheck.apparmor.variables import Scope, VariableFault

_INTEGER = re.compile(r"[ \t]*[+-]?(?:0[xX][0-9a-fA-F]+|[0-9]+)")
_ORDERED = {"<": lt, "<=": le, ">": gt, ">=": ge}
_LIMIT = 1 << 63


def holds(condition: Expression, scope: Scope) -> bool:
    """Evaluate a condition.

    Raises:
        VariableFault: an undeclared variable, a word that is no truth, numbers against text.
    """
    operator, operands = condition.operator, condition.operands
    if operator in ("and", "or", "not"):
        truths = [holds(operand, scope) for operand in operands if isinstance(operand, Expression)]
        if operator == "not":
            return not truths[0]
        return all(truths) if operator == "and" else any(truths)
    words = [operand for operand in operands if isinstance(operand, str)]
    if operator == "bool":
        truth = scope.truth(variable_name(words[0]))
        if truth is None:
            raise VariableFault(f"{words[0]} is not declared")
        return truth
    if operator == "defined":
        name = variable_name(words[0])
        return scope.values(name) is not None if words[0][0] == "@" else scope.truth(name) is not None
    if operator == "word":
        if words[0].lower() not in ("true", "false"):
            raise VariableFault(f"'{words[0]}' is neither true nor false")
        return words[0].lower() == "true"
    return _compare(operator, _members(words[0], scope), _members(words[1], scope))


def _members(word: str, scope: Scope) -> frozenset[str]:
    if not word.startswith("@"):
        return frozenset((word,))
    name = variable_name(word)
    if scope.values(name) is None:
        raise VariableFault(f"{word} is not declared as a set")
    return scope.members(name)


def _compare(operator: str, left: frozenset[str], right: frozenset[str]) -> bool:
    if operator == "==":
        return left == right
    if operator == "!=":
        return left != right
    if operator == "in":
        return left <= right
    left_number, right_number = _number(left), _number(right)
    if left_number is None and right_number is None:
        return bool(_ORDERED[operator](sorted(left), sorted(right)))
    if left_number is None or right_number is None:
        raise VariableFault("a number can only be compared with a number")
    return bool(_ORDERED[operator](left_number, right_number))


def _number(members: frozenset[str]) -> int | None:
    if len(members) != 1:
        return None
    (text,) = members
    if not _INTEGER.fullmatch(text):
        return None
    digits = text.strip().lower().lstrip("+-")
    if len(digits) > 25:
        raise VariableFault("a number out of range")
    if digits.startswith("0x"):
        value = int(digits, 16)
    elif digits.startswith("0"):
        if set(digits) - set("01234567"):
            return None
        value = int(digits, 8)
    else:
        value = int(digits)
    if value >= _LIMIT:
        raise VariableFault("a number out of range")
    return -value if text.strip().startswith("-") else value
