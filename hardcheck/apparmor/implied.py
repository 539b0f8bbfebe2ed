"""File rules that the compiler adds to a profile for the sake of others (apparmor_parser profile.cc).

A profile that may change hats or profiles must be able to write to ``/proc/PID/attr/``; ``all,`` stands
for a rule of every class.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from hardcheck.apparmor.permissions import ALL_FILE, EXEC, READ, WRITE, ExecMode
from hardcheck.apparmor.profile import Profile
from hardcheck.apparmor.rules.file import EVERY_PATH, FileRule
from hardcheck.apparmor.syntax import Mode, Owner, Prefix, Rule

_PROBED = ("/proc/*/attr/apparmor/", "/sys/module/apparmor/parameters/enabled")
_CHANGE_HAT = "/proc/[0-9]*/attr/{apparmor/,}current"
_CHANGE_PROFILE = "/proc/*/attr/{apparmor/,}{current,exec}"
_OWNED = Prefix(owner=Owner.OWNER)


def implied_file_rules(profile: Profile) -> Iterator[FileRule]:
    """Yield the file rules that are not written in the profile."""
    if profile.is_hat or profile.children:
        yield from _proc_rules(profile, _CHANGE_HAT)
    if profile.change_profile_rules:
        yield from _proc_rules(profile, _CHANGE_PROFILE)
    for rule in profile.all_rules:
        denies = rule.prefix.mode is Mode.DENY
        prefix = rule.prefix
        yield _rule(rule, prefix, EVERY_PATH, ALL_FILE & ~EXEC, None)
        lower = msgspec.structs.replace(prefix, priority=prefix.priority - 2)
        yield _rule(rule, lower, EVERY_PATH, EXEC, ExecMode("" if denies else "i"))


def _proc_rules(profile: Profile, written: str) -> Iterator[FileRule]:
    at = profile.at
    place = Rule(source=profile.source, at=at, end=min(profile.source.text.find("{", at) + 1, at + 200))
    for path in _PROBED:
        yield _rule(place, _OWNED, path, READ, None)
    yield _rule(place, _OWNED, written, WRITE, None)


def _rule(origin: Rule, prefix: Prefix, pattern: str, bits: int, mode: ExecMode | None) -> FileRule:
    return FileRule(
        source=origin.source,
        at=origin.at,
        end=origin.end,
        prefix=prefix,
        pattern=pattern,
        bits=bits,
        exec_mode=mode,
    )
