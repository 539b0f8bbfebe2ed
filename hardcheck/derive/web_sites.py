"""Sites with the pools behind them, and accounts that run the code of more than one site."""

from __future__ import annotations

from hardcheck.facts import Absent, Reason
from hardcheck.facts.web import PhpPool, ServerBlock, SharedUser, Site, WebServer

_GONE = (Reason.TOOL_MISSING, Reason.NOT_PRESENT)


def sites(
    nginx: WebServer | Absent, apache: WebServer | Absent, pools: tuple[PhpPool, ...] | Absent
) -> tuple[Site, ...] | Absent:
    """Every site of the servers that run, in their order.

    Absent as soon as one server's sites could not be had; a server that is not installed has none.
    """
    found: list[Site] = []
    for server in (nginx, apache):
        if isinstance(server, Absent):
            if server.reason not in _GONE:
                return server
            continue
        found.extend(_site(block, pools) for block in server.sites)
    return tuple(found)


def _site(block: ServerBlock, pools: tuple[PhpPool, ...] | Absent) -> Site:
    mine: tuple[PhpPool, ...] = ()
    user: str | Absent = block.user
    if block.backends and isinstance(pools, Absent):
        user = block.user or pools
    elif block.backends and not isinstance(pools, Absent):
        wanted = {_socket(backend) for backend in block.backends}
        mine = tuple(pool for pool in pools if _socket(pool.listen) in wanted)
        users = {pool.user for pool in mine}
        if not block.user and len(users) == 1:
            user = users.pop()
        elif not block.user:
            what = "several pools" if users else "something that is no pool of php-fpm"
            user = Absent(Reason.NOT_PRESENT, ("web.php_pools",), f"passes requests to {what}")
    elif block.server == "apache" and not block.user:
        why = "whether Apache itself runs code for it is not known"
        user = Absent(Reason.NOT_COLLECTED, ("web.apache", "web.apache_files"), why)
    names = tuple(pool.name for pool in mine)
    return Site(block.server, block.names, block.docroots, block.backends, names, user, block.place)


def _socket(address: str) -> str:
    """One form for a socket: without ``unix:``, a scheme or the old folder /var/run."""
    text = address.partition("://")[2] or address
    text = text.removeprefix("unix:")
    if text.startswith("/var/run/"):
        text = text.removeprefix("/var")
    return f"127.0.0.1:{text}" if text.isdecimal() else text.replace("localhost:", "127.0.0.1:").rstrip("/:")


def shared_users(known: tuple[Site, ...]) -> tuple[SharedUser, ...] | Absent:
    """Accounts that run the code of two or more sites in folders of their own, by name.

    That there are none is not known while a site's account is not.
    """
    by_user: dict[str, list[Site]] = {}
    for site in known:
        if isinstance(site.user, str) and site.user:
            by_user.setdefault(site.user, []).append(site)
    found = []
    for user, mine in sorted(by_user.items()):
        if len({site.docroots or (site.place,) for site in mine}) < 2:
            continue
        names = dict.fromkeys(site.names[0] if site.names else site.place for site in mine)
        pools = dict.fromkeys(pool for site in mine for pool in site.pools)
        found.append(SharedUser(user, tuple(names), tuple(pools)))
    unknown = next((site.user for site in known if isinstance(site.user, Absent)), None)
    return tuple(found) if found or unknown is None else unknown
