"""The table that a recommendation follows: a criterion, each framework on this host, and where it leans."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from hardcheck.compare.catalogue import Side
from hardcheck.compare.distributions import distribution_of
from hardcheck.compare.model import NAMES, SIDES, Cover, Criterion, Prospect, Recommendation, ServiceLine
from hardcheck.facts import Absent, Facts
from hardcheck.findings import Framework

Team = Literal["", "selinux", "apparmor", "both", "neither"]
Levels = Literal["", "yes", "no"]

_UNSEEN = "not seen on this host"
_COST_OF_CHANGE = 3  # points by which the other framework has to lead before a change is worth weighing


def criteria_of(
    facts: Facts, services: tuple[ServiceLine, ...] | Absent, team: Team, levels: Levels
) -> tuple[Criterion, ...]:
    """Every criterion. ``team`` is what the people who run the host know, ``levels`` whether data of
    several clearances lies on it: no host shows either."""
    return (
        _granularity(),
        _shipped(services),
        _per_application(services),
        _default(facts),
        _levels(facts, levels),
        _containers(facts),
        _tenants(facts),
        _team(team),
    )


def _granularity() -> Criterion:
    return Criterion(
        "granularity",
        "by label: every process, file, port and kernel object, whatever its path; levels and roles besides",
        "by path and kind: files, capabilities, sockets, signals, mounts of each confined program",
        "selinux",
        1,
        "kernel Documentation/admin-guide/LSM; selinux(8); apparmor.d(5)",
    )


def _shipped(services: tuple[ServiceLine, ...] | Absent) -> Criterion:
    if isinstance(services, Absent):
        words, leans = dict.fromkeys(SIDES, _UNSEEN), "unknown"
    else:
        network = [one for one in services if one.network] or list(services)
        bound = {side: sum(_binds(one, side) for one in network) for side in SIDES}
        unseen = any(one.would[side] in (Cover.UNKNOWN, Cover.SHIPPED) for one in network for side in SIDES)
        words = {side: f"policy binds {bound[side]} of {len(network)} network services" for side in SIDES}
        leans = "unknown" if unseen and _could_turn(bound, network) else _more(bound)
    return Criterion(
        "coverage of what runs here",
        words["selinux"],
        words["apparmor"],
        leans,
        3,
        "the catalogue of shipped policies, by executable; the policy that is loaded",
    )


def _binds(one: ServiceLine, side: Side) -> bool:
    return one.would[side] is Cover.ENFORCED


def _could_turn(bound: dict[Side, int], network: Sequence[ServiceLine]) -> bool:
    """Whether what was not read could lead to another answer: counted as binding, it ties or overtakes."""
    ahead, behind = sorted(SIDES, key=bound.__getitem__, reverse=True)
    open_ = sum(one.would[behind] in (Cover.UNKNOWN, Cover.SHIPPED) for one in network)
    return bound[behind] + open_ >= bound[ahead]


def _more(numbers: dict[Side, int]) -> str:
    if numbers["selinux"] == numbers["apparmor"]:
        return "even"
    return max(SIDES, key=numbers.__getitem__)


def _per_application(services: tuple[ServiceLine, ...] | Absent) -> Criterion:
    own = "" if isinstance(services, Absent) else str(sum(_without_any(one) for one in services))
    here = f"; {own} services here need their own policy under either" if own else ""
    return Criterion(
        "simplicity for one application",
        f"a module of types, rules and file contexts, and a relabel{here}",
        f"one text file of paths, learnt in complain mode{here}",
        "apparmor" if own and own != "0" else "even" if own else "unknown",
        2,
        "aa-genprof(8); sepolicy-generate(8)",
    )


def _without_any(one: ServiceLine) -> bool:
    return all(one.would[side] in (Cover.NONE, Cover.UNCONFINED) for side in SIDES)


def _default(facts: Facts) -> Criterion:
    system = facts["host.os"]
    known = None if isinstance(system, Absent) else distribution_of(system)
    if known is None:
        return Criterion("distribution", _UNSEEN, _UNSEEN, "unknown", 3, "")
    return Criterion(
        "distribution",
        f"{known.name}: {known.ships['selinux'].note}",
        f"{known.name}: {known.ships['apparmor'].note}",
        known.default or "even",
        3,
        known.source,
    )


def _levels(facts: Facts, levels: Levels) -> Criterion:
    leans = {"yes": "selinux", "no": "even", "": "unknown"}[levels]
    asked = {"yes": "needed", "no": "not needed", "": "whether they are needed was not said (--levels)"}
    policy = facts["selinux.policy"]
    has = (
        "" if isinstance(policy, Absent) else f"; the loaded policy has {'levels' if policy.mls else 'none'}"
    )
    return Criterion(
        "clearances and levels",
        f"multi-level and multi-category security; {asked[levels]}{has}",
        "none",
        leans,
        3,
        "SELinux Notebook, Multi-Level and Multi-Category Security",
    )


def _containers(facts: Facts) -> Criterion:
    running = facts["containers"]
    if isinstance(running, Absent):
        count, leans = f"containers were not seen ({running.reason})", "unknown"
    else:
        count = f"{len(running)} run here" if running else "none run here"
        leans = "selinux" if len(running) > 1 else "even"
    return Criterion(
        "containers",
        f"each gets categories of its own, apart from the host and from each other; {count}",
        f"one profile for all of an engine's containers, apart from the host alone; {count}",
        leans,
        2,
        "container-selinux(8); docs.docker.com, AppArmor security profiles for Docker",
    )


def _tenants(facts: Facts) -> Criterion:
    sites = facts["web.sites"]
    if isinstance(sites, Absent):
        here, leans = f"sites were not seen ({sites.reason})", "unknown"
    else:
        code = {name for site in sites for name in site.names[:1] if site.pools}
        here = f"{len(code)} sites run code here"
        leans = "selinux" if len(code) > 1 else "even"
    return Criterion(
        "web tenants",
        f"a type or a category for each site, held by labels; {here}",
        f"a profile or hat for each pool, held by paths; {here}",
        leans,
        2,
        "httpd_selinux(8); mod_apparmor(8), php-fpm apparmor_hat",
    )


def _team(team: Team) -> Criterion:
    known = {"selinux": ("known", "not known"), "apparmor": ("not known", "known")}
    known |= {"both": ("known", "known"), "neither": ("not known", "not known")}
    words = known.get(team, ("not said (--team)", "not said (--team)"))
    # Without either, people read AppArmor's profiles sooner: paths are what they know already.
    leans = {"": "unknown", "both": "even", "neither": "apparmor"}.get(team, team)
    return Criterion("what the team knows", *words, leans, 2, "as told to this command")


def recommend(
    framework: Framework, criteria: Iterable[Criterion], prospects: tuple[Prospect, ...]
) -> Recommendation:
    """What follows of the table, never without the reasons against it and what is not known."""
    criteria = tuple(criteria)
    points = dict.fromkeys((*SIDES, "even", "unknown"), 0)
    for one in criteria:
        points[one.leans] += one.weight
    possible = {one.framework: one.possible for one in prospects}
    chosen = _chosen(framework, points, possible)
    if chosen is None:
        return Recommendation("Neither framework can run on this host as it is.", points, (), ())
    other: Side = "apparmor" if chosen == "selinux" else "selinux"
    text = "; ".join(_sentence(framework, chosen, other, points, prospects))
    return Recommendation(
        f"{text}.", points, tuple(_reasons(criteria, chosen)), tuple(_reasons(criteria, other))
    )


def _chosen(framework: Framework, points: dict[str, int], possible: dict[Side, bool | None]) -> Side | None:
    """A running framework stays unless the other one leads by more than a change costs and is open."""
    can = [side for side in SIDES if possible.get(side) is not False]
    if framework.value in SIDES:
        running: Side = "selinux" if framework is Framework.SELINUX else "apparmor"
        other: Side = "apparmor" if running == "selinux" else "selinux"
        lead = points[other] - points[running] - points["unknown"]
        leads = lead > _COST_OF_CHANGE and possible.get(other) is True
        return other if leads else running
    return max(can, key=points.__getitem__, default=None)


def _sentence(
    framework: Framework, chosen: Side, other: Side, points: dict[str, int], prospects: Iterable[Prospect]
) -> Iterator[str]:
    verb = (
        "Stay with"
        if framework.value == chosen
        else "Weigh a change to"
        if framework.value in SIDES
        else "Begin with"
    )
    yield f"{verb} {NAMES[chosen]}: {points[chosen]} points lean to it, {points[other]} to {NAMES[other]}"
    if points["unknown"]:
        yield f"{points['unknown']} points are open because nobody said or saw them"
    for one in prospects:
        if one.framework == chosen:
            yield f"it takes {len(one.steps)} steps"
        elif one.possible is False:
            yield f"{NAMES[other]} cannot run on this host as it is"


def _reasons(criteria: Iterable[Criterion], side: Side) -> Iterator[str]:
    for one in criteria:
        if one.leans == side:
            yield f"{one.name} (weight {one.weight}): {one.selinux if side == 'selinux' else one.apparmor}"
