"""Who may change a file, as far as mode bits tell."""

from __future__ import annotations

import msgspec


class OwnedFile(msgspec.Struct, frozen=True):
    """A file or folder with its owner; ``mode`` are the permission bits in octal text (``0644``)."""

    path: str
    mode: str
    uid: int
    gid: int

    @property
    def root_only(self) -> bool:
        """Whether only root may change it: owned by root, not writable by others, and by its group
        only where that is root's."""
        bits = int(self.mode, 8)
        return self.uid == 0 and not bits & 0o002 and (not bits & 0o020 or self.gid == 0)

    @property
    def hidden(self) -> bool:
        """Whether others than its owner and root's group cannot read it."""
        bits = int(self.mode, 8)
        return self.uid == 0 and not bits & 0o006 and (not bits & 0o060 or self.gid == 0)

    @property
    def shown(self) -> str:
        """``PATH (mode 0666, uid 0, gid 0)`` for people."""
        return f"{self.path} (mode {self.mode}, uid {self.uid}, gid {self.gid})"
