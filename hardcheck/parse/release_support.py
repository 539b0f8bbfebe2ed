"""How long the vendor mends the installed release: os-release(5) and the collection's own day.

``SUPPORT_END=2025-05-13`` is the vendor's word where the file has it (Fedora, Amazon Linux). For other
releases the table below has the last day of free security updates, by the vendors' own pages:
wiki.debian.org/LTS, ubuntu.com/about/release-cycle, access.redhat.com/support/policy/updates/errata,
suse.com/lifecycle, en.opensuse.org/Lifetime, wiki.rockylinux.org, wiki.almalinux.org,
oracle.com/us/assets/lifetime-support-069338.pdf, fedorapeople.org schedules. Support that takes a contract
of its own (ESM, ELS, LTSS, ELTS) is not in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from hardcheck.evidence import HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.host import OsRelease
from hardcheck.facts.repositories import ReleaseSupport
from hardcheck.parse.os_release import KEY, parse_os_release

_DAY = re.compile(r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})(?:T.*)?")
_SUPPORT_END = re.compile(r"^SUPPORT_END=[\"']?(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})[\"']?\s*$", re.MULTILINE)
_RHEL = {"7": "2024-06-30", "8": "2029-05-31", "9": "2032-05-31", "10": "2035-05-31"}
_ENDS: Mapping[str, Mapping[str, str]] = {
    "debian": {"10": "2024-06-30", "11": "2026-08-31", "12": "2028-06-30", "13": "2030-06-30"},
    "ubuntu": {
        "16.04": "2021-04-30",
        "18.04": "2023-05-31",
        "20.04": "2025-05-31",
        "22.04": "2027-04-30",
        "24.04": "2029-04-30",
        "24.10": "2025-07-10",
        "25.04": "2026-01-15",
    },
    "rhel": _RHEL,
    "centos": {"7": "2024-06-30", "8": "2021-12-31", "9": "2027-05-31", "10": "2030-01-01"},
    "rocky": {"8": "2029-05-31", "9": "2032-05-31", "10": "2035-05-31"},
    "almalinux": {"8": "2029-03-01", "9": "2032-05-31", "10": "2035-05-31"},
    "ol": {"7": "2024-12-31", "8": "2029-07-31", "9": "2032-06-30", "10": "2035-06-30"},
    "sles": {
        "12.5": "2024-10-31",
        "15.3": "2022-12-31",
        "15.4": "2023-12-31",
        "15.5": "2024-12-31",
        "15.6": "2025-12-31",
        "15.7": "2031-07-31",
    },
    "opensuse-leap": {"15.4": "2023-12-07", "15.5": "2024-12-31", "15.6": "2026-04-30", "16.0": "2027-10-31"},
}
_BY_MINOR = frozenset({"ubuntu", "sles", "opensuse-leap"})
_ROLLING = frozenset({"opensuse-tumbleweed", "arch"})


def parse_release_support(host: HostEvidence) -> ReleaseSupport | Absent:
    """Until when the release is mended, and the day it was looked at.

    Raises:
        ParseError: no ``ID=``.
    """
    os = parse_os_release(host)
    day = _DAY.fullmatch(host.started_at)
    if day is None:
        return Absent(Reason.NOT_COLLECTED, (KEY,), "the day of the collection is not known")
    shown = f"{os.id} {os.version_id}".strip()
    said = _SUPPORT_END.search(host.get(KEY).text())
    if said is not None:
        return ReleaseSupport(shown, said["day"], day["day"], "SUPPORT_END of /etc/os-release")
    if os.id in _ROLLING:
        return ReleaseSupport(shown, "9999-12-31", day["day"], "a rolling release")
    ends = _ENDS.get(os.id, {}).get(_version(os))
    if ends is None:
        detail = f"the end of support of {shown} is not in the table of this version of hardcheck"
        return Absent(Reason.NOT_COLLECTED, (KEY,), detail[:200])
    return ReleaseSupport(shown, ends, day["day"], "the vendor's published date")


def _version(os: OsRelease) -> str:
    parts = os.version_id.split(".")
    return ".".join(parts[:2]) if os.id in _BY_MINOR else parts[0]
