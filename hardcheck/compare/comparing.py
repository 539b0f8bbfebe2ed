"""Hosts laid side by side: what runs, what the other framework would give, and the fleet they make."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from hardcheck.compare.catalogue import Lookup
from hardcheck.compare.conditions import prospect
from hardcheck.compare.criteria import Levels, Team, criteria_of, recommend
from hardcheck.compare.fleet import fleet_lines
from hardcheck.compare.model import SIDES, Comparison, Cover, HostComparison, ServiceLine
from hardcheck.compare.objectives import mac_controls, objective_lines
from hardcheck.compare.services import service_lines
from hardcheck.derive.assemble import assemble
from hardcheck.engine import summary
from hardcheck.engine.evaluate import evaluate_all
from hardcheck.engine.judge import Setup
from hardcheck.engine.profile import AuditProfile
from hardcheck.evidence import HostEvidence
from hardcheck.facts import Absent
from hardcheck.findings import Framework


class Assumed(msgspec.Struct, frozen=True):
    """What no host shows: what the team knows, and whether data of several clearances lies there."""

    team: Team = ""
    levels: Levels = ""


def compare(
    hosts: Iterable[HostEvidence], setup: Setup, profile: AuditProfile, lookup: Lookup, assumed: Assumed
) -> Comparison:
    """Compare every host. ``profile`` has the MAC objectives (`mac_controls`), ``setup`` its rules."""
    found = tuple(compare_host(host, setup, profile, lookup, assumed) for host in hosts)
    return Comparison(found, fleet_lines(found))


def compare_host(
    host: HostEvidence, setup: Setup, profile: AuditProfile, lookup: Lookup, assumed: Assumed
) -> HostComparison:
    """One host under the framework that it runs, and under the other, or both where it runs none."""
    name, groups = host.host.name, host.host.groups
    if not host.items:
        why = host.failure.detail if host.failure is not None else "nothing was collected"
        return HostComparison(name, groups, Framework.UNDECIDED, "could not be seen", why)
    facts = assemble(host, setup.parsed, setup.derived, setup.specs)
    framework, verdict = summary.framework_of(facts), summary.verdict_of(facts)
    if framework is Framework.UNDECIDED:
        return HostComparison(name, groups, framework, verdict, "which framework runs could not be seen")
    system = facts["host.os"]
    family = "" if isinstance(system, Absent) else system.family
    services = service_lines(facts, family, lookup)
    if not isinstance(services, Absent):
        services = tuple(_as_loaded(framework, one) for one in services)
    prospects = tuple(prospect(side, facts, services) for side in SIDES if side != framework.value)
    controls = mac_controls(profile)
    wanted = {rule for control in controls for rule in control.rules}
    refs = summary.refs_of(host)
    findings = evaluate_all(
        (rule for rule in setup.rules if rule.id in wanted),
        facts,
        name,
        lambda key: refs.get(key) or summary.missing_ref(host, key),
    )
    criteria = criteria_of(facts, services, assumed.team, assumed.levels)
    return HostComparison(
        host=name,
        groups=groups,
        framework=framework,
        verdict=verdict,
        objectives=objective_lines(controls, findings, prospects, services, facts),
        services=() if isinstance(services, Absent) else services,
        services_unknown=f"{services.reason}: {services.detail}" if isinstance(services, Absent) else "",
        prospects=prospects,
        criteria=criteria,
        recommendation=recommend(framework, criteria, prospects),
    )


def _as_loaded(framework: Framework, one: ServiceLine) -> ServiceLine:
    """For the framework that runs, the policy that is loaded counts, not what is shipped."""
    if framework is Framework.NEITHER:
        return msgspec.structs.replace(one, now=Cover.NONE)
    return msgspec.structs.replace(one, would={**one.would, framework.value: one.now})
