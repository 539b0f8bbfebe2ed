"""namespace.conf(5): the folders of which pam_namespace gives each login an instance::

    # POLYDIR INSTANCE_PREFIX METHOD LIST_OF_UIDS
    /tmp     /tmp/tmp-inst/     level  root,adm
    /var/tmp /var/tmp/tmp-inst/ user   ~alice

The files of namespace.d are read behind it. ``$HOME`` and ``$USER`` stay as written.
"""

from __future__ import annotations

import posixpath

from hardcheck.evidence import HostEvidence
from hardcheck.facts import Absent
from hardcheck.facts.pam import PolyDir
from hardcheck.parse.ini_lines import unread
from hardcheck.parse.tree_files import tree_files

KEY = "pam.namespace_conf"


def parse_namespace_conf(host: HostEvidence) -> tuple[PolyDir, ...] | Absent:
    """Every line of the files; those of /etc hide files of the same name below /usr. Raises ParseError for
    the listing."""
    files = tree_files(host, KEY)
    if isinstance(files, Absent):
        return files
    missing = unread(files)
    if missing is not None:
        return missing
    found: list[PolyDir] = []
    seen: set[str] = set()
    for file in files:  # /etc sorts before /usr
        name = file.path.partition("/security/")[2]
        if name in seen or isinstance(file.content, Absent):
            continue
        seen.add(name)
        for number, (_, line) in enumerate(file.content.lines(), start=1):
            fields = line.partition("#")[0].split()
            if len(fields) >= 3:
                path = posixpath.normpath(fields[0]) if fields[0].startswith("/") else fields[0]
                exempt = fields[3] if len(fields) > 3 else ""
                found.append(PolyDir(path, fields[2], exempt, f"{file.path}:{number}"))
    return tuple(found)
