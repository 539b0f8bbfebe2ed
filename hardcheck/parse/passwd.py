"""Accounts and groups: passwd(5), group(5), and the state of passwords as the probe tells it.

``NAME:x:UID:GID:COMMENT:HOME:SHELL``; ``NAME:x:GID:MEMBER,MEMBER``; and, never with a hash,
``NAME:STATE:SCHEME:LASTCHANGE:MIN:MAX:WARN:INACTIVE:EXPIRE``::

    root:locked:-:20778:0:99999:7::
    alice:set:yescrypt:20001:0:90:7:30:
"""

from __future__ import annotations

from typing import Literal

from hardcheck.errors import ParseError
from hardcheck.evidence import HostEvidence
from hardcheck.facts.accounts import Group, Password, User
from hardcheck.parse.numbers import whole, whole_or_none

_STATES: dict[str, Literal["set", "locked", "none"]] = {"set": "set", "locked": "locked", "none": "none"}


def parse_passwd(host: HostEvidence) -> tuple[User, ...]:
    """Every account in the file's order; lines of NIS (``+``, ``-``) are passed over.

    Raises:
        ParseError: a line of another form, or no account.
    """
    evidence = host.get("accounts.passwd")
    users = []
    for where, line in evidence.lines():
        if not line.strip() or line[0] in "#+-":
            continue
        fields = line.split(":")
        if len(fields) != 7:
            raise ParseError(where, "7 fields", str(len(fields)))
        uid, gid = whole(where, fields[2], "a user number"), whole(where, fields[3], "a group number")
        users.append(User(fields[0], uid, gid, fields[5], fields[6]))
    if not users:
        raise ParseError(evidence.key, "at least one account", "none")
    return tuple(users)


def parse_group(host: HostEvidence) -> tuple[Group, ...]:
    """Every group in the file's order. Raises ParseError for a line of another form."""
    groups = []
    for where, line in host.get("accounts.group").lines():
        if not line.strip() or line[0] in "#+-":
            continue
        fields = line.split(":")
        if len(fields) != 4:
            raise ParseError(where, "4 fields", str(len(fields)))
        members = tuple(name for name in fields[3].split(",") if name)
        groups.append(Group(fields[0], whole(where, fields[2], "a group number"), members))
    return tuple(groups)


def parse_passwords(host: HostEvidence) -> tuple[Password, ...]:
    """The state of every password in the file's order. Raises ParseError for a line of another form."""
    passwords = []
    for where, line in host.get("accounts.passwords").lines():
        fields = line.split(":")
        if len(fields) != 9:
            raise ParseError(where, "9 fields", str(len(fields)))
        state = _STATES.get(fields[1])
        if state is None:
            raise ParseError(where, "set, locked or none", repr(fields[1][:40]))
        passwords.append(
            Password(
                name=fields[0],
                state=state,
                scheme="" if fields[2] == "-" else fields[2],
                changed_day=whole_or_none(where, fields[3]),
                max_days=whole_or_none(where, fields[5]),
                expire_day=whole_or_none(where, fields[8]),
            )
        )
    return tuple(passwords)
