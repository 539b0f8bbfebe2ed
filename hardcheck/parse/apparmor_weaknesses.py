"""Weaknesses that the text of AppArmor profiles shows by itself, as `hardcheck.apparmor.hygiene` finds them.

``apparmor.programs`` lists files that can be executed, one path a line, or is the one word ``absent``::

    /usr/sbin/chronyd
    /opt/vendor/bin/agent
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import cast, get_args

from hardcheck.apparmor.hygiene import HygieneFinding, attached_to_nothing, inspect
from hardcheck.apparmor.profileset import FileState, ProfileSet
from hardcheck.evidence import HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.apparmor import ProfileWeakness, WeaknessKind
from hardcheck.parse.apparmor_tree import FILES, KEYS, read_profile_set
from hardcheck.parse.base import absent

PROGRAMS = "apparmor.programs"
WEAKNESS_KEYS = (*KEYS, PROGRAMS)
# Where the listing of programs looks: hardcheck/collect/apparmor.py.
PROGRAM_FOLDERS = ("/bin", "/sbin", "/lib", "/lib64", "/usr", "/opt", "/snap")
_MOST_TREES = 4
_KINDS: tuple[WeaknessKind, ...] = get_args(WeaknessKind)


def parse_profile_weaknesses(host: HostEvidence) -> tuple[ProfileWeakness, ...] | Absent:
    """The weaknesses of all profiles on disk that are not disabled, file by file."""
    listing = host.get(FILES)
    if listing.reason is not None:
        return absent(listing)
    policy, unread = read_profile_set(host)
    programs = _programs(host)
    found = list(_of_text(policy))
    if isinstance(programs, Absent):
        found += _unmatched(policy, programs)
    else:
        found += map(_fact, attached_to_nothing(policy, programs, PROGRAM_FOLDERS))
    if unread:
        denied = Absent(Reason.DENIED, (FILES,), f"could not be read: {', '.join(unread[:5])}")
        found += [ProfileWeakness(kind, unread[0], unread[0], "", certain=denied) for kind in _KINDS]
    found += _of_broken(policy)
    return tuple(found)


@lru_cache(maxsize=_MOST_TREES)
def _of_text(policy: ProfileSet) -> tuple[ProfileWeakness, ...]:
    """Those that hosts with the same text have alike."""
    return tuple(map(_fact, inspect(policy)))


def _programs(host: HostEvidence) -> tuple[str, ...] | Absent:
    evidence = host.get(PROGRAMS)
    if evidence.reason is not None:
        return absent(evidence)
    return tuple(line for _, line in evidence.lines())


def _fact(finding: HygieneFinding) -> ProfileWeakness:
    kind, certain = finding.weakness, cast("bool | Absent", True)
    if finding.unproven is not None:
        kind, certain = finding.unproven, Absent(Reason.TIMEOUT, (FILES,), finding.detail)
    word = cast("WeaknessKind", kind.value)
    return ProfileWeakness(word, finding.profile, finding.where, finding.detail, finding.rule, certain)


def _unmatched(policy: ProfileSet, why: Absent) -> Iterator[ProfileWeakness]:
    """Every attachment may match nothing while the files of the host are not known."""
    for profile in policy.profiles.values():
        if profile.attachment and profile.parent is None:
            yield ProfileWeakness("attaches-to-nothing", profile.full_name, profile.where, "", certain=why)


def _of_broken(policy: ProfileSet) -> Iterator[ProfileWeakness]:
    """A profile whose text has a fault may be loaded, from an older text: it may have any weakness."""
    for file in policy.files:
        if file.state is not FileState.BROKEN:
            continue
        fault = Absent(Reason.UNPARSABLE, (FILES,), str(file.resolved.faults[0]))
        for profile in file.resolved.profiles:
            for kind in _KINDS[_KINDS.index("broad-file") :]:
                yield ProfileWeakness(kind, profile.full_name, profile.where, "", certain=fault)
