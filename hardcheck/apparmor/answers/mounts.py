"""Mounts: mount(2) in its five forms, umount(2) and pivot_root(2)."""

from __future__ import annotations

import msgspec

from hardcheck.apparmor.matching import matcher_for
from hardcheck.apparmor.outcome import Outcome, judge
from hardcheck.apparmor.profile import Profile
from hardcheck.apparmor.rules import mount_flags as ms
from hardcheck.apparmor.rules.mount import MountMatch, MountRule
from hardcheck.apparmor.rules.mount_loose import loose_matches
from hardcheck.apparmor.syntax import Mode, Rule

_KERNEL_ONLY = 1 << 22 | 1 << 28 | 1 << 29 | 1 << 30


class MountRequest(msgspec.Struct, frozen=True):
    """A call of mount(2): paths of directories end with a slash, as the kernel builds them."""

    point: str
    source: str = ""
    fstype: str = ""
    flags: int = 0

    @property
    def operation(self) -> str:
        """What the call does, by the kernel's order of tests (security/apparmor/lsm.c)."""
        if self.flags & ms.REMOUNT:
            return "remount"
        if self.flags & ms.BIND:
            return "bind"
        if self.flags & ms.PROPAGATION:
            return "make"
        if self.flags & ms.MOVE:
            return "move"
        return "new"


# The flags that the kernel compares for an operation (security/apparmor/mount.c).
_COMPARED = {
    "bind": ms.BIND | ms.REC,
    "make": ms.REC | ms.SILENT | ms.PROPAGATION,
    "move": ms.MOVE,
}


def answer_mount(profile: Profile, request: MountRequest) -> Outcome:
    """May the profile make this call of mount(2)?"""
    operation = request.operation
    flags = request.flags
    if flags & 0xFFFF0000 == 0xC0ED0000:
        flags &= 0xFFFF
    flags &= ~_KERNEL_ONLY
    flags = ms.MOVE if operation == "move" else flags & _COMPARED.get(operation, 0xFFFFFFFF)
    rules: list[tuple[Rule, int]] = [
        (rule, 1)
        for rule in profile.mount_rules
        if rule.action == "mount"
        and any(
            match.operation == operation and _matches(profile, rule, match, request, flags)
            for match in _matches_of(profile, rule)
        )
    ]
    rules += [(rule, 1) for rule in profile.all_rules]
    return judge(rules, 1)


def may_mount_at(profile: Profile, point: str) -> Outcome:
    """May the profile mount anything at all at ``point``? Deny rules count only where they deny all."""
    rules: list[tuple[Rule, int]] = []
    for rule in profile.mount_rules:
        if rule.action != "mount" or not _path_matches(profile, rule.point, point):
            continue
        whole = rule.source_pattern is None and not rule.fstypes and all(m.any_flags for m in rule.matches)
        if rule.prefix.mode is not Mode.DENY or whole:
            rules.append((rule, 1))
    rules += [(rule, 1) for rule in profile.all_rules]
    return judge(rules, 1)


def answer_umount(profile: Profile, point: str) -> Outcome:
    """May the profile unmount what is mounted at ``point``?"""
    rules: list[tuple[Rule, int]] = [
        (rule, 1)
        for rule in profile.mount_rules
        if rule.action == "umount" and _path_matches(profile, rule.point, point)
    ]
    rules += [(rule, 1) for rule in profile.all_rules]
    return judge(rules, 1)


def answer_pivot_root(profile: Profile, new_root: str, old_root: str) -> Outcome:
    """May the profile make ``new_root`` its root and put the old one at ``old_root``?"""
    rules: list[tuple[Rule, int]] = [
        (rule, 1)
        for rule in profile.mount_rules
        if rule.action == "pivot_root"
        and _path_matches(profile, rule.point, new_root)
        and _path_matches(profile, rule.source_pattern, old_root)
    ]
    rules += [(rule, 1) for rule in profile.all_rules]
    return judge(rules, 1)


def _matches_of(profile: Profile, rule: MountRule) -> tuple[MountMatch, ...]:
    return loose_matches(rule) if profile.mounts_are_loose else rule.matches


def _matches(profile: Profile, rule: MountRule, match: MountMatch, request: MountRequest, flags: int) -> bool:
    point = rule.source_pattern if match.point_is_source else rule.point
    if not _path_matches(profile, point, request.point):
        return False
    if not match.any_flags and flags & ~match.optional != match.required:
        return False
    if match.by_source and rule.source_pattern is not None:
        if rule.source_pattern == "detached":
            if request.source:
                return False
        elif not _path_matches(profile, rule.source_pattern, request.source):
            return False
    if match.by_type and rule.fstypes:
        return any(
            matcher_for(profile.variables.expand(fstype)).matches_text(request.fstype)
            for fstype in rule.fstypes
        )
    return True


def _path_matches(profile: Profile, pattern: str | None, path: str) -> bool:
    return pattern is None or matcher_for(profile.variables.expand_paths(pattern)).matches_text(path)
