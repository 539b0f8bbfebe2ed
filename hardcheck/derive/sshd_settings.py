"""Settings of sshd that take reading: numbers in one word, the banner's file, the system-wide crypto
policy."""

from __future__ import annotations

import re
from collections.abc import Mapping

from hardcheck.facts import Absent, Reason
from hardcheck.facts.sshd import CryptoPolicy, SshdBanner, SshdCryptoPolicy, SshdLimits

_KEY = "sshd.effective"
_STARTUPS = re.compile(r"(?P<begin>[0-9]{1,9}):(?P<rate>[0-9]{1,3}):(?P<full>[0-9]{1,9})")
_REKEY = re.compile(r"(?P<bytes>[0-9]{1,18}) (?P<seconds>[0-9]{1,12})")
_PLACES = ("/etc/issue", "/etc/issue.net", "/etc/motd")
_LEAVES = ("banner", "issue")


def limits(effective: Mapping[str, str]) -> SshdLimits | Absent:
    """MaxStartups and RekeyLimit as ``sshd -T`` prints them: ``10:30:100`` and ``0 0``."""
    startups = _STARTUPS.fullmatch(effective.get("maxstartups", ""))
    rekey = _REKEY.fullmatch(effective.get("rekeylimit", ""))
    if startups is None or rekey is None:
        return Absent(
            Reason.UNPARSABLE, (_KEY,), "sshd printed no MaxStartups or RekeyLimit of the usual form"
        )
    return SshdLimits(
        startups_begin=int(startups["begin"]),
        startups_rate=int(startups["rate"]),
        startups_full=int(startups["full"]),
        rekey_bytes=int(rekey["bytes"]),
        rekey_seconds=int(rekey["seconds"]),
    )


def banner(effective: Mapping[str, str], files: Mapping[str, bool] | Absent) -> SshdBanner:
    """The banner's file and whether it has text; one in a place that was not looked at is not known."""
    path = effective.get("banner", "none")
    if path == "none":
        return SshdBanner("none", text=False)
    if isinstance(files, Absent):
        return SshdBanner(path, files)
    if path in files:
        return SshdBanner(path, files[path])
    folder, _, leaf = path.rpartition("/")
    looked = path in _PLACES or (folder == "/etc/ssh" and any(word in leaf for word in _LEAVES))
    if looked:
        return SshdBanner(path, text=False)  # sshd shows nothing where the file is missing
    unseen = Absent(Reason.NOT_COLLECTED, ("sshd.banners",), f"{path} is in no place that is looked at"[:300])
    return SshdBanner(path, unseen)


def crypto_policy(policy: CryptoPolicy, effective: Mapping[str, str]) -> SshdCryptoPolicy | Absent:
    """Where sshd leaves the system-wide policy. Keywords that this sshd does not print are left out."""
    if isinstance(policy.openssh, Absent):
        return policy.openssh
    departures = tuple(
        f"{name} is {effective[name]}"[:300]
        for name, value in sorted(policy.openssh.items())
        if name in effective and effective[name].split(",") != value.split(",")
    )
    return SshdCryptoPolicy(policy.current, policy.configured, departures)
