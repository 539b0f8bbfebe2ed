"""A second evaluator, written from docs/rules-format.md alone: slow, plain, and without texts.

Truths are "T", "F" and "U". It reads the YAML of a rule, not the compiled rule, and shares no code
with the engine.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

from hardcheck.facts import Absent, Facts, Reason

LISTS = ("every", "none", "some", "count")
NOT_THERE = Absent(Reason.NOT_PRESENT)


def status(rule: Mapping[str, Any], facts: Facts) -> str:
    """The status that a rule gives."""
    side = rule
    if "selinux" in rule:
        framework = facts["mac.framework"]
        if isinstance(framework, Absent):
            return "unknown"
        if framework == "neither":
            return neither(rule, facts)
        side = rule[framework]
        if "not_applicable" in side:
            return "not_applicable"
    applies = check(side["applies_when"], facts) if "applies_when" in side else "T"
    if applies != "T":
        return {"F": "not_applicable", "U": "unknown"}[applies]
    return {"T": "pass", "F": "fail", "U": "unknown"}[check(side["check"], facts)]


def neither(rule: Mapping[str, Any], facts: Facts) -> str:
    """What a host without a framework gets: no failure where all sides have a condition and none holds."""
    sides = [rule[name] for name in ("selinux", "apparmor") if name in rule]
    if rule["neither"] != "fail" or not all("applies_when" in side for side in sides):
        return str(rule["neither"])
    applies = some(check(side["applies_when"], facts) for side in sides)
    return {"T": "fail", "F": "not_applicable", "U": "unknown"}[applies]


def check(node: Mapping[str, Any], facts: Facts) -> str:
    if "all" in node:
        return every(check(part, facts) for part in node["all"])
    if "any" in node:
        return some(check(part, facts) for part in node["any"])
    if "not" in node:
        return opposite(check(node["not"], facts))
    if "fact" in node:
        (word,) = set(node) - {"fact", "show"}
        return leaf(word, fact_value(node["fact"], facts), node[word])
    return over_list(node, lambda path: fact_value(path, facts))


def over_list(node: Mapping[str, Any], read: Any) -> str:
    kind = next(word for word in LISTS if word in node)
    values = read(node[kind])
    if isinstance(values, Absent):
        return "U"
    items = (
        [{"key": k, "value": v} for k, v in values.items()] if isinstance(values, Mapping) else list(values)
    )
    where = [condition(node["where"], item) if "where" in node else "T" for item in items]
    has = [condition(node["has"], item) if "has" in node else "T" for item in items]
    if kind == "every":
        total = every(some((opposite(w), h)) for w, h in zip(where, has, strict=True))
        if total != "T" or "T" in where:
            return total
        word = node.get("empty", "unknown")
        if "U" in where and word == "fail":
            return "U"
        return {"unknown": "U", "pass": "T", "fail": "F"}[word]
    both = [every(pair) for pair in zip(where, has, strict=True)]
    if kind == "some":
        return some(both)
    if kind == "none":
        return opposite(some(both))
    (bound,) = set(node) & {"at_most", "at_least", "equals"}
    sure, perhaps = both.count("T"), both.count("U")
    results = {
        {"at_most": n <= node[bound], "at_least": n >= node[bound], "equals": n == node[bound]}[bound]
        for n in range(sure, sure + perhaps + 1)
    }
    return "U" if len(results) == 2 else "T" if results == {True} else "F"


def condition(node: Mapping[str, Any], item: Any) -> str:
    if any(word in node for word in LISTS):
        return over_list(node, lambda path: item_value(path, item))
    parts = []
    for name, value in node.items():
        if name == "any":
            parts.append(some(condition(part, item) for part in value))
        elif name == "all":
            parts.append(every(condition(part, item) for part in value))
        elif name == "not":
            parts.append(opposite(condition(value, item)))
        else:
            read = item_value(name, item)
            parts.append(every(leaf(word, read, operand) for word, operand in value.items()))
    return every(parts)


def every(truths: Iterable[str]) -> str:
    seen = set(truths)
    return "F" if "F" in seen else "U" if "U" in seen else "T"


def some(truths: Iterable[str]) -> str:
    seen = set(truths)
    return "T" if "T" in seen else "U" if "U" in seen else "F"


def opposite(truth: str) -> str:
    return {"T": "F", "F": "T", "U": "U"}[truth]


def fact_value(path: str, facts: Facts) -> Any:
    name = max((name for name in facts.names() if re.match(re.escape(name) + r"(?=$|[.\[])", path)), key=len)
    return follow(facts[name], path[len(name) :])


def item_value(path: str, item: Any) -> Any:
    first, rest = re.fullmatch(r"([\w-]+)(.*)", path).groups()  # type: ignore[union-attr]
    return follow(item, rest if first == "item" else f".{path}")


def follow(value: Any, rest: str) -> Any:
    for key, name in re.findall(r"\[([^\]]*)\]|\.([\w-]+)", rest):
        if value is None or isinstance(value, Absent):
            break
        if key:
            found = [part for each, part in value.items() if str(plain(each)) == key]
            value = found[0] if found else NOT_THERE
        else:
            value = (
                value[name] if isinstance(value, dict) and name in ("key", "value") else getattr(value, name)
            )
    return NOT_THERE if value is None else value


def plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


def leaf(word: str, value: Any, operand: Any) -> str:
    if word == "present":
        if isinstance(value, Absent) and value.reason is not Reason.NOT_PRESENT:
            return "U"
        return "T" if operand is not isinstance(value, Absent) else "F"
    if isinstance(value, Absent):
        return "U"
    if word in ("at_least", "at_most", "less_than", "greater_than"):
        if isinstance(value, str):
            if re.fullmatch(r"-?[0-9]{1,30}", value.strip(), re.ASCII) is None:
                return "U"
            value = int(value)
        good = {
            "at_least": value >= operand,
            "at_most": value <= operand,
            "less_than": value < operand,
            "greater_than": value > operand,
        }[word]
    elif word.startswith("not_"):
        return opposite(leaf(word.removeprefix("not_"), value, operand))
    elif word == "contains_none":
        good = not any(part in value for part in operand)
    elif word == "contains_all":
        good = all(part in value for part in operand)
    elif word == "equals" and isinstance(operand, list):
        good = set(value) == set(operand) if isinstance(value, frozenset) else list(value) == operand
    else:
        good = {
            "equals": lambda: same(value, operand),
            "in": lambda: any(same(value, part) for part in operand),
            "matches": lambda: re.fullmatch(operand, str(plain(value))) is not None,
            "starts_with": lambda: str(plain(value)).startswith(operand),
            "contains": lambda: operand in value,
            "empty": lambda: (len(value) == 0) is operand,
        }[word]()
    return "T" if good else "F"


def same(value: Any, operand: Any) -> bool:
    return isinstance(value, bool) is isinstance(operand, bool) and plain(value) == operand
