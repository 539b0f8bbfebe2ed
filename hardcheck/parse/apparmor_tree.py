"""The text of the AppArmor profiles on disk, /etc/apparmor.d, as `hardcheck.apparmor` reads it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

import msgspec

from hardcheck.apparmor import Features, Profile, ProfileMode, ProfileSet
from hardcheck.apparmor.abi import DEFAULT_FEATURES
from hardcheck.apparmor.faults import Fault
from hardcheck.apparmor.permissions import WRITE
from hardcheck.apparmor.profile import NEWEST_PARSER
from hardcheck.apparmor.profileset import FileState, PolicyFile
from hardcheck.apparmor.rules.capability import CAPABILITIES
from hardcheck.apparmor.rules.file import FileRule
from hardcheck.apparmor.syntax import Abi, Block, Conditional, Include, Item, Mode, Owner, ProfileBlock, Rule
from hardcheck.apparmor.variables import VariableFault
from hardcheck.errors import ProfileError
from hardcheck.evidence import HostEvidence, Reason, parse_listing
from hardcheck.facts import Absent
from hardcheck.facts.apparmor import DiskProfile, ProfileTree
from hardcheck.parse import apparmor_compiler
from hardcheck.parse.apparmor_state import KERNEL, kernel_features
from hardcheck.parse.base import absent
from hardcheck.parse.proc import KEYS as PROCESS_KEYS
from hardcheck.parse.proc import parse_processes

FILES = "apparmor.files"
KEYS = (FILES, KERNEL, *apparmor_compiler.KEYS)
ATTACHMENT_KEYS = (*KEYS, "apparmor.profiles", *PROCESS_KEYS)
BASE = "/etc/apparmor.d"
_MOST_TREES = 4
_LINKS = (f"{BASE}/disable/", f"{BASE}/force-complain/")
_STRONG = ("sys_admin", "sys_module", "sys_ptrace", "sys_rawio", "mac_admin", "mac_override", "bpf")
# Paths that no rule names: who may write them all may write anywhere.
_ANYWHERE = (
    "/etc/hardcheck.probe",
    "/usr/lib/hardcheck.probe",
    "/hardcheck.probe/file",
    "/root/hardcheck.probe",
)
_LITERAL = re.compile(r"[^\\{}\[\]*?@]*")
_ALLOW_MODES = (ProfileMode.UNCONFINED, ProfileMode.DEFAULT_ALLOW)


def parse_profile_tree(host: HostEvidence) -> ProfileTree | Absent:
    """Every profile of the tree, disabled ones included."""
    listing = host.get(FILES)
    if listing.reason is not None:
        return absent(listing)
    policy, unread = read_profile_set(host)
    links = {entry.path for entry in parse_listing(listing) if entry.kind in ("l", "f")}
    faults = tuple(str(fault) for fault in _faults(policy))
    local_changes = _local_changes(policy, links)
    unseen = Absent(Reason.DENIED, (FILES,), f"could not be read: {', '.join(unread[:5])}")
    return ProfileTree(
        profiles=_disk_profiles(policy),
        faults=unseen if unread and not faults else faults,
        unread=unread,
        disabled=_names(links, _LINKS[0]),
        force_complain=_names(links, _LINKS[1]),
        local_changes=unseen if unread and not local_changes else local_changes,
    )


def parse_attachments(host: HostEvidence) -> dict[str, str] | Absent:
    """For every program that runs: the loaded profile whose attachment is for it, empty for none."""
    listing = host.get(FILES)
    if listing.reason is not None:
        return absent(listing)
    processes = parse_processes(host)
    if isinstance(processes, Absent):
        return processes
    loaded = host.get("apparmor.profiles")
    if loaded.reason is not None:
        return absent(loaded)
    policy, _ = read_profile_set(host)
    names = [line.rpartition(" (")[0] for _, line in loaded.lines()]
    policy = policy.with_loaded(names)
    programs = {p.program.removesuffix(" (deleted)") for p in processes if isinstance(p.program, str)}
    return {program: policy.attached(program).name for program in sorted(programs)}


def read_profile_set(host: HostEvidence) -> tuple[ProfileSet, tuple[str, ...]]:
    """The host's profiles, and the files of the tree whose content could not be had.

    Raises:
        ParseError: the listing has a line of another form.
    """
    listing = host.get(FILES)
    files: dict[str, bytes] = {}
    unread = []
    for member in host.members(FILES):
        path = member.key.partition(":")[2]
        if member.reason is None:
            files[path] = member.content
        else:
            unread.append(path)
    for entry in parse_listing(listing):
        if entry.kind != "l" or entry.target is None:
            continue
        if entry.path.startswith(_LINKS):
            files[entry.path] = b""  # only its name counts
        else:
            target = posixpath.normpath(posixpath.join(posixpath.dirname(entry.path), entry.target))
            if target in files:
                files[entry.path] = files[target]
            elif not target.startswith(f"{BASE}/") or posixpath.splitext(target)[1]:
                unread.append(entry.path)
    files.setdefault(f"{BASE}/.hardcheck", b"")  # an empty tree is a tree
    pinned, named = apparmor_compiler.pinned_features(host)
    policy = _profile_set(
        tuple(files.items()),
        kernel_features(host),
        pinned or DEFAULT_FEATURES,
        apparmor_compiler.parser_version(host) or NEWEST_PARSER,
    )
    if named and pinned is None and any(p.features is DEFAULT_FEATURES for p in policy.profiles.values()):
        unread.append(named)
    return policy, tuple(unread)


@lru_cache(maxsize=_MOST_TREES)
def _profile_set(
    files: tuple[tuple[str, bytes], ...],
    kernel: Features | None,
    default_features: Features,
    parser_version: tuple[int, ...],
) -> ProfileSet:
    """Several facts of one host and hosts with the same tree, kernel and parser share what is made of it."""
    return ProfileSet.read(
        dict(files),
        base=BASE,
        kernel=kernel,
        default_features=default_features,
        parser_version=parser_version,
    )


def _names(links: Iterable[str], folder: str) -> tuple[str, ...]:
    return tuple(sorted(path.removeprefix(folder) for path in links if path.startswith(folder)))


def _faults(policy: ProfileSet) -> Iterator[Fault]:
    for file in policy.files:
        if file.state is FileState.BROKEN:
            yield from file.resolved.faults


def _local_changes(policy: ProfileSet, paths: Iterable[str]) -> tuple[str, ...]:
    """Files under local/ that hold more than comments."""
    found = []
    for path in sorted(paths):
        if path.startswith(f"{BASE}/local/"):
            unit = policy.library.unit(path)
            if unit is not None and (unit.items or unit.faults):
                found.append(path)
    return tuple(found)


@lru_cache(maxsize=_MOST_TREES)
def _disk_profiles(policy: ProfileSet) -> tuple[DiskProfile, ...]:
    return tuple(
        _disk_profile(policy, file, profile) for file in policy.files for profile in file.resolved.profiles
    )


def _disk_profile(policy: ProfileSet, file: PolicyFile, profile: Profile) -> DiskProfile:
    mode = ProfileMode.COMPLAIN if file.force_complain else profile.flags.mode
    kinds = {kind for kind, rules in profile.rules.items() if rules}
    path = posixpath.join(BASE, file.name)
    described = DiskProfile(
        name=profile.full_name,
        file=file.name,
        mode=mode.value,
        attachment=profile.attachment,
        disabled=file.state is FileState.DISABLED,
        stub=mode in _ALLOW_MODES and kinds <= {"userns"},
        parent=profile.parent.full_name if profile.parent is not None else "",
        sources=tuple(sorted(_sources(policy, path, set()))),
    )
    if mode in _ALLOW_MODES:
        return described
    if file.resolved.faults:
        fault = Absent(Reason.UNPARSABLE, (FILES,), str(file.resolved.faults[0]))
        return msgspec.structs.replace(
            described,
            strong_capabilities=fault,
            writes_everywhere=fault,
            mounts=fault,
            traces_others=fault,
        )
    return msgspec.structs.replace(
        described,
        strong_capabilities=_strong_capabilities(policy, profile),
        writes_everywhere=_writes_everywhere(policy, profile),
        mounts=any(_allows(rule) for rule in (*profile.mount_rules, *profile.all_rules)),
        traces_others=_traces_others(profile),
    )


def _allows(rule: Rule) -> bool:
    return rule.prefix.mode is not Mode.DENY


def _strong_capabilities(policy: ProfileSet, profile: Profile) -> tuple[str, ...]:
    allowed = policy.capabilities(profile)
    if allowed >= frozenset(CAPABILITIES):
        return ("all",)
    return tuple(name for name in _STRONG if name in allowed)


def _writes_everywhere(policy: ProfileSet, profile: Profile) -> bool:
    """Whether a path that no rule names can be written, wherever it lies.

    Compiling the rules of a profile takes its time, so those are looked at first: some rule that grants
    write has to begin as each of the paths does.
    """
    leads = {lead for rule in profile.file_rules if _grants_write(rule) for lead in _leads(profile, rule)}
    if not profile.all_rules and not all(any(path.startswith(lead) for lead in leads) for path in _ANYWHERE):
        return False
    try:
        return all("w" in policy.file(profile, path, owner=False).permissions for path in _ANYWHERE)
    except ProfileError:  # rules that contradict each other: apparmor_parser loads no such profile
        return False


def _grants_write(rule: FileRule) -> bool:
    return bool(rule.bits & WRITE) and _allows(rule) and rule.prefix.owner is Owner.ANY


def _leads(profile: Profile, rule: FileRule) -> Iterator[str]:
    """How the paths of a rule begin, up to its first wildcard."""
    patterns: tuple[str, ...] = (rule.pattern,)
    if "@{" in rule.pattern:
        try:
            patterns = profile.variables.expand_paths(rule.pattern)
        except VariableFault:
            patterns = ("",)
    for pattern in patterns:
        match = _LITERAL.match(pattern)
        yield match[0] if match is not None else ""


def _traces_others(profile: Profile) -> bool:
    """Whether a ptrace rule lets it trace processes of other profiles."""
    own = {profile.full_name, "@{profile_name}"}
    return any(
        _allows(rule) and rule.access & 2 and rule.peer not in own for rule in profile.ptrace_rules
    ) or any(_allows(rule) for rule in profile.all_rules)


def _sources(policy: ProfileSet, path: str, seen: set[str]) -> set[str]:
    """The file and everything it includes, whole paths."""
    if path in seen:
        return seen
    unit = policy.library.unit(path)
    if unit is None:
        return seen
    seen.add(path)
    waiting: list[Item] = list(unit.items)
    while waiting:
        item = waiting.pop()
        if isinstance(item, Include):
            for included in policy.library.find(item) or ():
                _sources(policy, included, seen)
        elif isinstance(item, Abi) and item.magic:
            seen.add(posixpath.join(BASE, item.path))
        elif isinstance(item, (Block, ProfileBlock)):
            waiting.extend(item.items)
        elif isinstance(item, Conditional):
            for _, items in item.branches:
                waiting.extend(items)
    return seen
