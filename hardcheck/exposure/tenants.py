"""Web tenants: which site's code could read or change which other site's files.

The code of a site runs in its pool's processes, which php-fpm names ``php-fpm: pool NAME``, else in the web
server's own workers. The policy is asked about files of the other site's docroot by the labels on disk.
"""

from __future__ import annotations

from hardcheck.access import Action, Path
from hardcheck.exposure.asking import as_on_disk, put
from hardcheck.exposure.host import Host
from hardcheck.exposure.model import (
    Ask,
    Identity,
    Service,
    Tenant,
    TenantAccess,
    Tenants,
)
from hardcheck.exposure.ordinary import weigh
from hardcheck.facts import Absent
from hardcheck.facts.web import Site
from hardcheck.findings.exposure import GoalReason, Outcome
from hardcheck.reasons import Reason

MOST_SITES = 40
_MOST_FILES = 6
_TITLE = "php-fpm: pool "
_NO_CODE = Absent(Reason.NOT_PRESENT, ("web.php_pools",), "the site runs no code that was found")
_NOT_SEEN = Absent(Reason.NOT_COLLECTED, ("processes.files",), "no process of its pool was seen")


def tenants_of(host: Host, services: tuple[Service, ...]) -> Tenants:
    """The sites and their matrix; Outcome of the policy, with what file modes say beside it."""
    sites = host.facts["web.sites"]
    if isinstance(sites, Absent):
        return Tenants(unknown=f"the sites are not known: {sites.detail or sites.reason}")
    known = [(_tenant(host, site, services), site) for site in sites[:MOST_SITES]]
    matrix = tuple(
        _access(host, reader, owner, services)
        for reader, _ in known
        for owner, _ in known
        if owner is not reader and not _shares_files(reader, owner) and reader.labels is not _NO_CODE
    )
    left_out = f"only {MOST_SITES} of {len(sites)} sites were looked at" if len(sites) > MOST_SITES else ""
    return Tenants(tuple(tenant for tenant, _ in known), matrix, left_out)


def _shares_files(reader: Tenant, owner: Tenant) -> bool:
    return bool(set(reader.docroots) & set(owner.docroots)) or not owner.docroots


def _tenant(host: Host, site: Site, services: tuple[Service, ...]) -> Tenant:
    name = site.names[0] if site.names else f"(default) {site.place}"
    identities = _identities(host, site.pools, services)
    if not identities:
        why = _NOT_SEEN if site.pools or isinstance(site.user, Absent) or site.user else _NO_CODE
        return Tenant(name, site.docroots, site.pools, why, why)
    labels = tuple(dict.fromkeys(one.label for one in identities))
    return Tenant(name, site.docroots, site.pools, identities[0].uid, labels)


def _identities(host: Host, pools: tuple[str, ...], services: tuple[Service, ...]) -> list[Identity]:
    """The identities that have a process of one of the pools."""
    titles = {_TITLE + pool for pool in pools}
    pids = {
        process.pid
        for process in host.each("processes.all")
        if process.arguments and process.arguments[0].strip() in titles
    }
    return [one for service in services for one in service.identities if pids & set(one.pids)]


def _access(host: Host, reader: Tenant, owner: Tenant, services: tuple[Service, ...]) -> TenantAccess:
    identities = _identities(host, reader.pools, services)
    read, why_read = _most_open(host, identities, owner, Action.READ)
    write, why_write = _most_open(host, identities, owner, Action.WRITE)
    return TenantAccess(reader.site, owner.site, read, write, (*why_read, *why_write))


def _most_open(
    host: Host, identities: list[Identity], owner: Tenant, action: Action
) -> tuple[Outcome, tuple[GoalReason, ...]]:
    if not identities:
        note = GoalReason(f"{action} files of {owner.site}", "", Outcome.UNKNOWN, note=_NOT_SEEN.detail)
        return Outcome.UNKNOWN, (note,)
    order = list(Outcome)
    best: GoalReason | None = None
    for identity in identities:
        for path in _files(host, owner):
            reason = _ask(host, identity, path, action)
            if best is None or order.index(reason.outcome) < order.index(best.outcome):
                best = reason
    assert best is not None  # an owner with docroots has a file to ask about
    return best.outcome, (best,)


def _ask(host: Host, identity: Identity, path: str, action: Action) -> GoalReason:
    object_ = as_on_disk(host, Path(path))
    text = f"{action} {path}"
    ordinary = weigh(host, [identity], action, object_)
    if host.framework == "neither":
        return GoalReason(
            text, identity.label, Outcome.ALLOWED, ("no MAC framework is active",), ordinary=ordinary
        )
    outcome, answer = put(host, [identity], identity.label, Ask(text, action, object_), object_)
    grounds = answer.because[:_MOST_FILES]
    return GoalReason(text, identity.label, outcome, grounds, note=answer.unknown, ordinary=ordinary)


def _files(host: Host, owner: Tenant) -> list[str]:
    """Files of a docroot, one for each label; the index where none was seen."""
    found: dict[str, str] = {}
    roots = tuple(root.rstrip("/") + "/" for root in owner.docroots)
    for file in host.files.values():
        if file.kind == "f" and file.path.startswith(roots):
            found.setdefault(file.label, file.path)
    return list(found.values())[:_MOST_FILES] or [f"{root.rstrip('/')}/index.php" for root in owner.docroots]
