"""The form of the danger list: an entry, and the clauses that say where it shows.

Names of types are those of the reference policy and of Fedora's; ``*`` at one end stands for any text.
``@read`` ``@write`` ``@execute`` are the sets of permissions and mask letters of `WORDS`. Paths are AppArmor
patterns and hold for both frameworks.
"""

from __future__ import annotations

import msgspec

WORDS: dict[str, frozenset[str]] = {
    "@read": frozenset({"read", "open", "map", "ioctl", "r", "m"}),
    "@write": frozenset(
        [
            "write",
            "append",
            "create",
            "unlink",
            "rename",
            "link",
            "setattr",
            "relabelto",
            "relabelfrom",
            "add_name",
            "remove_name",
            "rmdir",
            "reparent",
            "mounton",
            "w",
            "a",
            "c",
            "d",
            "l",
        ]
    ),
    "@execute": frozenset({"execute", "execute_no_trans", "entrypoint", "x"}),
}


class SelinuxClause(msgspec.Struct, frozen=True):
    """All that is given has to fit; an empty tuple fits anything. ``across``: source and target differ;
    ``shells``: only a service that the network reaches counts."""

    target: tuple[str, ...] = ()
    class_: tuple[str, ...] = ()
    permission: tuple[str, ...] = ()
    across: bool = False
    apart: bool = False
    shells: bool = False


class ApparmorClause(msgspec.Struct, frozen=True):
    """Kinds of rules, with names (capabilities, targets) and words; an empty tuple fits anything."""

    kind: tuple[str, ...]
    name: tuple[str, ...] = ()
    across: bool = False


class PathClause(msgspec.Struct, frozen=True):
    """Paths and what is done to them; an empty ``access`` is anything at all."""

    paths: tuple[str, ...]
    access: tuple[str, ...] = ()
    shells: bool = False


class Danger(msgspec.Struct, frozen=True):
    """One entry. ``relabel``: a wrong label may be put right all the same, since that opens nothing."""

    id: str
    title: str
    why: str
    selinux: tuple[SelinuxClause, ...] = ()
    apparmor: tuple[ApparmorClause, ...] = ()
    paths: tuple[PathClause, ...] = ()
    relabel: bool = False


FILES = ("file", "dir", "lnk_file", "sock_file", "fifo_file")
WRITE = ("@write",)
