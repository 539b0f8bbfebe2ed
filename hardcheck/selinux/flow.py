"""Information flow of one step: where information can go from a type, and where it comes from.

A right to write carries information from the source of a rule to its target, a right to read
from the target to the source. Rights that only reveal or change that something exists (getattr,
setattr, search, lock) carry next to nothing and are left out. Rules in force count; constraints,
roles and bounds do not (they only take away).
"""

from __future__ import annotations

from msgspec import Struct

from hardcheck.selinux.policy import Booleans, Policy
from hardcheck.selinux.sets import having, masks_of_source, masks_on_target
from hardcheck.selinux.types import TypeSet

READING = (
    *("read", "execute", "map", "recv", "recvfrom", "recv_msg", "receive", "select", "copy", "export"),
    *("dequeue", "unix_read", "nlmsg_read", "nlmsg_readpriv", "syslog_read", "ptrace"),
)
WRITING = (
    *("write", "append", "add_name", "send", "sendto", "send_msg", "enqueue", "insert", "update"),
    *("import", "connectto", "unix_write", "nlmsg_write", "ptrace", "relabelto"),
    *("signal", "sigkill", "sigstop", "sigchld"),
)


class Flow(Struct, frozen=True):
    """Types that information passes to or from by one permission of a class.

    ``acting`` says who uses the permission: the type that was asked about, or the others.
    """

    class_: str
    permission: str
    acting: bool
    types: TypeSet


def flows_from(policy: Policy, type_: str, booleans: Booleans | None = None) -> tuple[Flow, ...]:
    """Return the flows out of a type: what it may write, and who may read it.

    Raises:
        PolicyError: a name that is no type of the policy.
    """
    return _flows(policy, type_, WRITING, READING, booleans)


def flows_to(policy: Policy, type_: str, booleans: Booleans | None = None) -> tuple[Flow, ...]:
    """Return the flows into a type: what it may read, and who may write it.

    Raises:
        PolicyError: a name that is no type of the policy.
    """
    return _flows(policy, type_, READING, WRITING, booleans)


def _flows(
    policy: Policy,
    name: str,
    own: tuple[str, ...],
    others: tuple[str, ...],
    booleans: Booleans | None,
) -> tuple[Flow, ...]:
    type_ = policy.labels.parse_type(name)
    itself = 1 << (type_ - 1)
    rules = policy.enabled(booleans)
    found = []
    for class_ in policy.names.classes.values():
        acts = masks_of_source(policy, rules, type_, class_)
        acted_on = masks_on_target(policy, rules, type_, class_)
        for acting, by_mask, permissions in ((True, acts, own), (False, acted_on, others)):
            for permission in permissions:
                types = having(by_mask, class_.masks.get(permission, 0)) & ~itself
                if types:
                    found.append(Flow(class_.name, permission, acting, types))
    return tuple(found)
