"""Bundles of one recorded host under several policies, for the measurements.

``recorded.json`` is what a Debian 12 host with two PHP sites, nginx, sshd, dhclient and a service of its own
sent, kernel threads and comments left out: text by evidence key. Debian's policies come from the corpora. The
policy of Fedora's size has other types, so each type of the recording stands for one of it, always the same.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from pathlib import Path

import msgspec

from benchmarks.policy.fedora_size import DOMAINS, FILES
from hardcheck.evidence import Evidence, HostEvidence
from hardcheck.evidence.bundle import read_bundle
from hardcheck.evidence.listing import TreeEntry, format_listing
from hardcheck.evidence.model import HostIdentity, Privilege

RECORDED = Path(__file__).with_name("recorded.json")
CONTEXTS = "selinux.file_contexts"
FOLDER = "/etc/selinux/default/contexts/files"
_CONTEXT = re.compile(r"\b\w+_u:(?P<role>\w+_r):(?P<type>\w+)(?::[sc0-9:.,-]+)?")
_BOOLEAN = re.compile(r"^booleans/.*\n", re.MULTILINE)


def recorded_host(
    name: str, policy: bytes, file_contexts: dict[str, bytes], *, foreign: bool
) -> HostEvidence:
    """The recorded host with a policy and its file_contexts by base name. ``foreign``: the types of the
    recording are not those of the policy and are replaced."""
    texts: dict[str, str] = json.loads(RECORDED.read_text())
    contents = {key: text.encode() for key, text in texts.items()}
    members = {f"{CONTEXTS}:{FOLDER}/{base}": content for base, content in file_contexts.items()}
    if foreign:
        texts["selinux.kernel"] = _BOOLEAN.sub("", texts["selinux.kernel"])
        contents = {key: translated(text).encode() for key, text in texts.items()}
        members = {key: translated(content.decode()).encode() for key, content in members.items()}
    entries = [_entry(key.partition(":")[2], content) for key, content in sorted(members.items())]
    contents |= members | {"selinux.policy": policy, CONTEXTS: format_listing(entries)}
    items = {key: Evidence(key, key, content) for key, content in contents.items()}
    identity = HostIdentity(name)
    when = "2026-11-21T12:00:00Z"
    return HostEvidence(identity, when, when, "0", "0" * 64, Privilege.ROOT, items)


def translated(text: str) -> str:
    """A text with each SELinux context replaced by one of the policy of Fedora's size."""
    return _CONTEXT.sub(_translated, text)


def _translated(context: re.Match[str]) -> str:
    number = zlib.crc32(context["type"].encode())
    if context["role"] == "object_r":
        return f"system_u:object_r:file{number % FILES}_t:s0"
    return f"system_u:system_r:domain{number % DOMAINS}_t:s0"


def _entry(path: str, content: bytes) -> TreeEntry:
    return TreeEntry("f", path, 0o644, 0, 0, len(content), hashlib.sha256(content).hexdigest())


class Recorded(msgspec.Struct, frozen=True):
    """A host of a fleet whose evidence is that of a bundle, read when it is its turn."""

    name: str
    bundle: Path

    def __call__(self) -> HostEvidence:
        return msgspec.structs.replace(read_bundle(self.bundle), host=HostIdentity(self.name))
