"""What a question is asked of: a policy, and where there is one the host that runs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from hardcheck.access import AccessPolicy
from hardcheck.facts import Absent
from hardcheck.facts.labels import FileLabel
from hardcheck.facts.processes import Process
from hardcheck.reasons import Reason

NO_HOST = Absent(Reason.NOT_COLLECTED, (), "a policy alone has no processes and no files")


def no_label(path: str, kind: str) -> str:
    """Of a framework without labels."""
    return ""


class World(msgspec.Struct, frozen=True):
    """A policy to ask, and what is known of the host around it.

    ``where`` is the host's or the file's name. ``labels`` are SELinux labels on disk by path;
    ``label_of`` gives the one that file_contexts wants a path of a kind to have, or "".
    """

    framework: str
    policy: AccessPolicy
    where: str
    processes: tuple[Process, ...] | Absent = NO_HOST
    labels: Mapping[str, FileLabel] | Absent = NO_HOST
    label_of: Callable[[str, str], str] = no_label


def labels_by_path(labels: Any) -> Mapping[str, FileLabel] | Absent:
    """The fact ``labels.files`` as a table; what is Absent stays so."""
    return labels if isinstance(labels, Absent) else {label.path: label for label in labels.files}
