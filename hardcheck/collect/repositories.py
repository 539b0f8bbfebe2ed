"""Where packages come from, and whether their signatures are checked.

Passwords in addresses are taken out before anything is stored, as everywhere.
"""

from __future__ import annotations

from hardcheck.collect.base import KIB, CommandSource, TreeSource

SOURCES = (
    TreeSource(
        "repositories.dnf",
        (
            "/etc/dnf/dnf.conf",
            "/etc/dnf/libdnf5.conf.d/*.conf",
            "/usr/share/dnf5/libdnf.conf.d/*.conf",
            "/etc/yum.conf",
            "/etc/yum.repos.d/*.repo",
            "/etc/distro.repos.d/*.repo",
        ),
        max_files=200,
        max_bytes=128 * KIB,
    ),
    TreeSource(
        "repositories.zypper",
        ("/etc/zypp/zypp.conf", "/etc/zypp/zypp.conf.d/*.conf", "/etc/zypp/repos.d/*.repo"),
        max_files=200,
        max_bytes=128 * KIB,
    ),
    TreeSource(
        "repositories.apt",
        ("/etc/apt/sources.list", "/etc/apt/sources.list.d/*.list", "/etc/apt/sources.list.d/*.sources"),
        max_files=200,
        max_bytes=64 * KIB,
    ),
    CommandSource(
        "repositories.apt_options",
        (
            "apt-config",
            "dump",
            "APT::Get::AllowUnauthenticated",
            "Acquire::AllowInsecureRepositories",
            "Acquire::AllowWeakRepositories",
            "Acquire::AllowDowngradeToInsecureRepositories",
        ),
        max_bytes=8 * KIB,
    ),
    # One line a key that rpm trusts; exit status 1 is "none".
    CommandSource(
        "repositories.rpm_keys",
        ("rpm", "-q", "--qf", "key %{VERSION} %{SUMMARY}\\n", "gpg-pubkey"),
        max_bytes=64 * KIB,
        ok=(0, 1),
    ),
)
