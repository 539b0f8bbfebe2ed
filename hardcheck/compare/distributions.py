"""What distributions do about the two frameworks: start with, ship policy for, or leave out."""

from __future__ import annotations

import msgspec

from hardcheck.compare.catalogue import Side
from hardcheck.facts.host import OsRelease


class Ships(msgspec.Struct, frozen=True):
    """One framework in one distribution. ``packages`` are groups of names of which one has to be there;
    ``note`` says how far the distribution stands behind it."""

    packages: tuple[tuple[str, ...], ...]
    note: str
    source: str


class Distribution(msgspec.Struct, frozen=True):
    """``default`` is what a fresh installation enforces, empty where that is not known here."""

    name: str
    default: Side | str
    ships: dict[Side, Ships]
    source: str


_SELINUX_DEBIAN = Ships(
    (("selinux-policy-default", "selinux-policy-mls"), ("policycoreutils",), ("selinux-basics",)),
    "packaged by Debian, not what its installer sets up",
    "Debian package selinux-basics; wiki.debian.org SELinux/Setup",
)
_APPARMOR_DEBIAN = Ships((("apparmor",), ("apparmor-utils",)), "on by default", "Debian 10 release notes")
_DEBIAN = Distribution(
    "Debian",
    "apparmor",
    {"selinux": _SELINUX_DEBIAN, "apparmor": _APPARMOR_DEBIAN},
    "Debian 10 release notes",
)
_UBUNTU = Distribution(
    "Ubuntu",
    "apparmor",
    {
        "selinux": Ships(
            _SELINUX_DEBIAN.packages,
            "from the community archive universe",
            "Ubuntu package selinux-policy-default",
        ),
        "apparmor": Ships(
            _APPARMOR_DEBIAN.packages, "on by default", "Ubuntu Server documentation, AppArmor"
        ),
    },
    "Ubuntu Server documentation, AppArmor",
)
_RHEL = Distribution(
    "the RHEL family",
    "selinux",
    {
        "selinux": Ships(
            (("selinux-policy-targeted", "selinux-policy-mls"), ("policycoreutils",)),
            "on by default and supported",
            "Red Hat Enterprise Linux, Using SELinux",
        ),
        "apparmor": Ships(
            (), "neither in the kernel nor packaged", "kernel configuration of RHEL and Fedora"
        ),
    },
    "Red Hat Enterprise Linux, Using SELinux",
)
_SUSE = Distribution(
    "SUSE",
    "",
    {
        "selinux": Ships(
            (("selinux-policy-targeted", "selinux-policy-minimum"), ("policycoreutils",)),
            "the default of SLE 16 and of new Tumbleweed installations; not supported in SLE 15",
            "SUSE Linux Enterprise Server documentation, Security Guide",
        ),
        "apparmor": Ships(
            (("apparmor-parser",), ("apparmor-utils",)),
            "the default up to SLE 15 and Leap 15",
            "SUSE Linux Enterprise Server 15 documentation, Security Guide",
        ),
    },
    "SUSE Linux Enterprise Server documentation, Security Guide",
)


def distribution_of(system: OsRelease) -> Distribution | None:
    """What is known of a host's distribution; None where nothing is."""
    if system.id == "ubuntu":
        return _UBUNTU
    if system.family == "suse":
        selinux = system.version_id.startswith("16") or system.id in ("opensuse-tumbleweed", "sle-micro")
        return msgspec.structs.replace(_SUSE, default="selinux" if selinux else "apparmor")
    return {"debian": _DEBIAN, "rhel": _RHEL}.get(system.family)
