"""Accounts of cPanel, and what keeps them apart where no MAC framework does."""

from __future__ import annotations

from hardcheck.facts import Absent
from hardcheck.facts.accounts import User
from hardcheck.facts.web import Cpanel, CpanelAccount, PhpPool

_JAILS = ("/jailshell", "/noshell", "/nologin", "/false")
_OWN = ("nobody", "system", "root")


def cpanel_accounts(
    cpanel: Cpanel, users: tuple[User, ...], pools: tuple[PhpPool, ...]
) -> tuple[CpanelAccount, ...] | Absent:
    """Every account that owns a domain, by name."""
    shells = {user.name: user.shell for user in users}
    running = {pool.user for pool in pools}
    names = sorted({owner for _, owner in cpanel.domains if owner and owner not in _OWN})
    return tuple(
        CpanelAccount(
            name=name,
            shell=shells.get(name, "none"),
            jailed=cpanel.cagefs or shells.get(name, "/noshell").endswith(_JAILS),
            pool=name in running,
        )
        for name in names
    )
