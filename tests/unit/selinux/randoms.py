"""Random but valid contexts of a policy, from a seeded generator."""

from __future__ import annotations

import random

from hardcheck.selinux import Policy
from hardcheck.selinux.contexts import SecurityContext
from hardcheck.selinux.ebitmap import values_of
from hardcheck.selinux.mls import MlsLevel, MlsRange
from hardcheck.selinux.symbols import OBJECT_R

LONGEST = 78  # characters that checkpolicy reads of a line


def random_contexts(policy: Policy, rng: random.Random, count: int) -> list[str]:
    """Up to ``count`` different contexts that the policy authorises."""
    found: dict[str, None] = {}
    for _ in range(count * 20):
        context = _random_context(policy, rng)
        if context is not None and policy.labels.is_valid(context):
            text = policy.labels.show(context)
            if len(text) <= LONGEST:
                found[text] = None
        if len(found) >= count:
            break
    return list(found)


def _random_context(policy: Policy, rng: random.Random) -> SecurityContext | None:
    user = rng.choice(policy.policydb.users.records)
    role = rng.choice([*values_of(user.roles), OBJECT_R])
    types = policy.types.every
    if role != OBJECT_R:
        types &= next(record.types for record in policy.policydb.roles.records if record.value == role)
    if not types:
        return None
    range_ = _random_range(policy, rng) if policy.mls and rng.random() < 0.5 else user.range
    return SecurityContext(user.value, role, rng.choice(list(values_of(types))), range_)


def _random_range(policy: Policy, rng: random.Random) -> MlsRange:
    levels = [record.level for record in policy.policydb.sensitivities.records if not record.is_alias]
    low, high = (_random_level(rng.choice(levels), rng) for _ in range(2))
    return MlsRange(low, MlsLevel(high.sensitivity, high.categories | low.categories))


def _random_level(level: MlsLevel, rng: random.Random) -> MlsLevel:
    share = rng.choice((0, 0.1, 0.5))
    chosen = [value for value in values_of(level.categories) if rng.random() < share][:6]
    return MlsLevel(level.sensitivity, sum(1 << (value - 1) for value in chosen))
