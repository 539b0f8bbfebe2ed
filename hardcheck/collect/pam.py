"""The stacks of PAM, what locks an account after failed logins, and which folders each login gets of its
own: pam.conf(5), faillock.conf(5), namespace.conf(5)."""

from __future__ import annotations

from hardcheck.collect.base import KIB, TreeSource

SOURCES = (
    TreeSource(
        "pam.files",
        ("/etc/pam.d/*", "/usr/lib/pam.d/*", "/usr/etc/pam.d/*"),
        max_files=300,
        max_bytes=32 * KIB,
    ),
    TreeSource(
        "pam.faillock_conf", ("/etc/security/faillock.conf", "/usr/etc/security/faillock.conf"), max_files=4
    ),
    TreeSource(
        "pam.namespace_conf",
        (
            "/etc/security/namespace.conf",
            "/etc/security/namespace.d/*.conf",
            "/usr/etc/security/namespace.conf",
            "/usr/etc/security/namespace.d/*.conf",
        ),
        max_files=40,
        max_bytes=32 * KIB,
    ),
)
