"""How the items of a list are named in a finding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hardcheck.engine import fact_types
from hardcheck.engine.outcome import Item, Show
from hardcheck.engine.paths import Entry, EntryType, FactsRoot, ItemRoot, Path
from hardcheck.engine.wording import cut, default_name, item_text, value_text
from hardcheck.engine.yaml_source import Value
from hardcheck.facts import Absent


def compile_show(at: Value | None, root: ItemRoot) -> Show:
    """How an item is named: its first field is what a remedy acts on, the others are told beside it."""
    if at is None:
        return _named_by_default
    names = at.items() if isinstance(at.data, list) else [at]
    paths = [root.resolve(name) for name in names]
    if not paths:
        raise at.fault("a field or a list of fields")
    reads = tuple(path.read for path in paths)
    beside = ", ".join(path.shown.replace("%", "%%") + " %s" for path in paths[1:])
    form = f"%s ({beside})" if beside else "%s"

    def show(item: Any) -> Item:
        values = [read(item) for read in reads]
        lead = values[0]
        name = "" if isinstance(lead, Absent) else str(lead)
        return Item(name, cut(form % tuple(map(value_text, values)), 300))

    return show


def compile_naming(
    list_at: Value, at: Value | None, root: ItemRoot, *, of_facts: bool
) -> Callable[[Any], Show]:
    """How the items of a list are named, from what the check reads. ``of_facts``: the list is a fact or part
    of one, so that the names of its items are kept for the other checks that name them alike."""
    show = compile_show(at, root)
    if not of_facts:
        return lambda _: show
    key = ("show", list_at.text(), repr(at.plain() if at is not None else None))
    return lambda facts: facts.shared(key, _once, show)


def _once(show: Show) -> Show:
    """The same for the items of one list, which outlive it; each is named once."""
    known: dict[int, Item] = {}

    def again(item: Any) -> Item:
        place = id(item)
        named = known.get(place)
        if named is None:
            named = known[place] = show(item)
        return named

    return again


def compile_leaf_show(at: Value | None, path: Path, root: FactsRoot) -> Show:
    """How the elements of a fact that is a list are named."""
    if at is None:
        return _named_by_default
    return compile_show(at, element_root(at, path, root.specs[path.fact].evidence))


def _named_by_default(item: Any) -> Item:
    if isinstance(item, Entry):
        return Item(str(item.key), value_text(item.key, 300))
    lead = default_name(item)
    return Item("" if isinstance(lead, Absent) else str(lead), item_text(item, 300))


def element_root(at: Value, path: Path, evidence: tuple[str, ...]) -> ItemRoot:
    """Where the fields of a list's items are looked up. Raises ConfigError: the path leads to no list."""
    return ItemRoot(_element(at, path), evidence)


def _element(at: Value, path: Path) -> Any:
    """The type of the items that a path leads to."""
    found: list[Any] = []
    for part in fact_types.alternatives(path.type):
        pair = fact_types.mapping_of(part)
        if pair is not None:
            return EntryType(*pair)
        element = Any if part is Any else fact_types.element_of(part)
        if element is None:
            raise at.fault("a path to a list", f"{at.data} ({fact_types.name_of(part)})")
        found.append(element)
    return fact_types.union(found)
