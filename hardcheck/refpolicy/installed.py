"""Where distributions install interface files, and whether a folder is such a tree."""

from __future__ import annotations

from pathlib import Path

INSTALLED = (
    "/usr/share/selinux/devel/include",
    "/usr/share/selinux/default/include",
    "/usr/share/selinux/targeted/include",
    "/usr/share/selinux/mls/include",
)
"""Where distributions install the tree."""


def installed_folder() -> Path | None:
    """Where this machine has interface files; None where it has none."""
    return next((Path(folder) for folder in INSTALLED if holds_interfaces(Path(folder))), None)


def holds_interfaces(folder: Path) -> bool:
    """Whether a folder is such a tree."""
    return next(folder.glob("*/*.if"), None) is not None and (folder / "support").is_dir()
