"""The closed table of operators: what each may be given, how it decides, and how it reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from operator import eq, is_
from typing import Any

import msgspec

from hardcheck.engine import fact_types
from hardcheck.engine.kleene import Truth
from hardcheck.engine.paths import items_of
from hardcheck.engine.wording import listed, value_text
from hardcheck.engine.yaml_source import Value, near
from hardcheck.facts import Absent, Reason

Test = Callable[[Any], Truth]


class Operator(msgspec.Struct, frozen=True):
    """``build`` checks the operand against the type of the value and gives the test and how it
    reads (``is enforcing``). ``sees_absence``: the test is asked about an Absent too. ``offenders``
    lists, for a list that failed the test, the members that are at fault."""

    build: Callable[[Value, Any], tuple[Test, str]]
    sees_absence: bool = False
    offenders: Callable[[Any, Any], Sequence[Any]] | None = None


def _literal(at: Value, type_: Any) -> Any:
    """A scalar operand that a value of this type can equal."""
    if not isinstance(at.data, str | int | float | bool):
        raise at.fault(fact_types.name_of(type_))
    parts = fact_types.alternatives(type_)
    if not any(fact_types.takes(part, at.data) for part in parts):
        hint = " (in quotes)" if str in parts and not isinstance(at.data, str) else ""
        words = [str(word) for part in parts for word in fact_types.words_of(part) or ()]
        found = ""
        if words and isinstance(at.data, str):
            found = near(at.data, words)
        raise at.fault(fact_types.name_of(type_) + hint, found)
    return at.data


def _literals(at: Value, type_: Any) -> tuple[Any, ...]:
    found = tuple(_literal(element, type_) for element in at.items("a list of values"))
    if not found:
        raise at.fault("a list that is not empty")
    return found


def _whole(at: Value, type_: Any) -> Any:
    """An operand for equality: a scalar, or a list where the value is one."""
    if isinstance(at.data, list):
        for part in fact_types.alternatives(type_):
            element = fact_types.element_of(part)
            if element is not None:
                return [_literal(each, element) for each in at.data]
    return _literal(at, type_)


def _same(value: Any, operand: Any) -> bool:
    if isinstance(operand, list):
        if isinstance(value, frozenset | set):
            return bool(value == set(operand))
        return isinstance(value, list | tuple) and list(value) == operand
    if isinstance(value, bool) != isinstance(operand, bool):
        return False
    return bool(value == operand)


def _same_as(operand: Any) -> Callable[[Any], bool]:
    """`_same` for one operand; text and truth, which most are, need no look at kinds."""
    if isinstance(operand, str):
        return partial(eq, operand)
    if isinstance(operand, bool):
        return partial(is_, operand)
    return lambda value: _same(value, operand)


def _one_of(operands: tuple[Any, ...]) -> Callable[[Any], bool]:
    """Whether a value is the `_same` as one of these; words are looked up at once."""
    if all(isinstance(operand, str) for operand in operands):
        words = frozenset(operands)
        return lambda value: isinstance(value, str) and value in words
    return lambda value: any(_same(value, operand) for operand in operands)


def _equals(at: Value, type_: Any) -> tuple[Test, str]:
    operand = _whole(at, type_)
    return _same_as(operand), f"is {value_text(operand)}"


def _not_equals(at: Value, type_: Any) -> tuple[Test, str]:
    operand = _whole(at, type_)
    same = _same_as(operand)
    return lambda value: not same(value), f"is not {value_text(operand)}"


def _in(at: Value, type_: Any) -> tuple[Test, str]:
    operands = _literals(at, type_)
    words = " or ".join(value_text(operand) for operand in operands)
    return _one_of(operands), f"is {words}"


def _not_in(at: Value, type_: Any) -> tuple[Test, str]:
    operands = _literals(at, type_)
    words = " nor ".join(value_text(operand) for operand in operands)
    known = _one_of(operands)
    return lambda value: not known(value), f"is neither {words}"


def _ordering(words: str, compare: Callable[[Any, Any], bool]) -> Callable[[Value, Any], tuple[Test, str]]:
    """Orders numbers, and text that is a whole number, as sysctl and sshd print theirs."""

    def build(at: Value, type_: Any) -> tuple[Test, str]:
        bound = at.data
        if isinstance(bound, bool) or not isinstance(bound, int | float):
            raise at.fault("a number")
        parts = fact_types.alternatives(type_)
        if not any(part in (int, float, str, Any) for part in parts):
            raise at.fault(f"an operator for {fact_types.name_of(type_)}", "one that orders numbers")

        def test(value: Any) -> Truth:
            number = _number(value)
            return number if isinstance(number, Absent) else compare(number, bound)

        return test, f"is {words} {bound}"

    return build


_WHOLE = re.compile(r"-?[0-9]{1,30}", re.ASCII)


def _number(value: Any) -> int | float | Absent:
    if isinstance(value, str):
        text = value.strip()
        if _WHOLE.fullmatch(text):
            return int(text)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return Absent(Reason.UNPARSABLE, (), f"{value_text(value)} is no number")


def _pattern(at: Value, type_: Any) -> re.Pattern[str]:
    _needs_text(at, type_)
    try:
        return re.compile(at.text("a regular expression"))
    except (re.error, OverflowError, RecursionError) as error:
        raise at.fault("a regular expression", f"{at.shown()} ({error})") from error


def _needs_text(at: Value, type_: Any) -> None:
    for part in fact_types.alternatives(type_):
        texts = part is Any or part is str or (isinstance(part, type) and issubclass(part, str))
        if not texts and fact_types.words_of(part) is None:
            raise at.fault("an operator for " + fact_types.name_of(type_), "one for text")


def _matches(at: Value, type_: Any) -> tuple[Test, str]:
    pattern = _pattern(at, type_)
    return lambda value: pattern.fullmatch(str(value)) is not None, f"matches {pattern.pattern}"


def _not_matches(at: Value, type_: Any) -> tuple[Test, str]:
    pattern = _pattern(at, type_)
    return lambda value: pattern.fullmatch(str(value)) is None, f"does not match {pattern.pattern}"


def _starts_with(at: Value, type_: Any) -> tuple[Test, str]:
    _needs_text(at, type_)
    prefix = at.text()
    return lambda value: str(value).startswith(prefix), f"starts with {value_text(prefix)}"


def _member_type(at: Value, type_: Any) -> Any:
    """Type of what a value of this type can contain: elements, keys, or parts of a text."""
    found: list[Any] = []
    for part in fact_types.alternatives(type_):
        pair = fact_types.mapping_of(part)
        element = pair[0] if pair is not None else fact_types.element_of(part)
        if element is None and (part is str or part is Any):
            element = part
        if element is None:
            raise at.fault("an operator for " + fact_types.name_of(type_), "one for lists and text")
        found.append(element)
    return fact_types.union(found)


def _contains(at: Value, type_: Any) -> tuple[Test, str]:
    operand = _literal(at, _member_type(at, type_))
    return lambda value: operand in value, f"contains {value_text(operand)}"


def _contains_all(at: Value, type_: Any) -> tuple[Test, str]:
    operands = _literals(at, _member_type(at, type_))
    words = listed((value_text(operand) for operand in operands), len(operands))
    return lambda value: all(operand in value for operand in operands), f"contains all of {words}"


def _contains_none(at: Value, type_: Any) -> tuple[Test, str]:
    operands = _literals(at, _member_type(at, type_))
    words = listed((value_text(operand) for operand in operands), len(operands))
    return lambda value: not any(operand in value for operand in operands), f"contains none of {words}"


def _empty(at: Value, type_: Any) -> tuple[Test, str]:
    wanted = at.flag()
    for part in fact_types.alternatives(type_):
        sized = part is Any or part is str or fact_types.mapping_of(part) or fact_types.element_of(part)
        if not sized:
            raise at.fault("an operator for " + fact_types.name_of(type_), "one for lists and text")
    return lambda value: (len(value) == 0) is wanted, "is empty" if wanted else "is not empty"


def _present(at: Value, type_: Any) -> tuple[Test, str]:
    """Being there: only Absent(NOT_PRESENT) proves that it is not."""
    wanted = at.flag()

    def test(value: Any) -> Truth:
        if not isinstance(value, Absent):
            return wanted
        return not wanted if value.reason is Reason.NOT_PRESENT else value

    return test, "is present" if wanted else "is not present"


def _members(value: Any, _: Any) -> Sequence[Any]:
    """The members of a list that should be empty; none for a text or one that should not be."""
    return [] if isinstance(value, str) or not value else items_of(value)


def _unwelcome(value: Any, operand: Any) -> Sequence[Any]:
    return [each for each in operand if each in value]


def _missing(value: Any, operand: Any) -> Sequence[Any]:
    return [each for each in operand if each not in value]


OPERATORS: Mapping[str, Operator] = {
    "equals": Operator(_equals),
    "not_equals": Operator(_not_equals),
    "in": Operator(_in),
    "not_in": Operator(_not_in),
    "at_least": Operator(_ordering("at least", lambda value, bound: value >= bound)),
    "at_most": Operator(_ordering("at most", lambda value, bound: value <= bound)),
    "less_than": Operator(_ordering("less than", lambda value, bound: value < bound)),
    "greater_than": Operator(_ordering("greater than", lambda value, bound: value > bound)),
    "matches": Operator(_matches),
    "not_matches": Operator(_not_matches),
    "contains": Operator(_contains),
    "contains_all": Operator(_contains_all, offenders=_missing),
    "contains_none": Operator(_contains_none, offenders=_unwelcome),
    "starts_with": Operator(_starts_with),
    "empty": Operator(_empty, offenders=_members),
    "present": Operator(_present, sees_absence=True),
}


def operator_of(at: Value, entries: Mapping[str, Value], besides: Collection[str]) -> str:
    """The one operator among the keys of a leaf; ``besides`` are its other keys."""
    rest = [name for name in entries if name not in besides]
    for name in rest:
        if name not in OPERATORS:
            raise entries[name].fault(f"an operator: {', '.join(OPERATORS)}", near(name, OPERATORS))
    if len(rest) != 1:
        raise at.fault("one operator", ", ".join(rest) or "none")
    return rest[0]


def build(name: str, at: Value, type_: Any) -> tuple[Test, str]:
    """The test of operator ``name`` with the operand ``at`` on values of ``type_``.

    The test maps a value to True or False, or an Absent when it is no such value; an Absent goes
    through it unless the operator is about absence. Raises ConfigError.
    """
    operator = OPERATORS[name]
    test, words = operator.build(at, type_)
    if operator.sees_absence:
        return test, words
    return _through(test), words


def build_on(read: Callable[[Any], Any], name: str, at: Value, type_: Any) -> tuple[Test, str]:
    """As `build`, for what ``read`` finds in a larger value; one function, as it runs for every item."""
    operator = OPERATORS[name]
    test, words = operator.build(at, type_)
    if operator.sees_absence:
        return lambda whole: test(read(whole)), words

    def run(whole: Any) -> Truth:
        value = read(whole)
        return value if value.__class__ is Absent else test(value)

    return run, words


def words_sought(name: str, at: Value) -> tuple[str, ...]:
    """The words of which a value has to be one for the operator to hold; empty where it is no such test."""
    sought = [each.data for each in at.data] if name == "in" else [at.data] if name == "equals" else []
    return tuple(sought) if all(isinstance(word, str) for word in sought) else ()


def _through(test: Test) -> Test:
    def pass_absence(value: Any) -> Truth:
        return value if value.__class__ is Absent else test(value)

    return pass_absence
