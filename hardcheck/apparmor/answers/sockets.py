"""Sockets: network rules by family, type, address and port; unix rules by address and label."""

from __future__ import annotations

import ipaddress
import re

from hardcheck.apparmor.answers.peers import matches_label
from hardcheck.apparmor.matching import matcher_for
from hardcheck.apparmor.outcome import Outcome, judge
from hardcheck.apparmor.profile import Profile
from hardcheck.apparmor.rules.network import ALL_SOCKET, PEER_SOCKET, Endpoint
from hardcheck.apparmor.rules.unix import UnixEnd
from hardcheck.apparmor.syntax import Mode, Rule

_AUTO = re.compile(r"@[0-9a-f]{5}")  # what the kernel binds an unnamed socket to, see unix(7)
CREATE = 0x10


def answer_network(
    profile: Profile,
    family: str,
    type_: str,
    access: int = CREATE,
    local: tuple[str, int] | None = None,
    peer: tuple[str, int] | None = None,
    fine: bool = False,
) -> Outcome:
    """May the profile use such a socket? Without ``fine`` mediation, addresses and accesses do not count.

    A kernel that knows families and types only (``fine`` False) takes a rule with addresses for one
    without, and every access for every other one. ``local`` and ``peer`` are (address, port).
    """
    rules: list[tuple[Rule, int]] = []
    for rule in profile.network_rules:
        if not rule.covers(family, type_):
            continue
        if not fine:
            rules.append((rule, ALL_SOCKET))
        elif _covers(rule.local, local) and (
            access & ~PEER_SOCKET or rule.peer.is_any or (peer is not None and _covers(rule.peer, peer))
        ):
            rules.append((rule, rule.access))
    if family == "unix":  # a unix rule of a kernel that cannot tell unix sockets apart
        rules += [
            (rule, ALL_SOCKET)
            for rule in profile.unix_rules
            if rule.prefix.mode is not Mode.DENY and rule.type_ in ("", type_)
        ]
    rules += [(rule, ALL_SOCKET) for rule in profile.all_rules]
    return judge(rules, access)


def answer_unix(
    profile: Profile, access: int, type_: str, address: str, peer: str = "", peer_label: str = ""
) -> Outcome:
    """May the profile do ``access`` on a unix socket without a path?

    ``address`` and ``peer`` are ``@name``, ``none`` (anonymous) or empty (not known: only rules without
    an address match); ``peer_label`` is the label of the other end, empty for accesses without one.
    """
    rules: list[tuple[Rule, int]] = []
    for rule in profile.unix_rules:
        if rule.type_ not in ("", type_) or not _matches_address(profile, rule.local, address):
            continue
        bits = rule.access
        if rule.peer != UnixEnd():
            if not _matches_address(profile, rule.peer, peer):
                continue
            if rule.peer.label is not None and not matches_label(profile, rule.peer.label, peer_label):
                continue
            bits &= PEER_SOCKET
        rules.append((rule, bits))
    rules += [(rule, ALL_SOCKET) for rule in profile.network_rules if rule.covers("unix", type_)]
    rules += [(rule, ALL_SOCKET) for rule in profile.all_rules]
    return judge(rules, access)


def _covers(end: Endpoint, asked: tuple[str, int] | None) -> bool:
    if end.is_any:
        return True
    if asked is None:
        return False
    address, port = asked
    if end.first_port >= 0 and not end.first_port <= port <= end.last_port:
        return False
    if not end.address:
        return True
    try:
        return end.address == (address if address == "none" else str(ipaddress.ip_address(address)))
    except ValueError:
        return False


def _matches_address(profile: Profile, end: UnixEnd, address: str) -> bool:
    if end.address is None:
        return True
    if end.address == "none" or address == "none":
        return end.address == address
    if end.address == "auto":
        return _AUTO.fullmatch(address) is not None
    return matcher_for(profile.variables.expand_paths(end.address)).matches_text(address)
