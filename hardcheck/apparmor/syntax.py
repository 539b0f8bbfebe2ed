"""What the text of a policy file says, before includes, variables and conditions are resolved.

A file becomes a `Unit`: a tuple of items in the order of the text. One include read for a thousand
profiles is one Unit shared by all of them, so nothing here knows which profile it is part of.
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

import msgspec

from hardcheck.apparmor.faults import Fault, SourceText


class Mode(StrEnum):
    """What a rule does with what it matches; empty is allow, unless a block around it says more."""

    UNSPECIFIED = ""
    ALLOW = "allow"
    DENY = "deny"
    PROMPT = "prompt"


class Owner(StrEnum):
    """Whose objects a rule is for: ``owner`` the task's own, ``other`` everybody else's."""

    ANY = ""
    OWNER = "owner"
    OTHER = "other"


class Prefix(msgspec.Struct, frozen=True):
    """The qualifiers before a rule or block. A higher ``priority`` wins (AppArmor 4.1)."""

    priority: int = 0
    audit: bool = False
    mode: Mode = Mode.UNSPECIFIED
    owner: Owner = Owner.ANY

    @property
    def denies(self) -> bool:
        """Whether this is a deny rule."""
        return self.mode is Mode.DENY

    def within(self, outer: Prefix) -> Prefix | str:
        """Return this prefix inside a block with prefix ``outer``; a string is the conflict."""
        if self.mode and outer.mode and self.mode is not outer.mode:
            return f"'{self.mode}' inside a block that says '{outer.mode}'"
        if self.owner and outer.owner and self.owner is not outer.owner:
            return f"'{self.owner}' inside a block that says '{outer.owner}'"
        return Prefix(
            self.priority, self.audit or outer.audit, self.mode or outer.mode, self.owner or outer.owner
        )


NO_PREFIX = Prefix()


class Rule(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One rule as written: from offset ``at`` to ``end`` of ``source``, qualifiers in ``prefix``."""

    source: SourceText
    at: int
    end: int
    prefix: Prefix = NO_PREFIX

    kind: ClassVar[str] = ""

    @property
    def where(self) -> str:
        """``FILE:LINE`` of the rule."""
        return self.source.where(self.at)

    @property
    def text(self) -> str:
        """The rule as it stands in the file, on one line."""
        return " ".join(self.source.text[self.at : self.end].split())

    def __str__(self) -> str:
        return f"{self.where}: {self.text}"


class Run(msgspec.Struct, frozen=True):
    """Rules that stand side by side, by their kind, each list in the order of the text."""

    rules: dict[str, list[Rule]]


class Include(msgspec.Struct, frozen=True):
    """``include <PATH>`` (``magic``: from the base folder) or ``include "PATH"``."""

    path: str
    magic: bool
    if_exists: bool
    at: int


class Abi(msgspec.Struct, frozen=True):
    """``abi <abi/4.0>,``: the features that the author of the file knew."""

    path: str
    magic: bool
    at: int


class Alias(msgspec.Struct, frozen=True):
    """``alias /old/ -> /new/,``"""

    old: str
    new: str
    at: int


class Assignment(msgspec.Struct, frozen=True):
    """``@{NAME} OP VALUES`` with OP one of ``=`` ``+=`` ``?=`` ``:=``."""

    name: str
    operator: str
    values: tuple[str, ...]
    at: int


class Expression(msgspec.Struct, frozen=True):
    """A condition: ``operator`` over ``operands``, which are expressions or words.

    Operators: ``or and not`` over expressions; ``bool`` ``defined`` and ``word`` over one word;
    ``== != in < <= > >=`` over two.
    """

    operator: str
    operands: tuple[Expression | str, ...]
    at: int


class BoolAssignment(msgspec.Struct, frozen=True):
    """``$NAME OP EXPRESSION``."""

    name: str
    operator: str
    value: Expression
    at: int


class Block(msgspec.Struct, frozen=True):
    """``PREFIX { ... }``: the qualifiers apply to every rule inside."""

    prefix: Prefix
    items: tuple[Item, ...]
    at: int


class Conditional(msgspec.Struct, frozen=True):
    """``if`` / ``else if`` / ``else``; the condition of the last branch may be None."""

    branches: tuple[tuple[Expression | None, tuple[Item, ...]], ...]
    at: int


class ProfileHead(msgspec.Struct, frozen=True):
    """What stands before the brace of a profile, child or hat."""

    name: str
    attachment: str
    flags: tuple[tuple[str, int], ...]  # each flag with its place
    xattrs: tuple[tuple[str, str], ...]  # name and pattern; an empty pattern is any value
    keyword: str  # "profile", "hat", or empty


class ProfileBlock(msgspec.Struct, frozen=True):
    """A profile, child profile or hat with its body."""

    head: ProfileHead
    items: tuple[Item, ...]
    at: int


Item = Run | Include | Abi | Alias | Assignment | BoolAssignment | Block | Conditional | ProfileBlock


class Unit(msgspec.Struct, frozen=True):
    """One file as read: what it says, and what is wrong with it."""

    source: SourceText
    items: tuple[Item, ...]
    faults: tuple[Fault, ...]
