"""The system-wide policy for cryptography: crypto-policies(7), of the RHEL family, Fedora and newer SUSE."""

from __future__ import annotations

from hardcheck.collect.base import KIB, FileSource, TreeSource

SOURCES = (
    TreeSource(
        "crypto.policy", ("/etc/crypto-policies/config", "/etc/crypto-policies/state/current"), max_files=4
    ),
    # A link to the text of the policy in force, below /usr/share or of the host's own making.
    FileSource("crypto.openssh", "/etc/crypto-policies/back-ends/opensshserver.config", max_bytes=16 * KIB),
)
