"""The policies that the common question is put to, as this host has them.

SELinux: the policy that the kernel holds, with the booleans of selinuxfs and the host's mode.
AppArmor: the profile text of /etc/apparmor.d, of which only what the kernel has loaded counts. The kernel
does not give its compiled profiles back, so a profile that was changed on disk since it was loaded is
answered for by its new text; the fact ``apparmor.checks`` says which those are.
"""

from __future__ import annotations

from functools import lru_cache

from hardcheck.access import AccessPolicy
from hardcheck.apparmor import ProfileSet
from hardcheck.apparmor.access import AppArmorPolicy
from hardcheck.evidence import HostEvidence
from hardcheck.facts import Absent
from hardcheck.parse.apparmor_state import parse_loaded_profiles
from hardcheck.parse.apparmor_tree import FILES, read_profile_set
from hardcheck.parse.apparmor_tree import KEYS as TREE_KEYS
from hardcheck.parse.base import ParsedFact, absent
from hardcheck.parse.label_checks import FILE_CONTEXTS, read_file_contexts
from hardcheck.parse.selinux_policy import decoded
from hardcheck.parse.selinuxfs import parse_booleans, parse_selinux_kernel
from hardcheck.reasons import Reason
from hardcheck.selinux.access import SelinuxPolicy
from hardcheck.selinux.file_contexts import FileContexts
from hardcheck.selinux.policy import Policy

POLICY = "selinux.policy"
KERNEL = "selinux.kernel"
PROFILES = "apparmor.profiles"
_MOST_HOSTS = 4


def parse_selinux_access(host: HostEvidence) -> SelinuxPolicy | Absent:
    """The kernel's policy, to be asked; file_contexts where they could be had.

    Raises:
        PolicyError: the policy or file_contexts is damaged.
        ParseError: selinuxfs has a form that is not known.
    """
    state = host.get(KERNEL)
    if state.reason is not None:
        return absent(state)
    kernel, booleans = parse_selinux_kernel(host), parse_booleans(host)
    if isinstance(kernel, Absent):
        return kernel
    if isinstance(booleans, Absent):
        return booleans
    policy = decoded(host.get(POLICY).content)
    live = frozenset((name, boolean.now) for name, boolean in booleans.items() if name in policy.booleans)
    contexts = read_file_contexts(host)
    known = None if isinstance(contexts, Absent) else contexts
    return _asked(policy, live, known, kernel.enforcing)


@lru_cache(maxsize=_MOST_HOSTS)
def _asked(
    policy: Policy, live: frozenset[tuple[str, bool]], contexts: FileContexts | None, enforcing: bool
) -> SelinuxPolicy:
    """Hosts with the same policy, booleans and file contexts share the answers: the two objects are the
    same where their bytes are."""
    return SelinuxPolicy(policy.with_booleans(dict(live)), contexts, enforcing=enforcing)


def parse_apparmor_access(host: HostEvidence) -> AppArmorPolicy | Absent:
    """The loaded profiles by their text, to be asked.

    Raises:
        ParseError: a listing has a form that is not known.
    """
    loaded = parse_loaded_profiles(host)
    policy, unread = read_profile_set(host)
    if unread:
        return Absent(Reason.NOT_COLLECTED, (FILES,), f"not all profile text is there: {unread[0]}")
    return _asked_profiles(policy, frozenset(profile.name for profile in loaded))


@lru_cache(maxsize=_MOST_HOSTS)
def _asked_profiles(policy: ProfileSet, loaded: frozenset[str]) -> AppArmorPolicy:
    """Hosts with the same profile text and the same profiles loaded share the answers."""
    return AppArmorPolicy(policy.with_loaded(loaded))


ACCESS_PARSERS: tuple[ParsedFact, ...] = (
    ParsedFact(
        "access.selinux",
        AccessPolicy,
        "the kernel's SELinux policy, to be asked",
        (POLICY, KERNEL, FILE_CONTEXTS),
        parse_selinux_access,
    ),
    ParsedFact(
        "access.apparmor",
        AccessPolicy,
        "the loaded AppArmor profiles, to be asked",
        (PROFILES, *TREE_KEYS),
        parse_apparmor_access,
    ),
)
