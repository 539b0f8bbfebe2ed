"""Sources of packages: which manager's settings count, and whether the vendor's key is among those
trusted."""

from __future__ import annotations

from collections.abc import Mapping

from hardcheck.facts import Absent, Reason
from hardcheck.facts.host import OsRelease
from hardcheck.facts.packages import Packages
from hardcheck.facts.repositories import RpmSources, SigningKey

_OWNERS: Mapping[str, tuple[str, ...]] = {
    "rhel": ("red hat, inc.",),
    "fedora": ("fedora",),
    "centos": ("centos",),
    "rocky": ("rocky",),
    "almalinux": ("almalinux",),
    "ol": ("oracle",),
    "amzn": ("amazon linux",),
    "sles": ("suse",),
    "sled": ("suse",),
    "opensuse-leap": ("suse", "opensuse"),
    "opensuse-tumbleweed": ("opensuse",),
}
"""What the owners of the vendors' keys call themselves, in small letters, by the ID of os-release(5)."""


def rpm_sources(
    dnf: RpmSources | Absent, zypper: RpmSources | Absent, packages: Packages | Absent
) -> RpmSources | Absent:
    """The manager that installs: zypper where it is configured, else dnf. On a host of dpkg neither is."""
    if not isinstance(packages, Absent) and packages.manager == "dpkg":
        return Absent(Reason.NOT_PRESENT, ("packages.dpkg",), "packages of this host are dpkg's")
    if isinstance(zypper, Absent) and zypper.reason is Reason.NOT_PRESENT:
        return dnf
    return zypper


def vendor_keys(os: OsRelease, keys: tuple[SigningKey, ...]) -> tuple[SigningKey, ...] | Absent:
    """The keys whose owner is the vendor. A key's owner is what the key itself says: compare its number."""
    owners = _OWNERS.get(os.id)
    if owners is None:
        detail = f"what the keys of {os.id} are called is not known"
        return Absent(Reason.NOT_COLLECTED, ("host.os_release",), detail[:200])
    return tuple(key for key in keys if any(owner in key.owner.lower() for owner in owners))
