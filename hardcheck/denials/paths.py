"""Which path a refusal is about, from what the event has; never a guess.

In this order: the refusal's own full path; the PATH record of the same inode; the one that is not a
PARENT and ends with the refusal's name; a relative name joined to the working directory.
"""

from __future__ import annotations

import posixpath
import re

from hardcheck.denials.fields import number
from hardcheck.denials.joined import Joined
from hardcheck.denials.model import PathItem

_PSEUDO = re.compile(r"(?:pipe|socket|anon_inode|net|mnt|uts|ipc|pid|user|cgroup|time):|/memfd:|/dev/zero ")


def object_path(path: str, name: str, inode: str, joined: Joined) -> tuple[str, str]:
    """The full path and how it is known (`model.Denial.path_from`); two empty texts for none."""
    own = path or joined.avc_path
    if own:
        return (own, "record") if own.startswith("/") or _PSEUDO.match(own) else _at(own, joined, "record")
    wanted = number(inode) if inode else None
    if wanted is not None:
        same = next((item for item in joined.paths if item.inode == wanted and item.name), None)
        if same is not None:
            return _at(same.name, joined, "inode")
    if name:
        fitting = next((item for item in joined.paths if _ends_with(item, name)), None)
        if fitting is not None:
            return _at(fitting.name, joined, "name")
    return "", ""


def _ends_with(item: PathItem, name: str) -> bool:
    return item.nametype != "PARENT" and posixpath.basename(item.name.rstrip("/")) == name.rstrip("/")


def _at(name: str, joined: Joined, how: str) -> tuple[str, str]:
    """An absolute name as it is; a relative one under the working directory, where that is known."""
    if name.startswith("/"):
        return name, how
    if joined.cwd.startswith("/"):
        return posixpath.normpath(posixpath.join(joined.cwd, name)), "cwd"
    return "", ""
