"""A compiled rule: its sides, each with a check, and what a report says of it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from hardcheck.engine.outcome import Check
from hardcheck.engine.values import RuleValue
from hardcheck.findings import Framework, Remedy, RuleInfo, Status


class Side(msgspec.Struct, frozen=True):
    """What a rule asks where it applies.

    ``applies`` is a further condition. ``check`` is None for a side on which the rule has nothing
    to ask; ``not_applicable`` then says why. ``letter`` is a benchmark's reading, told apart.
    ``evidence`` are the keys of the evidence behind all of these; ``filled`` says whether the
    remedies have places for this host's items.
    """

    framework: Framework
    check: Check | None
    applies: Check | None = None
    not_applicable: str = ""
    letter: Check | None = None
    letter_note: str = ""
    remedies: tuple[Remedy, ...] = ()
    evidence: tuple[str, ...] = ()
    filled: bool = False


class Rule(msgspec.Struct, frozen=True):
    """One rule. ``sides`` has SELINUX and APPARMOR, or ANY alone; ``neither`` is the status of a host
    without a MAC framework, None for a rule with one side. ``sha256`` is of the file's bytes;
    ``proof`` are the evidence keys that show which framework a host runs. ``values`` are those that a
    profile may set; ``content`` is the file's text where there are any, to compile it anew.
    ``follows`` is the rule that is the cause of a failure when all that fails here fails there.
    """

    info: RuleInfo
    sides: Mapping[Framework, Side]
    neither: Status | None
    file: str
    sha256: str
    proof: tuple[str, ...] = ()
    values: Mapping[str, RuleValue] = {}
    content: bytes = b""
    follows: str = ""

    @property
    def id(self) -> str:
        """The rule's id, which is its file's name."""
        return self.info.id
