"""What the kernel has loaded against what the files on disk say.

Policy in the kernel stays as it was loaded until somebody loads it anew; a file that was changed,
removed, disabled or put into complain mode since then changes nothing by itself. Which names and modes
are loaded can be compared; the rules inside a loaded profile cannot be read back from the kernel.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec

from hardcheck.apparmor.flags import ProfileMode
from hardcheck.apparmor.profile import Profile
from hardcheck.apparmor.profileset import FileState, ProfileSet

_NULL = "//null-"  # profiles that the kernel makes up while it learns in complain mode


class Loaded(msgspec.Struct, frozen=True):
    """One line of securityfs ``profiles``: the full name, and the mode as the kernel names it."""

    name: str
    mode: str


class DifferenceKind(StrEnum):
    """How the kernel and the disk part."""

    NOT_LOADED = "not-loaded"  # on disk, active, not in the kernel
    NOT_ON_DISK = "not-on-disk"  # in the kernel, and no file defines it
    MODE = "mode"  # loaded in another mode than the file asks for
    LOADED_DISABLED = "loaded-disabled"  # in the kernel although the file is in disable/
    BROKEN = "broken"  # the file has faults: what is loaded is not what it says
    PARTLY = "partly"  # some profiles of the file are loaded, some are not
    CHANGED = "changed"  # the file is newer than what is loaded


class Difference(msgspec.Struct, frozen=True):
    """One difference, in one sentence; ``profile`` is a full name, ``where`` a file."""

    kind: DifferenceKind
    profile: str
    where: str
    detail: str


def compare_loaded(
    policy: ProfileSet,
    loaded: Iterable[Loaded],
    *,
    loaded_at_s: float | None = None,
    changed_at_s: Mapping[str, float] | None = None,
) -> tuple[Difference, ...]:
    """Return the differences, sorted by profile.

    ``loaded_at_s`` is when policy was last loaded as a whole (seconds since 1970), ``changed_at_s`` when
    each file of the base folder was changed; without both, changes of the text are not looked for.
    """
    kernel = {one.name: one.mode for one in loaded if _NULL not in one.name}
    found: list[Difference] = []
    for file in policy.files:
        profiles = file.resolved.profiles
        there = [profile for profile in profiles if profile.full_name in kernel]
        if file.state is FileState.DISABLED:
            found += [
                _difference(DifferenceKind.LOADED_DISABLED, p, "loaded, and the file is disabled")
                for p in there
            ]
        elif file.state is FileState.BROKEN:
            fault = file.resolved.faults[0]
            found += [
                _difference(DifferenceKind.BROKEN, p, f"the file has faults, the first: {fault}")
                for p in profiles
            ]
        else:
            found += _active(policy, list(profiles), kernel)
        changed = (changed_at_s or {}).get(file.name)
        if there and loaded_at_s is not None and changed is not None and changed > loaded_at_s:
            detail = f"{file.name} was changed after it was loaded"
            found += [_difference(DifferenceKind.CHANGED, p, detail) for p in there if p.parent is None]
    known = {profile.full_name for file in policy.files for profile in file.resolved.profiles}
    found += [
        Difference(DifferenceKind.NOT_ON_DISK, name, "", f"loaded in mode {mode}, and no file defines it")
        for name, mode in kernel.items()
        if name not in known
    ]
    return tuple(sorted(found, key=lambda one: (one.profile, one.kind)))


def _active(policy: ProfileSet, profiles: list[Profile], kernel: Mapping[str, str]) -> list[Difference]:
    found: list[Difference] = []
    some = any(profile.full_name in kernel for profile in profiles)
    for profile in profiles:
        mode = kernel.get(profile.full_name)
        wanted = policy.mode(profile)
        if mode is None:
            kind = DifferenceKind.PARTLY if some else DifferenceKind.NOT_LOADED
            found.append(_difference(kind, profile, "on disk, not in the kernel"))
        elif mode != _kernel_mode(wanted):
            found.append(
                _difference(DifferenceKind.MODE, profile, f"loaded in mode {mode}, the file says {wanted}")
            )
    return found


def _kernel_mode(mode: ProfileMode) -> str:
    """The word of securityfs: default_allow is packed as unconfined (apparmor_parser profile.h)."""
    return str(ProfileMode.UNCONFINED if mode is ProfileMode.DEFAULT_ALLOW else mode)


def _difference(kind: DifferenceKind, profile: Profile, detail: str) -> Difference:
    return Difference(kind, profile.full_name, profile.where, detail)
