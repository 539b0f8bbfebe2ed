"""Labels of files as GNU find prints them: ``LABEL<TAB>KIND<TAB>MODE<TAB>UID<TAB>GID<TAB>PATH``::

    system_u:object_r:shadow_t:s0\tf\t640\t0\t42\t/etc/shadow

A line ``unprintable`` stands for a name with control bytes. Device files with a label for the unknown come
first, up to ``devices-seen``; ``LABEL<TAB>PID/exe`` is of a process (see `hardcheck.parse.proc`).
"""

from __future__ import annotations

import re

from hardcheck.errors import ParseError
from hardcheck.evidence import HostEvidence
from hardcheck.facts import Absent
from hardcheck.facts.labels import FileLabel, FileLabels
from hardcheck.parse.fragment_lines import is_absent, not_present

KEY = "labels.files"
_PROGRAM = re.compile(r"[^\t]*\t[0-9]{1,10}/exe")
_LINE = re.compile(r"([^\t]+)\t([a-zA-Z?])\t([0-7]{1,4})\t([0-9]{1,10})\t([0-9]{1,10})\t(/.*)")


def parse_file_labels(host: HostEvidence) -> FileLabels | Absent:
    """The labels of the bounded set of paths, by path.

    Raises:
        ParseError: a line of another form.
    """
    return _labels(host, devices=False)


def parse_device_labels(host: HostEvidence) -> FileLabels | Absent:
    """Device files whose label is the one for unknown devices or for nothing.

    Raises:
        ParseError: a line of another form, or the end of the devices is missing.
    """
    return _labels(host, devices=True)


def _labels(host: HostEvidence, *, devices: bool) -> FileLabels | Absent:
    evidence = host.get(KEY)
    if is_absent(evidence):
        return not_present(evidence, "SELinux is off or has no policy: files have no labels in force")
    files: dict[str, FileLabel] = {}
    unprintable = 0
    among_devices = True
    for where, line in evidence.lines():
        if line == "devices-seen":
            among_devices = False
        elif line == "unprintable":
            unprintable += among_devices is devices
        elif not _PROGRAM.fullmatch(line):
            label = _label(where, line)
            if among_devices is devices:
                files[label.path] = label
    if among_devices:
        raise ParseError(evidence.key, "the line devices-seen", "none")
    return FileLabels(tuple(files[path] for path in sorted(files)), unprintable)


def _label(where: str, line: str) -> FileLabel:
    match = _LINE.fullmatch(line)
    if match is None:
        raise ParseError(where, "LABEL, KIND, MODE, UID, GID and PATH between tabs", repr(line[:80]))
    label, kind, mode, uid, gid, path = match.groups()
    return FileLabel(path, kind, label, mode, int(uid), int(gid))
