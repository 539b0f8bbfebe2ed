"""Execution: whether a program may be executed, and under which label it then runs."""

from __future__ import annotations

from typing import Protocol

from hardcheck.apparmor.answers.peers import STACK
from hardcheck.apparmor.attachment import Attachment
from hardcheck.apparmor.file_access import FileAccess
from hardcheck.apparmor.outcome import Outcome
from hardcheck.apparmor.permissions import EXEC, ExecMode
from hardcheck.apparmor.profile import Profile

UNCONFINED = "unconfined"


class Profiles(Protocol):
    """What an exec needs to know of the other profiles."""

    def attached(self, executable: str, within: Profile | None = None) -> Attachment:
        """Which profile attaches, among the children of ``within`` or the top-level ones."""
        ...

    def exists(self, name: str) -> bool:
        """Whether a profile of this full name is there to go to."""
        ...


def answer_exec(profiles: Profiles, profile: Profile, path: str, access: FileAccess) -> Outcome:
    """May ``profile`` execute ``path``, given what its file rules say of it? `leads_to` is the label.

    (kernel ``profile_transition`` and ``x_to_label``)
    """
    rules = tuple(rule for rule in access.rules if rule.bits & EXEC)
    if access.exec_mode is None or not access.allowed & EXEC:
        return Outcome(
            False,
            rules,
            by_deny=bool(access.denied & EXEC),
            quiet=bool(access.quiet & EXEC),
            asked=bool(access.asked & EXEC),
        )
    audited = bool(access.audited & EXEC)
    if access.conflict:
        return Outcome(False, rules, note="the exec rules for this path contradict each other")
    label, note = transition(profiles, profile, path, access.exec_mode)
    if not label:
        return Outcome(False, rules, note=note)
    return Outcome(True, rules, audited=audited, leads_to=label, note=note)


def transition(profiles: Profiles, profile: Profile, path: str, mode: ExecMode) -> tuple[str, str]:
    """Return the label after the exec, empty when there is none to go to, and what is to be said."""
    label, note = "", ""
    if mode.kind == "i":
        return profile.full_name, ""
    if mode.kind == "u":
        return UNCONFINED, ""
    if mode.target and not mode.target.startswith("&"):
        missing = [part for part in mode.target.split(STACK) if not profiles.exists(part)]
        if not missing:
            return mode.target, ""
        note = f"the profile '{missing[0]}' is not there"
    else:
        within = profile if mode.kind == "c" else None
        found = profiles.attached(path, within)
        label = found.name
        if found.conflict:
            names = ", ".join(sorted(other.name for other in found.conflict))
            note = f"conflicting profile attachments: {names}"
        elif not label:
            note = f"no {'child ' if within else ''}profile attaches to {path}"
        if label and mode.target:
            return f"{label}{STACK}{mode.target[1:]}", ""
    if label:
        return label, ""
    if mode.fallback == "i":
        return profile.full_name, f"{note}: falls back to the same profile"
    if mode.fallback == "u":
        return UNCONFINED, f"{note}: falls back to unconfined"
    return "", note
