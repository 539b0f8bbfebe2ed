"""The kernel's policy: what the host's facts need of it, beside the questions it is asked elsewhere.

A type is unconfined when the policy gives it the attribute that the reference policy and Fedora's give to
their unconfined domains, or the two that hold nearly all it stands for.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec

from hardcheck.evidence import HostEvidence
from hardcheck.facts.selinux import LoadedPolicy
from hardcheck.selinux.ebitmap import values_of
from hardcheck.selinux.policy import Policy
from hardcheck.selinux.policydb import PolicyDb, read_policydb

_MOST_POLICIES, _MOST_FACTS = 3, 6  # a decoded one takes up to 150 MB
_UNCONFINED = (
    frozenset({"unconfined_domain_type"}),
    frozenset({"files_unconfined_type", "kern_unconfined"}),
)


def parse_loaded_policy(host: HostEvidence) -> LoadedPolicy:
    """The policy that the kernel holds.

    Raises:
        PolicyError: it is damaged or of a version not known here.
    """
    return _facts(host, "selinux.policy", kept=True)


def parse_linked_policy(host: HostEvidence) -> LoadedPolicy:
    """The policy as its modules were linked, before local changes: its booleans are the defaults.

    Raises:
        PolicyError: it is damaged or of a version not known here.
    """
    return _facts(host, "selinux.policy_linked", kept=False)


@lru_cache(maxsize=_MOST_POLICIES)
def decoded(content: bytes) -> Policy:
    """A kernel policy, its booleans as the file has them; hosts that hold the same one share what is made
    of it.

    Raises:
        PolicyError: it is damaged or of a version not known here.
    """
    return Policy.from_bytes(content)


def _facts(host: HostEvidence, key: str, *, kept: bool) -> LoadedPolicy:
    """``kept``: questions will be put to the policy, so that it is worth keeping decoded."""
    evidence = host.get(key)
    facts = _facts_of(evidence.content, kept)
    return msgspec.structs.replace(facts, sha256=evidence.sha256, origin=evidence.origin)


@lru_cache(maxsize=_MOST_FACTS)
def _facts_of(content: bytes, kept: bool) -> LoadedPolicy:
    policydb = decoded(content).policydb if kept else read_policydb(content)
    names = {record.value: record.name for record in policydb.types.records if not record.is_alias}
    return LoadedPolicy(
        sha256="",
        origin="",
        version=policydb.header.version,
        mls=policydb.header.mls,
        handle_unknown=policydb.header.handle_unknown.value,
        types=sum(not record.is_attribute and not record.is_alias for record in policydb.types.records),
        permissive=_permissive(policydb, names),
        unconfined=_unconfined(policydb, names),
        booleans={record.name: record.state for record in policydb.booleans.records},
    )


def _permissive(policydb: PolicyDb, names: dict[int, str]) -> tuple[str, ...]:
    """In this map the bit of a type is its value itself, elsewhere its value less one."""
    return tuple(
        sorted(names[value] for value in values_of(policydb.permissive_types >> 1) if value in names)
    )


def _unconfined(policydb: PolicyDb, names: dict[int, str]) -> frozenset[str]:
    by_name = {record.name: record.value for record in policydb.types.records if record.is_attribute}
    wanted = [
        {by_name[name] for name in attributes}
        for attributes in _UNCONFINED
        if all(name in by_name for name in attributes)
    ]
    found = set()
    for record in policydb.types.records:
        if not record.is_attribute and not record.is_alias:
            attributes = set(policydb.type_attributes[record.value - 1])
            if any(group <= attributes for group in wanted):
                found.add(names[record.value])
    return frozenset(found)
