"""seusers and customizable_types of the configured policy, /etc/selinux/TYPE::

    root:unconfined_u:s0-s0:c0.c1023
    __default__:user_u:s0

Format: ``LOGIN:USER[:LEVEL]``, ``#`` comments (libselinux seusers.c); customizable_types is one type a line.
"""

from __future__ import annotations

from hardcheck.errors import ParseError
from hardcheck.evidence import Evidence, HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.selinux import Login
from hardcheck.parse.base import absent
from hardcheck.parse.selinux_config import parse_selinux_config

CONTEXTS = "selinux.contexts"
KEYS = ("selinux.config", CONTEXTS)


def policy_file(host: HostEvidence, tree: str, name: str) -> Evidence | Absent:
    """The member ``/etc/selinux/TYPE/NAME`` of a tree, TYPE being the configured policy."""
    config = host.get("selinux.config")
    if config.reason is not None:
        return absent(config)
    policy_type = parse_selinux_config(host).policy_type
    if isinstance(policy_type, Absent):
        return policy_type
    listing = host.get(tree)
    if listing.reason is not None and listing.reason is not Reason.TRUNCATED:
        return absent(listing)
    path = f"/etc/selinux/{policy_type}/{name}"
    member = host.items.get(f"{tree}:{path}")
    if member is None:
        return Absent(Reason.NOT_PRESENT, (tree,), f"no {path}")
    return absent(member) if member.reason is not None else member


def parse_seusers(host: HostEvidence) -> tuple[Login, ...] | Absent:
    """The login mappings in force, in the file's order.

    Raises:
        ParseError: a line of another form.
    """
    member = policy_file(host, CONTEXTS, "seusers")
    if isinstance(member, Absent):
        return member
    logins = []
    for where, line in member.lines():
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        login, _, rest = text.partition(":")
        user, _, level = rest.partition(":")
        if not login or not user:
            raise ParseError(where, "LOGIN:USER[:LEVEL]", repr(line[:80]))
        logins.append(Login(login, user, level))
    return tuple(logins)


def parse_customizable_types(host: HostEvidence) -> frozenset[str] | Absent:
    """Types that restorecon leaves alone without ``-F``; empty where the policy has no such file."""
    member = policy_file(host, CONTEXTS, "contexts/customizable_types")
    if isinstance(member, Absent):
        return frozenset() if member.reason is Reason.NOT_PRESENT else member
    return frozenset(line.strip() for _, line in member.lines() if line.strip())
