"""Labels of files as GNU find prints them: ``LABEL<TAB>KIND<TAB>MODE<TAB>UID<TAB>GID<TAB>PATH``::

    system_u:object_r:shadow_t:s0\tf\t640\t0\t42\t/etc/shadow

A line ``unprintable`` stands for a name with control bytes.
"""

from __future__ import annotations

import re

from hardcheck.errors import ParseError
from hardcheck.evidence import HostEvidence
from hardcheck.facts import Absent
from hardcheck.facts.labels import FileLabel, FileLabels
from hardcheck.parse.fragment_lines import is_absent, not_present

_LINE = re.compile(r"([^\t]+)\t([a-zA-Z?])\t([0-7]{1,4})\t([0-9]{1,10})\t([0-9]{1,10})\t(/.*)")


def parse_file_labels(host: HostEvidence) -> FileLabels | Absent:
    """The labels of the bounded set of paths, by path."""
    return _labels(host, "labels.files")


def parse_device_labels(host: HostEvidence) -> FileLabels | Absent:
    """Device files whose label is the one for unknown devices or for nothing."""
    return _labels(host, "labels.devices")


def _labels(host: HostEvidence, key: str) -> FileLabels | Absent:
    evidence = host.get(key)
    if is_absent(evidence):
        return not_present(evidence, "SELinux is off: files have no labels in force")
    files: dict[str, FileLabel] = {}
    unprintable = 0
    for where, line in evidence.lines():
        if line == "unprintable":
            unprintable += 1
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise ParseError(where, "LABEL, KIND, MODE, UID, GID and PATH between tabs", repr(line[:80]))
        label, kind, mode, uid, gid, path = match.groups()
        files[path] = FileLabel(path, kind, label, mode, int(uid), int(gid))
    return FileLabels(tuple(files[path] for path in sorted(files)), unprintable)
