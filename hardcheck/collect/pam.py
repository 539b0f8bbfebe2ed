"""The stacks of PAM, and what locks an account after failed logins: pam.conf(5), faillock.conf(5)."""

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
)
