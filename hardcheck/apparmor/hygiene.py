"""Weaknesses of profiles that their text alone shows.

Each finding names the profile, the place and, where a rule is at fault, the rule. None of them is a
verdict: whether a broad rule is wrong depends on the program.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum

import msgspec

from hardcheck.apparmor.attachment import Attachable
from hardcheck.apparmor.automaton import AutomatonFault
from hardcheck.apparmor.file_access import FileTableFault, pattern_forms
from hardcheck.apparmor.flags import ProfileMode
from hardcheck.apparmor.globs import GlobFault, encode_text, parse_glob
from hardcheck.apparmor.matching import Matcher, matcher_for
from hardcheck.apparmor.overlaps import overlapping_attachments
from hardcheck.apparmor.permissions import ALL_FILE, EXEC, MMAP, WRITE
from hardcheck.apparmor.profile import Profile
from hardcheck.apparmor.profileset import FileState, PolicyFile, ProfileSet
from hardcheck.apparmor.questions import access_of
from hardcheck.apparmor.rules.change_profile import ANY_LABEL
from hardcheck.apparmor.rules.ptrace import ALL_PTRACE
from hardcheck.apparmor.syntax import Mode, Rule
from hardcheck.apparmor.usage import unused_variables
from hardcheck.apparmor.variables import VariableFault
from hardcheck.apparmor.walks import Undecided, shortest
from hardcheck.apparmor.write_exec import writable_program

_ELSEWHERE_STEPS = 6_000
_PROBES = (b"/etc/shadow", b"/usr/bin/x/y", b"/x")
SHELLS = tuple(
    f"{folder}/{shell}"
    for folder in ("/bin", "/usr/bin")
    for shell in ("sh", "bash", "dash", "zsh", "ksh", "busybox", "fish")
)
WEAKENING_CAPABILITIES = frozenset(
    (
        *("dac_override", "dac_read_search", "sys_admin", "sys_ptrace", "sys_module", "mac_admin"),
        *("mac_override", "sys_rawio", "bpf", "sys_chroot", "setfcap"),
    )
)
# Includes that hand out more than their names say.
DANGEROUS_INCLUDES = {
    "abstractions/dbus": "sends anything to the system bus",
    "abstractions/dbus-session": "sends anything to the session bus",
    "abstractions/dbus-accessibility": "sends anything to the accessibility bus",
    "abstractions/X": "X11 clients read each other's input",
    "abstractions/user-write": "writes to the home folders",
    "abstractions/user-download": "writes to the download folders",
    "abstractions/ubuntu-helpers": "starts other programs nearly unconfined",
    "abstractions/ubuntu-browsers": "starts browsers",
    "abstractions/lxc/container-base": "nearly everything, for a whole container",
    "abstractions/libvirt-lxc": "nearly everything, for a whole container",
}


class Weakness(StrEnum):
    """The kinds of findings."""

    COMPLAIN = "complain"
    UNCONFINED_MODE = "unconfined-mode"
    USERNS_STUB = "userns-stub"
    DEFAULT_ALLOW = "default-allow"
    DISABLED = "disabled"
    BROKEN = "broken"
    BROAD_FILE = "broad-file"
    BROAD_CAPABILITY = "broad-capability"
    UNCONFINED_EXEC = "unconfined-exec"
    UNCONFINED_SHELL = "unconfined-shell"
    BARE_RULE = "bare-rule"
    WRITE_AND_EXEC = "write-and-exec"
    DANGEROUS_INCLUDE = "dangerous-include"
    UNUSED_VARIABLE = "unused-variable"
    ATTACHES_TO_NOTHING = "attaches-to-nothing"
    OVERLAPPING_ATTACHMENT = "overlapping-attachment"
    STALE_ABI = "stale-abi"
    NOT_EXAMINED = "not-examined"  # no weakness: a search for one (`unproven`) could not be ended


class HygieneFinding(msgspec.Struct, frozen=True):
    """One weakness: ``where`` is FILE:LINE, ``rule`` the rule's text or empty.

    ``unproven`` belongs to NOT_EXAMINED: the weakness that may be there or not.
    """

    weakness: Weakness
    profile: str
    where: str
    detail: str
    rule: str = ""
    unproven: Weakness | None = None


def inspect(
    policy: ProfileSet, executables: Iterable[str] | None = None, folders: Iterable[str] = ("",)
) -> tuple[HygieneFinding, ...]:
    """Return the weaknesses of all profiles, file by file.

    ``executables`` are the files of the host below ``folders`` (by default everywhere); None when they are
    not known, and then attachments that match none are not looked for.
    """
    found: list[HygieneFinding] = []
    for file in policy.files:
        found += _of_file(file)
    for profile in policy.profiles.values():
        found += inspect_profile(policy, profile)
    found += _overlaps(policy)
    if executables is not None:
        found += attached_to_nothing(policy, executables, folders)
    return tuple(found)


def inspect_profile(policy: ProfileSet, profile: Profile) -> Iterator[HygieneFinding]:
    """Yield the weaknesses of one profile."""
    mode = policy.mode(profile)
    if mode is ProfileMode.COMPLAIN:
        yield _finding(Weakness.COMPLAIN, profile, "denials are only logged")
    elif mode is ProfileMode.DEFAULT_ALLOW:
        yield _finding(Weakness.DEFAULT_ALLOW, profile, "allows whatever no rule denies")
    elif mode is ProfileMode.UNCONFINED:
        stub = set(profile.rules) <= {"userns"} or _is_stub(profile)
        kind = Weakness.USERNS_STUB if stub else Weakness.UNCONFINED_MODE
        yield _finding(kind, profile, "confines nothing but user namespaces" if stub else "confines nothing")
        return
    for check in (_files, _capabilities, _bare_rules, _includes, _abi):
        yield from check(policy, profile)
    yield from _write_and_exec(profile)


def _is_stub(profile: Profile) -> bool:
    """A profile with only userns and an include of local additions."""
    return not any(rules for kind, rules in profile.rules.items() if kind != "userns")


def _of_file(file: PolicyFile) -> Iterator[HygieneFinding]:
    if file.state is FileState.DISABLED:
        for profile in file.resolved.profiles:
            if profile.parent is None:
                yield _finding(Weakness.DISABLED, profile, f"{file.name} is named in disable/")
    if file.state is FileState.BROKEN:
        fault = file.resolved.faults[0]
        where = f"{fault.file}:{fault.line}"
        yield HygieneFinding(Weakness.BROKEN, file.name, where, f"is not loaded: {fault.message}")
    for name, where in unused_variables(file):
        detail = f"@{{{name}}} is declared and not used"
        yield HygieneFinding(Weakness.UNUSED_VARIABLE, file.name, where, detail)


def _files(policy: ProfileSet, profile: Profile) -> Iterator[HygieneFinding]:
    for rule in profile.file_rules:
        if rule.prefix.mode is Mode.DENY or not rule.bits & (WRITE | EXEC):
            continue
        mode = rule.exec_mode
        if mode is not None and "u" in (mode.kind, mode.fallback):
            detail = f"'{rule.pattern}' runs unconfined" + (
                "" if mode.kind == "u" else " where no profile attaches"
            )
            yield _finding(Weakness.UNCONFINED_EXEC, profile, detail, rule)
            if shell := _matching_shell(profile, rule.pattern):
                yield _finding(Weakness.UNCONFINED_SHELL, profile, f"{shell} runs unconfined", rule)
        if _is_broad(profile, rule.pattern):
            what = "writes" if rule.bits & WRITE else "executes"
            yield _finding(Weakness.BROAD_FILE, profile, f"{what} nearly every file", rule)


def _forms(profile: Profile, pattern: str) -> tuple[str, ...]:
    try:
        forms = pattern_forms(profile, pattern)
        for form in forms:
            parse_glob(form)
    except (VariableFault, GlobFault):
        return ()
    return forms


def _is_broad(profile: Profile, pattern: str) -> bool:
    return any(
        all(matcher_for((form,)).matches(probe) for probe in _PROBES) for form in _forms(profile, pattern)
    )


def _matching_shell(profile: Profile, pattern: str) -> str:
    matcher = matcher_for(_forms(profile, pattern))
    return next((shell for shell in SHELLS if matcher.matches_text(shell)), "")


def _capabilities(policy: ProfileSet, profile: Profile) -> Iterator[HygieneFinding]:
    for rule in profile.capability_rules:
        if rule.prefix.mode is Mode.DENY:
            continue
        weak = sorted(WEAKENING_CAPABILITIES & set(rule.names))
        if not rule.names or weak:
            detail = "all capabilities" if not rule.names else f"{', '.join(weak)} weakens any confinement"
            yield _finding(Weakness.BROAD_CAPABILITY, profile, detail, rule)


def _bare_rules(policy: ProfileSet, profile: Profile) -> Iterator[HygieneFinding]:
    bare: list[tuple[Rule, str]] = [(rule, "allows everything") for rule in profile.all_rules]
    for mount in profile.mount_rules:
        anywhere = mount.source_pattern is None and mount.point is None and not mount.fstypes
        if anywhere and any(match.any_flags for match in mount.matches):
            bare.append((mount, "mounts anything anywhere"))
    bare += [
        (rule, "traces every task")
        for rule in profile.ptrace_rules
        if rule.peer is None and rule.access in (ALL_PTRACE, 2, 6)
    ]
    bare += [
        (rule, "changes to any profile, unconfined included")
        for rule in profile.change_profile_rules
        if rule.target == ANY_LABEL
    ]
    for dbus in profile.dbus_rules:
        conditions = (dbus.bus, dbus.name, dbus.path, dbus.interface, dbus.member, dbus.label)
        if not any(conditions):
            bare.append((dbus, "sends anything to any bus"))
    for rule, detail in bare:
        if rule.prefix.mode is not Mode.DENY:
            yield _finding(Weakness.BARE_RULE, profile, detail, rule)


def _includes(policy: ProfileSet, profile: Profile) -> Iterator[HygieneFinding]:
    for name, (source, at) in profile.included.items():
        why = DANGEROUS_INCLUDES.get(name)
        if why is not None:
            where = source.where(at)
            yield HygieneFinding(Weakness.DANGEROUS_INCLUDE, profile.full_name, where, f"{name}: {why}")


def _abi(policy: ProfileSet, profile: Profile) -> Iterator[HygieneFinding]:
    if profile.parent is not None:
        return
    if profile.features.name == "default":
        yield _finding(
            Weakness.STALE_ABI, profile, "no abi statement: classes newer than 2018 are not mediated"
        )
    elif policy.kernel is not None:
        newer = sorted(
            class_
            for class_ in ("network", "unix", "userns", "mqueue", "io_uring", "inet")
            if policy.kernel.has(class_) and not profile.features.has(class_)
        )
        if newer:
            detail = (
                f"abi '{profile.features.name}' leaves unmediated what the kernel could: {', '.join(newer)}"
            )
            yield _finding(Weakness.STALE_ABI, profile, detail)


def _write_and_exec(profile: Profile) -> Iterator[HygieneFinding]:
    """A path that the profile may write and then execute (or map executable), if there is one."""
    try:
        path = writable_program(profile)
        access = access_of(profile, path or "/", True, ALL_FILE)
    except (Undecided, VariableFault, GlobFault, AutomatonFault, FileTableFault) as error:
        why = "the search was given up" if isinstance(error, Undecided) else str(error)
        yield _unproven(Weakness.WRITE_AND_EXEC, profile, f"write and exec to one path: {why}")
        return
    if path is not None:
        rule = next((rule for rule in access.rules if rule.bits & (EXEC | MMAP)), None)
        yield _finding(Weakness.WRITE_AND_EXEC, profile, f"writes and executes {path}: {access}", rule)


def _overlaps(policy: ProfileSet) -> Iterator[HygieneFinding]:
    """Pairs of top-level profiles whose attachments match one path with equal right."""
    try:
        for path, left, right in overlapping_attachments(policy):
            for one, other in ((left, right), (right, left)):
                detail = f"{path} matches {other.full_name} ({other.where}) as well"
                yield _finding(Weakness.OVERLAPPING_ATTACHMENT, one, detail)
    except (Undecided, AutomatonFault):
        detail = "overlaps of attachments: the search was given up"
        for profile in policy.profiles.values():
            if profile.parent is None and profile.attachment:
                yield _unproven(Weakness.OVERLAPPING_ATTACHMENT, profile, detail)


def attached_to_nothing(
    policy: ProfileSet, executables: Iterable[str], folders: Iterable[str]
) -> Iterator[HygieneFinding]:
    """Top-level profiles whose attachment matches none of the files, in the folders where they lie."""
    paths = [encode_text(path) for path in executables]
    places = matcher_for(tuple(f"{folder}/**" for folder in folders))
    for profile in policy.profiles.values():
        if not profile.attachment or profile.parent is not None:
            continue
        candidate = Attachable(profile)
        if any(map(candidate.matches, paths)):
            continue
        detail = f"no file matches '{profile.attachment}'"
        why = candidate.fault or _elsewhere(profile, places)
        if why:
            yield _unproven(Weakness.ATTACHES_TO_NOTHING, profile, f"{detail}; {why}")
        else:
            yield _finding(Weakness.ATTACHES_TO_NOTHING, profile, detail)


def _elsewhere(profile: Profile, places: Matcher) -> str:
    """Say where the attachment could match outside of the folders that were looked at; empty: nowhere."""
    try:
        path = shortest(
            (matcher_for(pattern_forms(profile, profile.attachment)).start, places.start),
            lambda states: bool(states[0].accepted) and not states[1].accepted,
            lambda states: not states[0].is_dead,
            _ELSEWHERE_STEPS,
        )
    except Undecided:
        return "where it could match was not found out within the limit"
    return (
        "" if path is None else f"it could match {path.decode('utf-8', 'replace')}, where none was looked for"
    )


def _unproven(weakness: Weakness, profile: Profile, detail: str) -> HygieneFinding:
    finding = _finding(Weakness.NOT_EXAMINED, profile, detail)
    return msgspec.structs.replace(finding, unproven=weakness)


def _finding(kind: Weakness, profile: Profile, detail: str, rule: Rule | None = None) -> HygieneFinding:
    where = profile.where if rule is None else rule.where
    return HygieneFinding(kind, profile.full_name, where, detail, "" if rule is None else rule.text)
