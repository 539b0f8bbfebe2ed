"""Which interface of the reference policy answers a gap, and what else it would open.

An interface fits where every rule that it gives for certain can be weighed by the host's policy, and where
these alone allow all that was refused. Of those that fit the narrowest counts: one that opens only more of
the same before one that opens something else, then the fewest rights that the domain does not have yet. One
whose rules open anything of the danger list is not proposed. The files may be of another policy than the
host's: an interface that names types, classes or permissions which the host does not have is left out.
Constraints are not weighed in what it opens, so that is rather told too wide.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from hardcheck.facts import Absent
from hardcheck.refpolicy.model import SELF, Given, Grant
from hardcheck.selinux.policy import Policy
from hardcheck.selinux.types import TypeSet
from hardcheck.triage.danger import words_of
from hardcheck.triage.model import Interface
from hardcheck.triage.openings import New, Openings, count_rights
from hardcheck.triage.selinux_case import SelinuxCase
from hardcheck.triage.world import World

_MOST_TRIED = 12
_MOST_NEW = 200
"""New rights from which on an interface is no answer to a gap any more."""
_KINDS = (
    words_of(("@read",)),
    words_of(("@execute",)),
    frozenset({"write", "append"}),
    frozenset({"relabelto", "relabelfrom"}),
    words_of(("@write",)) - {"write", "append", "relabelto", "relabelfrom"},
)
"""Permissions that are of one kind: who may create may rename and remove too, but not write or read."""
_WAY = {"dir": frozenset({"getattr", "search", "open"}), "lnk_file": frozenset({"getattr", "read"})}
"""What leads to an object without showing it: folders passed through, links followed."""

_FOLDERS = 6
"""Types of folders that a path may lead through."""

NOT_AT_HAND = (
    "A raw rule: no interface files were at hand, so that no interface of the reference policy can be "
    "proposed. Give the folder of selinux-policy-dev or selinux-policy-devel with --refpolicy."
)
NONE_FITS = (
    "A raw rule: no interface of the reference policy gives this to a domain without opening much else, or "
    "what must not be open."
)


def why_none(world: World) -> str:
    """Why a gap is answered by a raw rule alone."""
    if isinstance(world.interfaces, Absent):
        return NOT_AT_HAND
    faults = world.interfaces.library.faults
    return f"{NONE_FITS} {len(faults)} of the files could not be read: {faults[0]}" if faults else NONE_FITS


class Fitting(msgspec.Struct, frozen=True):
    """An interface that covers the gap: its rights by class and permission, those that would be new, and
    whether these are only more of the same."""

    given: Given
    rights: New
    new: New
    close: bool

    @property
    def order(self) -> tuple[bool, int, int, str]:
        """The narrowest first."""
        return not self.close, count_rights(self.new), count_rights(self.rights), self.given.name


def interface_for(
    case: SelinuxCase, openings: Openings, target: str, refused: tuple[str, ...]
) -> Interface | None:
    """The narrowest interface that gives the refused permissions on a type; None where none does without
    opening anything of the danger list."""
    found = sorted(_fitting(case, openings, target, refused), key=lambda one: one.order)
    for one in found[:_MOST_TRIED]:
        if count_rights(one.new) > _MOST_NEW:
            continue
        opens = openings.told(case.source_context, one.new)
        if opens.dangers:
            continue
        call = f"{one.given.name}({case.group.source})"
        return Interface(call, one.given.where, one.close, _why(one, target), opens)
    return None


def _fitting(
    case: SelinuxCase, openings: Openings, target: str, refused: tuple[str, ...]
) -> Iterator[Fitting]:
    policy, interfaces, class_ = case.policy, case.world.interfaces, case.class_
    value = policy.names.types.get(target)
    if isinstance(interfaces, Absent) or class_ is None or value is None or value == case.source_context.type:
        return
    names = policy.names
    wanted = {name for name, number in names.types.items() if number == value}
    wanted |= {names.type_name(attribute) for attribute in policy.decider.attributes(value)}
    asked = (class_.name, value, frozenset(refused))
    for given in interfaces.about(wanted):
        if not _speaks_of(given, wanted, class_.name, refused):
            continue
        sure = _rights(policy, case.source_context.type, given, sure=True)
        if sure is None or not given.needs <= names.types.keys():
            continue
        if all(sure.get(class_.name, {}).get(name, 0) >> (value - 1) & 1 for name in refused):
            rights = _rights(policy, case.source_context.type, given, sure=False) or {}
            new = openings.beyond(case.source_context, rights, asked)
            yield Fitting(given, rights, new, _is_close(case, target, refused, new))


def _speaks_of(given: Given, names: set[str], class_: str, refused: tuple[str, ...]) -> bool:
    """Whether its rules name all that was refused: most do not, and this is quickly seen."""
    missing = set(refused)
    for grant in given.grants:
        if grant.sure and class_ in grant.classes and not names.isdisjoint(grant.targets):
            missing.difference_update(grant.permissions)
    return not missing


def _rights(policy: Policy, source: int, given: Given, *, sure: bool) -> New | None:
    """The rights that an interface gives for certain, None where one cannot be weighed; or all that it may
    give, what this policy does not have left out."""
    found: New = {}
    for grant in given.grants:
        if sure and not grant.sure:
            continue
        types = _types(policy, source, grant)
        if sure and types is None:
            return None
        for name in grant.classes:
            class_ = policy.names.classes.get(name)
            its = found.setdefault(name, {})
            for permission in grant.permissions:
                if class_ is not None and permission in class_.masks:
                    its[permission] = its.get(permission, 0) | (types or 0)
                elif sure and len(grant.classes) == 1:
                    return None
    return found


def _types(policy: Policy, source: int, grant: Grant) -> TypeSet | None:
    """The types that a rule is about; None where the policy does not know one of its names."""
    own = 1 << (source - 1)
    known = policy.names.types
    if any(name != SELF and name not in known for name in (*grant.targets, *grant.without)):
        return None
    types = 0
    for name in grant.targets:
        types |= own if name == SELF else policy.types.named(name)
    for name in grant.without:
        types &= ~policy.types.named(name)
    return types


def _is_close(case: SelinuxCase, target: str, refused: tuple[str, ...], new: New) -> bool:
    """Whether all that is new is the way to the object, or on the same type and of the kinds that were
    refused: who may read may lock too, and not write."""
    own = 1 << (case.policy.names.types[target] - 1)
    others = [kind for kind in _KINDS if kind.isdisjoint(refused)]
    return all(
        (permission in _WAY.get(class_, frozenset()) and types.bit_count() <= _FOLDERS)
        or (class_ == case.group.class_ and types == own and not any(permission in kind for kind in others))
        for class_, its in new.items()
        for permission, types in its.items()
    )


def _why(one: Fitting, target: str) -> str:
    if not one.new:
        return "the interface is preferred: it gives what was refused and nothing else that is new"
    if one.close:
        return (
            f"the interface is preferred: beside it opens only more of the same on {target} and the way there"
        )
    return f"the raw rule is preferred: the interface opens {count_rights(one.new)} other rights beside"
