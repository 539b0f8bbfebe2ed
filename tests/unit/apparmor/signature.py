"""Everything a profile answers on the probes that some profiles suggest, as one comparable value."""

from __future__ import annotations

from collections.abc import Iterable

from hardcheck.apparmor import Profile, ProfileSet
from hardcheck.apparmor.answers.capabilities import answer_capability
from hardcheck.apparmor.answers.links import answer_link
from hardcheck.apparmor.answers.messages import Message, answer_dbus
from hardcheck.apparmor.answers.mounts import MountRequest, answer_mount, answer_pivot_root, answer_umount
from hardcheck.apparmor.answers.peers import answer_ptrace, answer_signal
from hardcheck.apparmor.answers.queues import (
    answer_change_profile,
    answer_io_uring,
    answer_mqueue,
    answer_userns,
)
from hardcheck.apparmor.answers.sockets import answer_network, answer_unix
from hardcheck.apparmor.file_access import FileTable, pattern_forms
from hardcheck.apparmor.outcome import Outcome
from hardcheck.apparmor.rules import mount_flags as ms
from hardcheck.apparmor.rules.capability import CAPABILITIES
from hardcheck.apparmor.rules.network import SOCKET_ACCESS
from tests.unit.apparmor.samples import probes_of, texts_of

Answer = tuple[bool, bool, bool, bool]  # allowed, audited, quiet, asked
Signature = dict[object, object]

_FLAGS = (0, ms.RDONLY, ms.BIND, ms.BIND | ms.REC, ms.REMOUNT, ms.REMOUNT | ms.RDONLY, ms.MOVE)
_MORE_FLAGS = (
    ms.PRIVATE,
    ms.SHARED | ms.REC,
    ms.NOSUID | ms.NODEV,
    ms.REMOUNT | ms.NOSUID,
    ms.BIND | ms.RDONLY,
)


class Probes:
    """The texts that the profiles of one comparison suggest."""

    def __init__(self, profiles: Iterable[Profile]) -> None:
        self.paths: dict[str, None] = {"/": None, "/other": None}
        self.links: dict[str, None] = {}
        self.labels: dict[str, None] = {"other": None, "unconfined": None}
        self.points: dict[str, None] = {"/other/": None, "/": None}
        self.dbus: dict[str, dict[str, None]] = {
            field: {"other": None} for field in ("bus", "name", "path", "interface", "member", "label")
        }
        self.addresses: dict[str, None] = {"none": None, "@other": None}
        self.fstypes: dict[str, None] = {"ext4": None}
        self.queues: dict[str, None] = {"/other": None, "7": None}
        self.kinds: set[str] = set()
        for profile in profiles:
            self._add(profile)

    def _add(self, profile: Profile) -> None:
        scope = profile.variables
        self.kinds |= profile.rules.keys()
        for rule in profile.file_rules:
            self.paths.update(dict.fromkeys(probes_of(pattern_forms(profile, rule.pattern))))
            if rule.target is not None:
                self.links.update(dict.fromkeys(probes_of(scope.expand_paths(rule.target), 2)))
        for rule in (*profile.signal_rules, *profile.ptrace_rules):
            self._take(self.labels, profile, rule.peer)
        for dbus in profile.dbus_rules:
            for field in self.dbus:
                pattern = getattr(dbus, field)
                if pattern is not None:
                    forms = scope.expand_paths(pattern) if field == "path" else scope.expand(pattern)
                    self.dbus[field].update(dict.fromkeys(t for f in forms for t in texts_of(f, 2)))
        for unix in profile.unix_rules:
            for end in (unix.local, unix.peer):
                if end.address is not None and end.address.startswith("@"):
                    for form in scope.expand_paths(end.address):
                        self.addresses.update(dict.fromkeys(texts_of(form, 3)))
                self._take(self.labels, profile, end.label)
        for mount in profile.mount_rules:
            for pattern in (mount.source_pattern, mount.point):
                if pattern is not None:
                    self.points.update(dict.fromkeys(probes_of(scope.expand_paths(pattern), 2)))
            for fstype in mount.fstypes:
                self._take(self.fstypes, profile, fstype)
        for change in profile.change_profile_rules:
            self._take(self.labels, profile, change.target)
            if change.executable is not None:
                self.paths.update(dict.fromkeys(probes_of(scope.expand(change.executable), 2)))
        for queue in profile.mqueue_rules:
            self._take(self.queues, profile, queue.name)
            self._take(self.labels, profile, queue.label)

    @staticmethod
    def _take(into: dict[str, None], profile: Profile, pattern: str | None) -> None:
        if pattern is not None:
            for form in profile.variables.expand(pattern):
                into.update(dict.fromkeys(texts_of(form, 3)))


def short(outcome: Outcome) -> Answer:
    return (outcome.allowed, outcome.audited, outcome.quiet, outcome.asked)


