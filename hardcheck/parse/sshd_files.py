"""Files about the SSH server: owners and modes, banners, and the system-wide policy for cryptography.

The policy for sshd is a file of ``Keyword value`` lines since RHEL 9; /etc/crypto-policies/config names what
the next ``update-crypto-policies`` sets, state/current what is in force::

    Ciphers aes256-gcm@openssh.com,chacha20-poly1305@openssh.com
    MACs hmac-sha2-256-etm@openssh.com
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from hardcheck.errors import ParseError
from hardcheck.evidence import HostEvidence, Reason, parse_listing
from hardcheck.facts import Absent
from hardcheck.facts.files import OwnedFile
from hardcheck.facts.sshd import CryptoPolicy
from hardcheck.parse.base import absent
from hardcheck.parse.tree_files import tree_files

CONFIG, KEYS, BANNERS = "sshd.files", "sshd.host_keys", "sshd.banners"
POLICY, OPENSSH = "crypto.policy", "crypto.openssh"
_OWNER = re.compile(r"owner ([0-7]{1,4}) ([0-9]{1,10}) ([0-9]{1,10}) (/.*)")
_KEYWORD = re.compile(r"(?P<name>[A-Za-z0-9]+)\s+(?P<value>\S.*)")


def parse_sshd_config_files(host: HostEvidence) -> tuple[OwnedFile, ...] | Absent:
    """Owners and modes of sshd_config and its drop-ins, links apart. Raises ParseError for the listing."""
    listing = host.get(CONFIG)
    if listing.reason is not None:
        return absent(listing)
    found = []
    for entry in parse_listing(listing):
        if entry.kind == "l":
            continue
        if entry.mode is None or entry.uid is None or entry.gid is None:
            return Absent(Reason.DENIED, (CONFIG,), f"owner and mode of {entry.path} could not be read"[:300])
        found.append(OwnedFile(entry.path, f"{entry.mode:04o}", entry.uid, entry.gid))
    return tuple(found)


def parse_host_keys(host: HostEvidence) -> tuple[OwnedFile, ...]:
    """Owners and modes of the host keys, public and private.

    Raises:
        ParseError: a line of another form, or an answer that breaks off.
    """
    lines = list(host.get(KEYS).lines())
    if not lines or lines[-1][1] != "end":
        raise ParseError(KEYS, "'end'", "an answer that breaks off")
    found = []
    for where, line in lines[:-1]:
        match = _OWNER.fullmatch(line)
        if match is None:
            raise ParseError(where, "'owner MODE UID GID PATH'", repr(line[:80]))
        found.append(OwnedFile(match[4], f"{int(match[1], 8):04o}", int(match[2]), int(match[3])))
    return tuple(found)


def parse_banner_files(host: HostEvidence) -> Mapping[str, bool] | Absent:
    """File that usually holds a banner to whether it has any text. Raises ParseError for the listing."""
    files = tree_files(host, BANNERS)
    if isinstance(files, Absent):
        return files
    return {
        file.path: bool(file.content.content.strip())
        for file in files
        if not isinstance(file.content, Absent)
    }


def parse_crypto_policy(host: HostEvidence) -> CryptoPolicy | Absent:
    """The system-wide policy; Absent(NOT_PRESENT) on a host without one.

    Raises:
        ParseError: the listing has another form.
    """
    files = tree_files(host, POLICY)
    if isinstance(files, Absent):
        return files
    names: dict[str, str] = {}
    for file in files:
        if isinstance(file.content, Absent):
            return file.content
        words = [line.partition("#")[0].strip() for _, line in file.content.lines()]
        names[file.path.rpartition("/")[2]] = next((word for word in words if word), "")
    if not names:
        return Absent(Reason.NOT_PRESENT, (POLICY,), "the host has no system-wide policy for cryptography")
    return CryptoPolicy(names.get("current", ""), names.get("config", ""), _openssh(host))


def _openssh(host: HostEvidence) -> Mapping[str, str] | Absent:
    evidence = host.get(OPENSSH)
    if evidence.reason is not None:
        return absent(evidence)
    found = {}
    for _, line in evidence.lines():
        match = _KEYWORD.fullmatch(line.strip())
        if match is not None:
            found[match["name"].lower()] = match["value"].strip()
    if not found:  # RHEL 8: options for the command line, which sshd -T does not show
        return Absent(Reason.UNPARSABLE, (OPENSSH,), "the policy for sshd is not a list of keywords")
    return found
