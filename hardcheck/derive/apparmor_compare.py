"""Loaded profiles set beside their text, their processes, and what should have been confined.

What the comparison of times can tell: that something was modified after the load, or that nothing
was even touched. What it cannot: whether a file that was replaced by one with an older date
(a package, a backup) says something else, and whether a profile was loaded from another place
under the same name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal

from hardcheck.facts import Absent, Reason
from hardcheck.facts.apparmor import (
    GENERATED,
    DiskProfile,
    LoadedProfile,
    ProfileCheck,
    ProfileEntry,
    ProfileStanding,
    ProfileTree,
    ProfileWeakness,
    SourceTimes,
    Unattached,
    WeaknessKind,
)
from hardcheck.facts.mac import Subject
from hardcheck.facts.processes import Process

FILES = ("apparmor.files",)
_State = Literal["same", "changed", "uncertain", "no text"]
_GRANTS: tuple[WeaknessKind, ...] = (
    "broad-file",
    "broad-capability",
    "unconfined-exec",
    "unconfined-shell",
    "bare-rule",
    "write-and-exec",
    "dangerous-include",
    "stale-abi",
    "overlapping-attachment",
)
_MAX_FILES = 10  # named for one profile


def derive_profile_checks(
    loaded: tuple[LoadedProfile, ...],
    entries: tuple[ProfileEntry, ...],
    tree: ProfileTree,
    times: SourceTimes,
) -> tuple[ProfileCheck, ...]:
    """Every loaded profile that stands on its own (children and hats come and go with their parent).

    Profiles that runtimes generate, in a namespace or out of it, have no text here and are left out.
    """
    disk = {profile.name: profile for profile in tree.profiles}
    loaded_at = {entry.name: entry.loaded_at for entry in entries}
    found = []
    for profile in loaded:
        if GENERATED.fullmatch(profile.name):
            continue
        text = disk.get(profile.name)
        if text is not None and text.parent:
            continue
        found.append(_check(profile, text, loaded_at.get(profile.name), times))
    return tuple(found)


def _check(
    profile: LoadedProfile, text: DiskProfile | None, loaded_at: datetime | None, times: SourceTimes
) -> ProfileCheck:
    if text is None:
        return ProfileCheck(profile.name, profile.mode, "no text")
    if loaded_at is None:
        reason = Absent(Reason.NOT_COLLECTED, ("apparmor.loaded",), "the time of the load could not be seen")
        return ProfileCheck(profile.name, profile.mode, reason)
    newer = [path for path in text.sources if path in times.modified and times.modified[path] > loaded_at]
    if newer:
        return ProfileCheck(profile.name, profile.mode, "changed", tuple(newer[:_MAX_FILES]))
    touched = [p for p in text.sources if p not in times.changed or times.changed[p] >= loaded_at]
    state: _State = "uncertain" if touched else "same"
    return ProfileCheck(profile.name, profile.mode, state, tuple(touched[:_MAX_FILES]))


def derive_standings(
    loaded: tuple[LoadedProfile, ...], tree: ProfileTree | Absent, subjects: tuple[Subject, ...] | Absent
) -> tuple[ProfileStanding, ...]:
    """Every loaded profile with its processes, and whether it only names a program."""
    stubs: Mapping[str, bool] = {}
    if not isinstance(tree, Absent):
        stubs = {profile.name: profile.stub for profile in tree.profiles}
    running: dict[str, list[str]] = {}
    for subject in () if isinstance(subjects, Absent) else subjects:
        for part in subject.subject.split("//&"):
            running.setdefault(part, []).append(f"{subject.name} (pid {subject.pid})")
    return tuple(
        ProfileStanding(
            profile.name, profile.mode, _stub(profile, stubs, tree), tuple(running.get(profile.name, ()))
        )
        for profile in loaded
    )


def _stub(profile: LoadedProfile, stubs: Mapping[str, bool], tree: ProfileTree | Absent) -> bool | Absent:
    if profile.mode not in ("unconfined", "default_allow"):
        return False
    if profile.name in stubs:
        return stubs[profile.name]
    if isinstance(tree, Absent):
        return tree
    return Absent(Reason.NOT_PRESENT, FILES, f"no text of {profile.name}")


def derive_unattached(
    subjects: tuple[Subject, ...],
    attachments: Mapping[str, str],
    loaded: tuple[LoadedProfile, ...],
    processes: tuple[Process, ...],
) -> tuple[Unattached, ...]:
    """Processes that run unconfined although a loaded profile is for their program: they were
    started before it was loaded, or from within something that keeps them unconfined.

    One whose program was not seen may be such: it is told without a program. One that had ended is not.
    """
    holding = {profile.name for profile in loaded if profile.mode not in ("unconfined", "default_allow")}
    programs = {process.pid: process.program for process in processes}
    found = []
    for subject in subjects:
        if subject.state != "unconfined" or subject.subject != "unconfined":
            continue
        name, program = f"{subject.name} (pid {subject.pid})", programs[subject.pid]
        if isinstance(program, Absent):
            if program.reason is not Reason.NOT_PRESENT:
                found.append(Unattached(name, program, ""))
        elif (profile := attachments.get(program.removesuffix(" (deleted)"), "")) in holding:
            found.append(Unattached(name, program, profile))
    return tuple(found) if holding else ()


def derive_not_loaded(
    tree: ProfileTree, loaded: tuple[LoadedProfile, ...]
) -> tuple[DiskProfile, ...] | Absent:
    """Profiles on disk that are neither disabled nor loaded."""
    names = {profile.name for profile in loaded}
    missing = tuple(p for p in tree.profiles if not p.disabled and p.name not in names)
    return _unread(tree) if tree.unread and not missing else missing


def derive_enforced_text(tree: ProfileTree, loaded: tuple[LoadedProfile, ...]) -> tuple[DiskProfile, ...]:
    """What every profile that is loaded and refuses accesses says; its grants are Absent where no text
    of it was read. Profiles that runtimes generate for containers and packages are left out."""
    texts = {profile.name: profile for profile in _once(tree.profiles)}
    return tuple(
        texts.get(profile.name) or _without_text(profile, tree)
        for profile in loaded
        if profile.confines and not GENERATED.fullmatch(profile.name)
    )


def derive_enforced_weaknesses(
    weaknesses: tuple[ProfileWeakness, ...], loaded: tuple[LoadedProfile, ...], tree: ProfileTree
) -> tuple[ProfileWeakness, ...]:
    """The weaknesses of the profiles that `derive_enforced_text` gives, whose modes are the kernel's.

    A profile without text may have any of them; so may all while files of the tree are unread.
    """
    enforced = {one.name: one for one in derive_enforced_text(tree, loaded)}
    found = [
        one
        for one in weaknesses
        if one.profile in enforced or (isinstance(one.certain, Absent) and one.profile in tree.unread)
    ]
    for name, text in enforced.items():
        if isinstance(text.mounts, Absent) and text.mounts.reason is Reason.NOT_PRESENT:
            found += [ProfileWeakness(kind, name, "", "", certain=text.mounts) for kind in _GRANTS]
    return tuple(found)


def _without_text(profile: LoadedProfile, tree: ProfileTree) -> DiskProfile:
    why = _unread(tree) if tree.unread else Absent(Reason.NOT_PRESENT, FILES, f"no text of {profile.name}")
    return DiskProfile(
        profile.name,
        "",
        profile.mode,
        "",
        disabled=False,
        stub=False,
        strong_capabilities=why,
        writes_everywhere=why,
        mounts=why,
        traces_others=why,
    )


def _unread(tree: ProfileTree) -> Absent:
    return Absent(Reason.DENIED, FILES, f"could not be read: {', '.join(tree.unread[:5])}")


def _once(profiles: Iterable[DiskProfile]) -> Iterable[DiskProfile]:
    """Each name once, the file that is not disabled first."""
    best: dict[str, DiskProfile] = {}
    for profile in profiles:
        if profile.name not in best or best[profile.name].disabled:
            best[profile.name] = profile
    return best.values()