def signature(policy: ProfileSet, probes: Probes) -> Signature:
    """Answer every probe for every profile of ``policy``; profiles go by their order."""
    found: Signature = {}
    for number, profile in enumerate(policy.profiles.values()):
        found.update({(number, key): value for key, value in _of_profile(policy, profile, probes).items()})
    return found


def _of_profile(policy: ProfileSet, profile: Profile, probes: Probes) -> Signature:
    found: Signature = {"audit": profile.flags.audit}
    table = FileTable(profile)
    for path in probes.paths:
        found["attached", path] = policy.attached(path).profile is profile
        for owner in (True, False):
            access = table.access(path, owner)
            key = ("file", path, owner)
            found[key] = (access.allowed, str(access.exec_mode), access.audited, access.quiet, access.asked)
    for name in probes.paths if probes.links else ():
        for target in probes.links:
            for owner in (True, False):
                found["link", name, target, owner] = short(answer_link(table, name, target, owner))
    kinds = probes.kinds
    everything = "all" in kinds
    if everything or "capability" in kinds:
        found.update({("cap", name): short(answer_capability(profile, name)) for name in CAPABILITIES})
    if everything or kinds & {"network", "unix"}:
        _sockets(profile, probes, found)
    if everything or kinds & {"signal", "ptrace"}:
        _peers(profile, probes, found)
    if everything or "dbus" in kinds:
        _dbus(profile, probes, found)
    if everything or "mount" in kinds:
        _mounts(profile, probes, found)
    for label in probes.labels if "change_profile" in kinds else ():
        for path in ("", *probes.paths):
            found["change", label, path] = short(answer_change_profile(profile, label, path))
    if "change_profile" in kinds:
        found["scrub"] = [(r.scrub, r.executable is None) for r in profile.change_profile_rules]
    found["userns"] = short(answer_userns(profile))
    for label in probes.labels if kinds & {"mqueue", "io_uring"} else ():
        for access in (8, 0x10):
            found["uring", access, label] = short(answer_io_uring(profile, access, label))
        for name in probes.queues:
            for access in (2, 4, 0x10, 0x20, 0x40, 0x100, 0x200):
                found["queue", access, name, label] = short(answer_mqueue(profile, access, name, label))
    found["rlimit"] = sorted((rule.name, rule.value) for rule in profile.rlimit_rules)
    return found


def _sockets(profile: Profile, probes: Probes, found: Signature) -> None:
    for family in ("unix", "inet", "inet6", "netlink", "packet"):
        for type_ in ("stream", "dgram", "raw", "seqpacket"):
            found["net", family, type_] = short(answer_network(profile, family, type_))
    for bit in sorted(set(SOCKET_ACCESS.values())):
        for address in probes.addresses:
            for label in probes.labels:
                key = ("unix", bit, address, label)
                found[key] = short(answer_unix(profile, bit, "stream", address, address, label))
        found["inet", bit] = short(answer_network(profile, "inet", "stream", bit, fine=True))


def _peers(profile: Profile, probes: Probes, found: Signature) -> None:
    for label in probes.labels:
        for name in ("kill", "hup", "int", "rtmin+3", "exists"):
            for access in (2, 4):
                found["signal", access, name, label] = short(answer_signal(profile, access, name, label))
        for access in (2, 4, 0x40, 0x80):
            found["ptrace", access, label] = short(answer_ptrace(profile, access, label))


def _dbus(profile: Profile, probes: Probes, found: Signature) -> None:
    fields = {field: list(texts)[:4] for field, texts in probes.dbus.items()}
    base = {field: texts[-1] for field, texts in fields.items()}
    messages = [Message(**base)]
    for field, texts in fields.items():
        messages += [Message(**{**base, field: text}) for text in texts]
    for message in dict.fromkeys(messages):
        for access in (2, 4, 0x20, 0x40):
            found["dbus", access, message] = short(answer_dbus(profile, access, message))


def _mounts(profile: Profile, probes: Probes, found: Signature) -> None:
    points = list(probes.points)[:14]
    for point in points:
        found["umount", point] = short(answer_umount(profile, point))
        for source in ("", *points):
            found["pivot", point, source] = short(answer_pivot_root(profile, point, source))
            for fstype in list(probes.fstypes)[:3]:
                for flags in (*_FLAGS, *_MORE_FLAGS):
                    request = MountRequest(point, source, fstype, flags)
                    found["mount", request] = short(answer_mount(profile, request))


def decisions_only(value: Signature) -> Signature:
    """The signature without what only changes records: audit and quiet."""
    found: Signature = {}
    for key, answer in value.items():
        if isinstance(key, tuple) and key[1] == "audit":
            continue
        if isinstance(answer, tuple) and len(answer) == 4:
            found[key] = (answer[0], answer[3])
        elif isinstance(answer, tuple) and len(answer) == 5:
            found[key] = (answer[0], answer[1], answer[4])
        else:
            found[key] = answer
    return found
