"""The table of derived facts about how web sites are kept apart."""

from __future__ import annotations

from hardcheck.derive import cpanel_accounts, php_limits, web_isolation
from hardcheck.derive.base import DerivedFact
from hardcheck.facts import web

WEB_DERIVED: tuple[DerivedFact, ...] = (
    DerivedFact(
        "web.php_limits",
        tuple[web.PhpLimits, ...],
        "pools of php-fpm with the settings that bound them",
        ("web.php_pools", "web.php_ini"),
        php_limits.php_limits,
    ),
    DerivedFact(
        "web.docroots",
        tuple[web.DocrootAccess, ...],
        "folders of sites, and which other sites may enter them",
        ("web.sites", "web.folders"),
        web_isolation.docroots,
        weighs=("accounts.users", "accounts.groups"),
    ),
    DerivedFact(
        "web.tenants",
        tuple[web.TenantReach, ...],
        "sites that run code, and whose files the MAC policy lets them read",
        ("web.sites", "access.policy"),
        web_isolation.tenants,
        weighs=("processes.all", "labels.files"),
    ),
    DerivedFact(
        "web.content_labels",
        tuple[web.ContentLabels, ...],
        "the SELinux types of sites' files",
        ("web.sites", "labels.files"),
        web_isolation.content_labels,
    ),
    DerivedFact(
        "web.cpanel_accounts",
        tuple[web.CpanelAccount, ...],
        "accounts of cPanel and what keeps them apart",
        ("web.cpanel", "accounts.users", "web.php_pools"),
        cpanel_accounts.cpanel_accounts,
    ),
)
