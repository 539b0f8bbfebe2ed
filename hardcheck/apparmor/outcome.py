"""What the rules of one class say of one request."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from hardcheck.apparmor.file_access import FileAccess
from hardcheck.apparmor.permissions import letters_of
from hardcheck.apparmor.syntax import Mode, Rule


class Outcome(msgspec.Struct, frozen=True):
    """``allowed`` by rules; else ``by_deny`` when a deny rule decided, and not just silence.

    ``quiet``: refused without a record; ``audited``: allowed with one; ``asked``: a prompt rule hands
    the question to the user; ``mediated`` False: this class of rules does not hold for the profile, so
    that everything passes; ``always``: refused in complain mode, too; ``leads_to``: the label
    after an exec; ``note`` a sentence to add.
    """

    allowed: bool
    rules: tuple[Rule, ...] = ()
    by_deny: bool = False
    quiet: bool = False
    audited: bool = False
    asked: bool = False
    mediated: bool = True
    always: bool = False
    leads_to: str = ""
    note: str = ""


def judge(rules: Iterable[tuple[Rule, int]], request: int) -> Outcome:
    """Decide a request for permission bits by the rules that match it, each with the bits it mentions.

    Each bit on its own: the highest priority counts, there deny before allow before prompt; all bits
    must be allowed (apparmor_parser ``pri_update_perm``).
    """
    matching = tuple(rules)
    allowed, by_deny, quiet, audited, asked = True, False, False, False, False
    deciding: dict[int, Rule] = {}
    bit = 1
    while bit <= request:
        if request & bit:
            rank, chosen = _highest(matching, bit)
            if not chosen or rank % 4 == 0:  # nothing matched, or only a prompt rule
                allowed = False
                asked = asked or bool(chosen)
            elif rank % 4 == 3:
                allowed, by_deny = False, True
                quiet = quiet or any(not rule.prefix.audit for rule in chosen)
            else:
                audited = audited or any(rule.prefix.audit for rule in chosen)
            deciding.update((id(rule), rule) for rule in chosen)
        bit <<= 1
    rules_shown = tuple(deciding.values())
    if by_deny:
        rules_shown = tuple(rule for rule in rules_shown if rule.prefix.denies)
    return Outcome(
        allowed,
        rules_shown,
        by_deny=by_deny,
        quiet=quiet and by_deny,
        audited=audited and allowed,
        asked=asked and not by_deny,
    )


def _highest(matching: tuple[tuple[Rule, int], ...], bit: int) -> tuple[int, list[Rule]]:
    best, chosen = -(10**9), []
    for rule, bits in matching:
        if not bits & bit:
            continue
        rank = rule.prefix.priority * 4 + {Mode.DENY: 3, Mode.PROMPT: 0}.get(rule.prefix.mode, 1)
        if rank > best:
            best, chosen = rank, [rule]
        elif rank == best:
            chosen.append(rule)
    return best, chosen


UNMEDIATED = Outcome(True, mediated=False)


def file_outcome(access: FileAccess, bits: int) -> Outcome:
    """Return what the file rules say of all of ``bits`` (no EXEC) together."""
    missing = bits & ~access.allowed
    rules = tuple(rule for rule in access.rules if rule.bits & (missing or bits))
    if not missing:
        rules = tuple(rule for rule in rules if not rule.prefix.denies)
        return Outcome(True, rules, audited=bool(bits & access.audited))
    denied = bool(missing & access.denied)
    deciding = tuple(rule for rule in rules if rule.prefix.denies == denied)
    note = "" if denied or not access.rules else f"allowed there: {letters_of(access.allowed) or 'nothing'}"
    return Outcome(
        False,
        deciding if denied else (),
        by_deny=denied,
        quiet=not missing & ~access.quiet,
        asked=bool(missing & access.asked),
        note=note,
    )
