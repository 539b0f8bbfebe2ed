"""Labels of files set beside what the configured policy's file_contexts says of them."""

from __future__ import annotations

from functools import lru_cache

from hardcheck.errors import PolicyError
from hardcheck.evidence import HostEvidence, Reason
from hardcheck.facts import Absent
from hardcheck.facts.labels import FileLabel
from hardcheck.facts.selinux import LabelCheck, context_type
from hardcheck.parse.base import absent
from hardcheck.parse.file_labels import KEY, parse_file_labels
from hardcheck.parse.seusers import CONTEXTS, parse_customizable_types, policy_file
from hardcheck.selinux.file_contexts import NAMES, FileContexts

FILE_CONTEXTS = "selinux.file_contexts"
KEYS = (KEY, FILE_CONTEXTS, CONTEXTS, "selinux.config")
_MOST_POLICIES = 6
_KINDS = {
    "f": "file",
    "d": "dir",
    "l": "lnk_file",
    "s": "sock_file",
    "p": "fifo_file",
    "c": "chr_file",
    "b": "blk_file",
}


def parse_label_checks(host: HostEvidence) -> tuple[LabelCheck, ...] | Absent:
    """Every path that was looked at with the label that it should have, by path.

    Raises:
        PolicyError: file_contexts has a line of another form.
    """
    labels = parse_file_labels(host)
    if isinstance(labels, Absent):
        return labels
    customizable = parse_customizable_types(host)
    if isinstance(customizable, Absent):
        return customizable
    contexts = read_file_contexts(host)
    if isinstance(contexts, Absent):
        return contexts
    return tuple(_check(contexts, label, customizable) for label in labels.files)


def read_file_contexts(host: HostEvidence) -> FileContexts | Absent:
    """The configured policy's file_contexts with what stands beside it.

    Raises:
        PolicyError: a line of another form.
    """
    files = {}
    for name in NAMES:
        member = policy_file(host, FILE_CONTEXTS, f"contexts/files/{name}")
        if isinstance(member, Absent):
            if member.reason is not Reason.NOT_PRESENT or name == NAMES[0]:
                return member
            continue
        files[name] = member.content
    listing = host.get(FILE_CONTEXTS)
    if listing.reason is not None:
        return absent(listing)
    return _read(tuple(files.items()))


@lru_cache(maxsize=_MOST_POLICIES)
def _read(files: tuple[tuple[str, bytes], ...]) -> FileContexts:
    """Hosts with the same files share what is made of them."""
    return FileContexts.from_files(dict(files))


def _check(contexts: FileContexts, label: FileLabel, customizable: frozenset[str]) -> LabelCheck:
    expected: str | Absent
    try:
        expected = contexts.match(label.path, _KINDS.get(label.kind, "")) or ""
    except PolicyError as error:
        expected = Absent(Reason.UNPARSABLE, (FILE_CONTEXTS,), str(error))
    return LabelCheck(
        label.path, label.kind, label.label, expected, context_type(label.label) in customizable
    )
