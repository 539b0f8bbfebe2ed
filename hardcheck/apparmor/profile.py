"""A profile with its includes, conditions and blocks resolved; variables are still in its patterns."""

from __future__ import annotations

from functools import cached_property

from hardcheck.apparmor.abi import Features
from hardcheck.apparmor.faults import Fault, SourceText
from hardcheck.apparmor.flags import Flags
from hardcheck.apparmor.rules.all import AllRule
from hardcheck.apparmor.rules.capability import CapabilityRule
from hardcheck.apparmor.rules.change_profile import ChangeProfileRule
from hardcheck.apparmor.rules.dbus import DbusRule
from hardcheck.apparmor.rules.file import FileRule
from hardcheck.apparmor.rules.io_uring import IoUringRule
from hardcheck.apparmor.rules.mount import MountRule
from hardcheck.apparmor.rules.mqueue import MqueueRule
from hardcheck.apparmor.rules.network import NetworkRule
from hardcheck.apparmor.rules.ptrace import PtraceRule
from hardcheck.apparmor.rules.rlimit import RlimitRule
from hardcheck.apparmor.rules.signal import SignalRule
from hardcheck.apparmor.rules.unix import UnixRule
from hardcheck.apparmor.rules.userns import UsernsRule
from hardcheck.apparmor.syntax import Rule
from hardcheck.apparmor.variables import Scope

NEWEST_PARSER = (5, 0)
"""The version of apparmor_parser whose compilation is assumed where none is told."""
_ESCAPED = frozenset("{}[]*?")


class Profile:
    """One profile, child profile or hat.

    ``name`` is the full name as the kernel has it (``parent//child``, without the namespace);
    ``namespace`` is empty for the one the policy is loaded into; ``attachment`` is the pattern of
    executables as written, empty when the profile is reached by name only.
    """

    def __init__(
        self,
        source: SourceText,
        at: int,
        name: str,
        parent: Profile | None,
        scope: Scope,
        features: Features,
        flags: Flags,
    ) -> None:
        self.source, self.at = source, at
        self.name = name
        self.local_name = name
        self.parent = parent
        self.scope = scope
        self.features = features
        self.flags = flags
        self.namespace = ""
        self.attachment = ""
        self.xattrs: tuple[tuple[str, str], ...] = ()
        self.is_hat = False
        self.children: dict[str, Profile] = {}
        self.rules: dict[str, list[Rule]] = {}
        self.included: dict[str, tuple[SourceText, int]] = {}
        self.aliases: tuple[tuple[str, str], ...] = ()
        self.parser_version: tuple[int, ...] = NEWEST_PARSER

    def __repr__(self) -> str:
        return f"Profile({self.full_name!r})"

    @property
    def full_name(self) -> str:
        """The name with its namespace: ``:ns://name``."""
        return f":{self.namespace}://{self.name}" if self.namespace else self.name

    @property
    def classes_are_wild(self) -> bool:
        """Whether the parser counts ``[ab]`` as a wildcard where exec rules contend (before 4.1)."""
        return self.parser_version < (4, 1)

    @property
    def mounts_are_loose(self) -> bool:
        """Whether the parser compiles mount rules to more than they say (CVE-2016-1585)."""
        return self.parser_version < (3, 0, 10) or (3, 1) <= self.parser_version < (3, 1, 4)

    @property
    def where(self) -> str:
        """``FILE:LINE`` of the head of the profile."""
        return self.source.where(self.at)

    def fault(self, rule: Rule, message: str) -> Fault:
        """Return a fault located at a rule."""
        return rule.source.fault(rule.at, message)

    def cite(self, rule: Rule) -> str:
        """Return ``FILE:LINE: text`` of a rule, and through which include it came."""
        via = self.included.get(rule.source.name)
        shown = str(rule)
        return shown if via is None else f"{shown} (included at {via[0].where(via[1])})"

    @cached_property
    def variables(self) -> Scope:
        """The variables that rules see: the file's, and ``@{profile_name}`` and its kin."""
        values = {"profile_name": escape_pattern(self.name)}
        if self.attachment:
            for name in ("attach_path", "exec_path"):
                if self.scope.values(name) is None:
                    values[name] = self.attachment
        return self.scope.child(values)

    @property
    def file_rules(self) -> list[FileRule]:
        """File and link rules as written; those that the compiler adds are not among them."""
        return [rule for rule in self.rules.get("file", ()) if isinstance(rule, FileRule)]

    @property
    def capability_rules(self) -> list[CapabilityRule]:
        """Capability rules."""
        return [rule for rule in self.rules.get("capability", ()) if isinstance(rule, CapabilityRule)]

    @property
    def network_rules(self) -> list[NetworkRule]:
        """Network rules."""
        return [rule for rule in self.rules.get("network", ()) if isinstance(rule, NetworkRule)]

    @property
    def unix_rules(self) -> list[UnixRule]:
        """Unix socket rules."""
        return [rule for rule in self.rules.get("unix", ()) if isinstance(rule, UnixRule)]

    @property
    def signal_rules(self) -> list[SignalRule]:
        """Signal rules."""
        return [rule for rule in self.rules.get("signal", ()) if isinstance(rule, SignalRule)]

    @property
    def ptrace_rules(self) -> list[PtraceRule]:
        """Ptrace rules."""
        return [rule for rule in self.rules.get("ptrace", ()) if isinstance(rule, PtraceRule)]

    @property
    def mount_rules(self) -> list[MountRule]:
        """Mount, remount, umount and pivot_root rules."""
        return [rule for rule in self.rules.get("mount", ()) if isinstance(rule, MountRule)]

    @property
    def dbus_rules(self) -> list[DbusRule]:
        """D-Bus rules."""
        return [rule for rule in self.rules.get("dbus", ()) if isinstance(rule, DbusRule)]

    @property
    def change_profile_rules(self) -> list[ChangeProfileRule]:
        """Rules for change_profile."""
        return [rule for rule in self.rules.get("change_profile", ()) if isinstance(rule, ChangeProfileRule)]

    @property
    def userns_rules(self) -> list[UsernsRule]:
        """User namespace rules."""
        return [rule for rule in self.rules.get("userns", ()) if isinstance(rule, UsernsRule)]

    @property
    def mqueue_rules(self) -> list[MqueueRule]:
        """Message queue rules."""
        return [rule for rule in self.rules.get("mqueue", ()) if isinstance(rule, MqueueRule)]

    @property
    def io_uring_rules(self) -> list[IoUringRule]:
        """io_uring rules."""
        return [rule for rule in self.rules.get("io_uring", ()) if isinstance(rule, IoUringRule)]

    @property
    def rlimit_rules(self) -> list[RlimitRule]:
        """Resource limits."""
        return [rule for rule in self.rules.get("rlimit", ()) if isinstance(rule, RlimitRule)]

    @property
    def all_rules(self) -> list[AllRule]:
        """``all,`` rules."""
        return [rule for rule in self.rules.get("all", ()) if isinstance(rule, AllRule)]


def escape_pattern(text: str) -> str:
    """Return the pattern that matches ``text`` and nothing else; escapes in it stay."""
    escaped, position = [], 0
    while position < len(text):
        if text[position] == "\\":
            escaped.append(text[position : position + 2])
            position += 2
            continue
        escaped.append("\\" + text[position] if text[position] in _ESCAPED else text[position])
        position += 1
    return "".join(escaped)
